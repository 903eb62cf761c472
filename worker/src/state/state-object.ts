import { DurableObject } from "cloudflare:workers";
import type { LockInfo } from "../../../domain/lock-info";
import type { StateRef } from "../../../domain/state-objects";
import type { Directory } from "../directory/directory";
import { type Outcome, outcome, Refusal } from "../errors/refusal";
import { objectsOf } from "../objects";
import { type SettingsEnvironment, settings } from "../settings";
import type { AuditEntry } from "../sqlite/audit-chain";
import type { BackupResult, CopiesPage } from "./backup";
import type { Caller } from "./caller";
import { DirectoryReport } from "./directory-report";
import type { FreezeProps } from "./freezes";
import type { ListedVersion, ListProps, Retention, Swept, VersionChanges } from "./history";
import { Ledger } from "./ledger/ledger";
import type { Freeze, OverrideRecord, VersionRecord } from "./ledger/records";
import type { LockStatus } from "./locks";
import { Mutex, settleAll } from "./mutex";
import type { OverrideProps } from "./overrides";
import type { RestoredCopy } from "./pointer";
import { stateContext } from "./state-context";
import { type StateParts, stateParts } from "./state-parts";
import type { StoredVersion } from "./version-objects";
import { WakeUp } from "./wake-up";
import type { WriteRequest } from "./writes";

/** The variables and bindings of the Worker that a state's Durable Object uses. */
export interface StateEnvironment extends SettingsEnvironment {
  readonly BUCKET: R2Bucket;
  readonly BACKUP?: R2Bucket;
  readonly DIRECTORY: DurableObjectNamespace<Directory>;
}

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

const repairDelayMs = 30_000;
/** While a lock is held, so that a crash at its end is repaired soon. */
const lockedIntervalMs = 5 * 60 * 1000;
/** While more is to be stored than an alarm does at once. */
const nextBatchMs = 1000;
const sweepIntervalMs = 24 * 60 * 60 * 1000;

/**
 * The one owner of one state: its lock, its versions and the pointer to the current one. Each change is a synchronous
 * transaction in its SQLite; R2 holds the bytes, where no S3 client is served some seconds later. Nothing else writes there, except S3 clients, which are reconciled.
 */
export class StateObject extends DurableObject<StateEnvironment> {
  readonly #mutex = new Mutex();
  readonly #ledger: Ledger;
  readonly #wakeUp: WakeUp;
  readonly #report: DirectoryReport;
  #known: StateParts | undefined;

  constructor(ctx: DurableObjectState, env: StateEnvironment) {
    super(ctx, env);
    this.#ledger = new Ledger(ctx.storage);
    this.#wakeUp = new WakeUp(ctx.storage);
    this.#report = new DirectoryReport(this.#ledger, () =>
      objectsOf(this.env.DIRECTORY, this.env).getByName("directory"),
    );
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

