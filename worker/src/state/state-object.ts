import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env";
import type { LockInfo } from "../lock-info";
import { notConfigured, type Outcome, outcome } from "../problem";
import { settings } from "../settings";
import type { AuditEntry } from "./audit-chain";
import { Backup, type BackupResult } from "./backup";
import { CurrentObject } from "./current-object";
import type { Overridable } from "./guard";
import { History, type ListedVersion, noSuchVersion, type Retention } from "./history";
import { type StateRef, s3LockKey } from "./keys";
import { Ledger } from "./ledger";
import { type Caller, type LockStatus, Locks } from "./locks";
import { Mutex } from "./mutex";
import { Overrides } from "./overrides";
import { Reads, type StoredVersion } from "./reads";
import type { Freeze, OverrideRecord, Report, VersionRecord } from "./records";
import { S3Lock } from "./s3-lock";
import { type WriteRequest, Writes } from "./writes";

/** What the lists of states and locks show. */
export interface StateSummary {
  readonly ref: StateRef;
  readonly version: VersionRecord | null;
  readonly versions: number;
  readonly lock: LockStatus | null;
  readonly freeze: Freeze | null;
  readonly encryption: "auto" | "required";
  readonly conflict: boolean;
}

/** What an admin may set for one state. */
export interface Policy {
  readonly encryption?: "auto" | "required";
  readonly keep?: { readonly versions?: number; readonly days?: number };
}

/** What a state is worked on with. */
interface Parts {
  readonly current: CurrentObject;
  readonly locks: Locks;
  readonly overrides: Overrides;
  readonly reads: Reads;
  readonly writes: Writes;
  readonly history: History;
}

const repairDelayMs = 30_000;
/** While a lock is held, so that a crash at its end is repaired soon. */
const lockedIntervalMs = 5 * 60 * 1000;
const sweepIntervalMs = 24 * 60 * 60 * 1000;

/**
 * The one owner of one state: its lock, its versions and the pointer to the current one. Each change is a synchronous
 * transaction in its SQLite; R2 holds the bytes. Nothing else writes there, except S3 clients, which are reconciled.
 */