  /** @param again the caller found something else where it was told to look */
  async read(ref: StateRef, again: boolean): Promise<Outcome<StoredVersion | null>> {
    const stored = await outcome(() => this.#parts(ref).reads.currentVersion(again));
    // A state may turn up, or get into conflict, by what an S3 client wrote.
    const exists = stored.ok ? stored.value : this.#ledger.get("conflict");
    if (exists && this.#report.isDue) {
      await this.#wakeWithin(repairDelayMs, ref);
      this.#reportIfUnknown(ref);
    }
    return stored;
  }

  write(
    ref: StateRef,
    caller: Caller,
    request: WriteRequest,
    body: ReadableStream<Uint8Array> | Uint8Array,
  ): Promise<Outcome<VersionRecord>> {
    return outcome(async () => {
      // Under a lock an alarm is set already.
      if (request.lockId === null) await this.#wakeWithin(repairDelayMs, ref);
      const version = await this.#parts(ref).writes.write(caller, request, body);
      if (this.#ledger.unstored.has(version.id)) await this.#wakeWithin(repairDelayMs, ref);
      this.#reportIfUnknown(ref);
      return version;
    });
  }

  remove(ref: StateRef, caller: Caller, lockId: string | null): Promise<Outcome<void>> {
    return this.#change(ref, ({ pointer }) => pointer.remove(caller, lockId));
  }

  versions(ref: StateRef, props: ListProps): Promise<Outcome<ListedVersion[]>> {
    return outcome(async () => this.#parts(ref).history.list(props));
  }

  changes(ref: StateRef, id: string): Promise<Outcome<VersionChanges>> {
    return outcome(async () => this.#parts(ref).history.changes(id));
  }

  version(ref: StateRef, id: string): Promise<Outcome<StoredVersion>> {
    return outcome(async () => {
      const { history, objects } = this.#parts(ref);
      return objects.stored(history.find(id));
    });
  }

  restore(ref: StateRef, caller: Caller, id: string, lockId: string | null): Promise<Outcome<VersionRecord>> {
    return this.#change(ref, ({ pointer }) => pointer.restore(caller, id, lockId));
  }

  pin(ref: StateRef, caller: Caller, id: string, pinned: boolean): Promise<Outcome<void>> {
    return this.#change(ref, async ({ history }) => history.pin(caller.id, id, pinned));
  }

  freeze(ref: StateRef, caller: Caller, props: FreezeProps): Promise<Outcome<Freeze>> {
    const freeze = async ({ freezes, current, objects }: StateParts) => {
      // What an S3 client wrote before is adopted as ever. A bucket that does not answer keeps nobody from freezing.
      await outcome(() => current.reconcile());
      const stored = await outcome(() => objects.storeAll());
      if (stored.ok && !stored.value) await this.#wakeWithin(nextBatchMs, ref);
      return freezes.begin(caller, props);
    };
    return this.#change(ref, freeze, true);
  }

  unfreeze(ref: StateRef, caller: Caller): Promise<Outcome<void>> {
    return this.#change(ref, async ({ freezes }) => freezes.end(caller), true);
  }

  override(ref: StateRef, caller: Caller, props: OverrideProps): Promise<Outcome<OverrideRecord>> {
    return this.#change(ref, async ({ overrides }) => overrides.grant(caller, props));
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

  /** Oldest first, those after `after`. */
  async audit(after: number, limit: number): Promise<AuditEntry[]> {
    return this.#ledger.audit.entries(after, limit);
  }

  /** Newest first. */
  async newestAudit(limit: number): Promise<AuditEntry[]> {
    const { seq } = this.#ledger.audit.head();
    return this.#ledger.audit.entries(Math.max(0, seq - limit), limit).reverse();
  }

  summary(ref: StateRef): Promise<Outcome<StateSummary>> {
    return outcome(async () => {
      const { locks, freezes } = this.#parts(ref);
      return {
        ref,
        version: this.#ledger.current(),
        versions: this.#ledger.versions.count(),
        lock: await locks.status(),
        freeze: freezes.active(),
        encryption: this.#ledger.get("encryption"),
        conflict: this.#ledger.get("conflict") !== null,
      };
    });
  }

  sweep(ref: StateRef): Promise<Outcome<Swept>> {
    return outcome(() =>
      this.#mutex.run(async () => this.#parts(ref).history.sweep(this.#retention(), new Date())),
    );
  }

  backUp(ref: StateRef): Promise<Outcome<BackupResult>> {
    return this.#change(ref, async ({ backup, objects, current }) => {
      await current.reconcile();
      const version = this.#ledger.current();
      return backup.copy(version && objects.stored(version));
    });
  }

  /** @param isForced also where the state is neither missing nor damaged */
  restoreBackup(ref: StateRef, caller: Caller, isForced: boolean): Promise<Outcome<RestoredCopy>> {
    return this.#change(ref, ({ backup, pointer }) => pointer.restoreCopy(caller, backup, isForced));
  }

  /** The dated copies, oldest first. @param after key of the last one of the page before */
  copies(ref: StateRef, after: string | undefined): Promise<Outcome<CopiesPage>> {
    return outcome(() => this.#parts(ref).backup.list(after));
  }

  /** Repairs what the last requests left unfinished, then lets retention delete what it may. It runs at least once a day. */
  override async alarm(): Promise<void> {
    this.#wakeUp.hasFired();
    const ref = this.#ledger.get("ref");
    if (ref === null) return;
    await this.#mutex.run(async () => {
      const { current, locks, freezes, history, objects } = this.#parts(ref);
      let isFileOurs = false;
      let isAllStored = false;
      const repaired = await outcome(async () => {
        // A conflict waits for a person, not for the next alarm.
        const repair = locks.syncS3Lock(() => current.repair());
        [isAllStored, isFileOurs] = await settleAll([objects.storeAll(), repair]);
        await this.#report.send(ref);
      });
      if (repaired.ok) await outcome(async () => history.sweep(this.#retention(), new Date()));
      const ends = freezes.active()?.expiresAt;
      const freezeEndsMs = ends ? Date.parse(ends) - Date.now() + 1000 : sweepIntervalMs;
      const calmMs = this.#ledger.locks.holder() ? lockedIntervalMs : Math.min(sweepIntervalMs, freezeEndsMs);
      // While an S3 client keeps a freeze from its lock file, it is asked for again soon.
      const isRepaired = repaired.ok && isFileOurs;
      await this.#wakeWithin(isRepaired ? (isAllStored ? calmMs : nextBatchMs) : repairDelayMs, ref);
    });
  }

  /**
   * Runs one change at a time, and tidies up after it as far as R2 lets us; the rest is left to the alarm.
   * @param isFreeze S3 clients are to see it at once, whether they are served or not: a move to the S3 backend begins with it
   */
  #change<T>(ref: StateRef, work: (parts: StateParts) => Promise<T>, isFreeze = false): Promise<Outcome<T>> {
    return this.#mutex.run(async () => {
      const parts = this.#parts(ref);
      const result = await outcome(() => work(parts));
      // After the work, so that both are flushed to disk at once.
      await this.#wakeWithin(repairDelayMs, ref);
      const tidied = await outcome(async () => {
        if (!isFreeze && !parts.current.isSeenInBucket) return;
        // The lock file stays until an S3 client would read what we committed.
        const repair = () => parts.current.repair();
        await (result.ok ? parts.locks.syncS3Lock(repair) : repair());
      });
      if (tidied.ok && result.ok) this.#reportIfUnknown(ref);
      return result;
    });
  }

  /** One set for the life of the object: every caller names the same state. */
  #parts(ref: StateRef): StateParts {
    if (this.#known) return this.#known;
    const { BUCKET: bucket, BACKUP: backupBucket } = this.env;
    const context = stateContext({ ref, bucket, ledger: this.#ledger, mutex: this.#mutex });
    const { encryptionRequired: isEncryptionRequired, servesS3Clients } = settings(this.env);
    this.#known = stateParts(context, { isEncryptionRequired, servesS3Clients, backupBucket });
    return this.#known;
  }

  /** @throws Refusal if the settings cannot be read: nothing is deleted on a guess */
  #retention(): Retention {
    const { keep, defects } = settings(this.env);
    if (defects.length > 0) throw new Refusal({ code: "not_configured", defects });
    return { ...keep, ...this.#ledger.get("keep") };
  }

  /** An alarm comes without a caller who says which state this is. */
  async #wakeWithin(delayMs: number, ref: StateRef): Promise<void> {
    if (this.#ledger.get("ref") === null) this.#ledger.set("ref", ref);
    await this.#wakeUp.within(delayMs);
  }

  /** Tells the Directory at once that there is this state. Later changes are told by the alarm, several in one report. */
  #reportIfUnknown(ref: StateRef): void {
    if (this.#report.isKnown) return;
    // Nothing depends on it but the lists, so a failure waits for the alarm.
    const sent = this.#report.send(ref).catch((error: unknown) => console.warn(`directory: ${error}`));
    this.ctx.waitUntil(sent);
  }
}