export class StateObject extends DurableObject<Env> {
  readonly #mutex = new Mutex();
  readonly #ledger: Ledger;
  /** When the alarm is set for; null where the storage has to be asked. */
  #wakesAt: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#ledger = new Ledger(ctx.storage);
  }

  lock(ref: StateRef, caller: Caller, body: string): Promise<Outcome<LockInfo>> {
    return this.#change(ref, ({ locks }) => locks.take(caller, body));
  }

  unlock(ref: StateRef, caller: Caller, body: string): Promise<Outcome<void>> {
    return this.#change(ref, ({ locks }) => locks.release(caller, body));
  }

  lockStatus(ref: StateRef): Promise<Outcome<LockStatus | null>> {
    return outcome(() => this.#parts(ref).locks.status());
  }

  async read(ref: StateRef, again: boolean): Promise<Outcome<StoredVersion | null>> {
    const stored = await outcome(() => this.#parts(ref).reads.currentVersion(again));
    // A state may turn up, or get into conflict, by what an S3 client wrote.
    const known = stored.ok ? stored.value : this.#ledger.get("conflict");
    if (known && this.#news()) {
      await this.#wakeWithin(repairDelayMs, ref);
      this.#introduce(ref);
    }
    return stored;
  }

  write(
    ref: StateRef,
    caller: Caller,
    request: WriteRequest,
    body: ReadableStream<Uint8Array>,
  ): Promise<Outcome<VersionRecord>> {
    return outcome(async () => {
      // Under a lock an alarm is set already.
      if (request.lockId === null) await this.#wakeWithin(repairDelayMs, ref);
      const version = await this.#parts(ref).writes.write(caller, request, body);
      this.#introduce(ref);
      return version;
    });
  }

  remove(ref: StateRef, caller: Caller, lockId: string | null): Promise<Outcome<void>> {
    return this.#change(ref, ({ writes }) => writes.remove(caller, lockId));
  }

  versions(
    ref: StateRef,
    limit: number,
    before: string | null,
    all: boolean,
  ): Promise<Outcome<ListedVersion[]>> {
    return outcome(async () => this.#parts(ref).history.list(limit, before, all));
  }

  version(ref: StateRef, id: string): Promise<Outcome<StoredVersion>> {
    return outcome(async () => this.#parts(ref).reads.stored(this.#version(ref, id)));
  }

  restore(ref: StateRef, caller: Caller, id: string, lockId: string | null): Promise<Outcome<VersionRecord>> {
    return this.#change(ref, ({ writes }) => writes.restore(caller, id, lockId));
  }

  pin(ref: StateRef, caller: Caller, id: string, pinned: boolean): Promise<Outcome<void>> {
    return this.#change(ref, async () => {
      this.#version(ref, id);
      this.#ledger.atomically(() => {
        this.#ledger.pin(id, pinned);
        this.#ledger.audit.append(caller.id, pinned ? "pin" : "unpin", { version: id });
      });
    });
  }

  freeze(
    ref: StateRef,
    caller: Caller,
    reason: string,
    seconds: number | null,
    lock: string | undefined,
  ): Promise<Outcome<Freeze>> {
    return this.#change(ref, ({ locks }) => locks.freeze(caller, reason, seconds, lock));
  }

  thaw(ref: StateRef, caller: Caller): Promise<Outcome<void>> {
    return this.#change(ref, ({ locks }) => locks.thaw(caller));
  }

  override(
    ref: StateRef,
    caller: Caller,
    allow: readonly Overridable[],
    reason: string,
    seconds: number,
  ): Promise<Outcome<OverrideRecord>> {
    return this.#change(ref, async ({ overrides }) => overrides.grant(caller, allow, reason, seconds));
  }

  setPolicy(ref: StateRef, caller: Caller, policy: Policy): Promise<Outcome<Policy>> {
    return this.#change(ref, async () =>
      this.#ledger.atomically(() => {
        if (policy.encryption) this.#ledger.set("encryption", policy.encryption);
        if (policy.keep) this.#ledger.set("keep", policy.keep);
        this.#ledger.audit.append(caller.id, "set_policy", { ...policy });
        return { encryption: this.#ledger.get("encryption"), keep: this.#ledger.get("keep") };
      }),
    );
  }

  async audit(after: number, limit: number): Promise<AuditEntry[]> {
    return this.#ledger.audit.entries(after, limit);
  }

  async newestAudit(limit: number): Promise<AuditEntry[]> {
    const { seq } = this.#ledger.audit.head();
    return this.#ledger.audit.entries(Math.max(0, seq - limit), limit).reverse();
  }

  summary(ref: StateRef): Promise<Outcome<StateSummary>> {
    return outcome(async () => {
      const { locks } = this.#parts(ref);
      return {
        ref,
        version: this.#ledger.current(),
        versions: this.#ledger.countVersions(),
        lock: await locks.status(),
        freeze: locks.activeFreeze(new Date()),
        encryption: this.#ledger.get("encryption"),
        conflict: this.#ledger.get("conflict") !== null,
      };
    });
  }

  sweep(ref: StateRef): Promise<Outcome<number>> {
    return outcome(() =>
      this.#mutex.run(async () => this.#parts(ref).history.sweep(this.#retention(), new Date())),
    );
  }

  backUp(ref: StateRef): Promise<Outcome<BackupResult>> {
    return this.#change(ref, async ({ reads, current }) => {
      await current.reconcile();
      const version = this.#ledger.current();
      return this.#backup(ref).copy(version && reads.stored(version));
    });
  }

  restoreBackup(ref: StateRef, caller: Caller): Promise<Outcome<VersionRecord>> {
    return this.#change(ref, ({ writes, current }) =>
      writes.bringBack(caller, () => this.#backup(ref).fetch(current, caller.id)),
    );
  }

  /** Repairs what the last requests left half done; once a day, lets retention take what it may. */
  override async alarm(): Promise<void> {
    this.#wakesAt = Number.POSITIVE_INFINITY; // the one that fired is gone; a request that comes in between sets its own
    const ref = this.#ledger.get("ref");
    if (ref === null) return;
    await this.#mutex.run(async () => {
      const { current, locks, history } = this.#parts(ref);
      const repaired = await outcome(async () => {
        // A conflict waits for a person, not for the next alarm.
        if (!current.upToDate && this.#ledger.get("conflict") === null) await current.reconcile();
        await locks.settleS3Lock();
        await this.#report(ref);
      });
      if (repaired.ok) await outcome(async () => history.sweep(this.#retention(), new Date()));
      const ends = locks.activeFreeze(new Date())?.expiresAt;
      const freezeEnds = ends ? Date.parse(ends) - Date.now() + 1000 : sweepIntervalMs;
      const calm = this.#ledger.holder() ? lockedIntervalMs : Math.min(sweepIntervalMs, freezeEnds);
      await this.#wakeWithin(repaired.ok ? calm : repairDelayMs, ref);
    });
  }

  /** Runs one change at a time, and tidies up after it as far as R2 lets us; the rest is left to the alarm. */
  #change<T>(ref: StateRef, work: (parts: Parts) => Promise<T>): Promise<Outcome<T>> {
    return this.#mutex.run(async () => {
      const parts = this.#parts(ref);
      const result = await outcome(() => work(parts));
      // After the work, so that both are flushed to disk at once.
      await this.#wakeWithin(repairDelayMs, ref);
      const tidied = await outcome(async () => {
        // The lock file stays until an S3 client would read what we committed.
        if (!parts.current.upToDate) await parts.current.reconcile();
        if (result.ok) await parts.locks.settleS3Lock();
      });
      if (tidied.ok && result.ok) this.#introduce(ref);
      return result;
    });
  }

  #parts(ref: StateRef): Parts {
    const bucket = this.env.BUCKET;
    const ledger = this.#ledger;
    const current = new CurrentObject(bucket, ledger, ref);
    const locks = new Locks(ledger, new S3Lock(bucket, s3LockKey(ref)), current);
    const overrides = new Overrides(ledger);
    const { encryptionRequired } = settings(this.env);
    return {
      current,
      locks,
      overrides,
      reads: new Reads(ledger, current, this.#mutex, ref),
      writes: new Writes(bucket, ledger, locks, current, overrides, this.#mutex, ref, encryptionRequired),
      history: new History(bucket, ledger, ref),
    };
  }

  /** @throws Refusal 404 where there is no such version */
  #version(ref: StateRef, id: string): VersionRecord {
    const version = this.#ledger.version(id);
    if (version === null) throw noSuchVersion(ref, id);
    return version;
  }

  #backup(ref: StateRef): Backup {
    return new Backup(this.env.BUCKET, this.env.BACKUP, this.#ledger, ref);
  }

  /** @throws Refusal where the settings cannot be read: nothing is deleted on a guess */
  #retention(): Retention {
    const { keep, defects } = settings(this.env);
    if (defects.length > 0) throw notConfigured(defects);
    return { ...keep, ...this.#ledger.get("keep") };
  }

  async #wakeWithin(delayMs: number, ref: StateRef): Promise<void> {
    if (this.#ledger.get("ref") === null) this.#ledger.set("ref", ref);
    const at = Date.now() + delayMs;
    this.#wakesAt ??= (await this.ctx.storage.getAlarm()) ?? Number.POSITIVE_INFINITY;
    if (this.#wakesAt > at) await this.ctx.storage.setAlarm(at);
    this.#wakesAt = Math.min(this.#wakesAt, at);
  }

  /** What the Directory does not know yet, or null. */
  #news(): Report | null {
    const [report, reported] = [this.#ledger.report(), this.#ledger.get("reported")];
    const same = report.lockedSince === reported?.lockedSince && report.conflict === reported.conflict;
    return same ? null : report;
  }

  /** Tells the Directory at once that there is this state; what changes later is told by the alarm, for several requests at once. */
  #introduce(ref: StateRef): void {
    if (this.#ledger.get("reported")) return;
    // Nothing depends on it but the lists, so a failure waits for the alarm.
    const told = this.#report(ref).catch((error: unknown) => console.warn(`directory: ${error}`));
    this.ctx.waitUntil(told);
  }

  async #report(ref: StateRef): Promise<void> {
    const news = this.#news();
    if (news === null) return;
    await this.env.DIRECTORY.getByName("directory").report(ref, news);
    this.#ledger.set("reported", news);
  }
}
