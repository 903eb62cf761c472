import type { LockHolder, LockInfo } from "../../../domain/lock-info";
import type { WorkerError } from "../errors/catalogue";
import { Refusal } from "../errors/refusal";
import type { Caller } from "./caller";
import type { CurrentObject } from "./current-object";
import { type Freezes, freezeHolder } from "./freezes";
import type { Ledger } from "./ledger/ledger";
import type { LockRecord } from "./ledger/records";
import { readLockRequest, readUnlockRequest } from "./lock-request";
import { settleAll } from "./mutex";
import type { S3Lock } from "./s3-lock";
import type { StateContext } from "./state-context";

/** What people see of a lock. */
export interface LockStatus {
  readonly info: LockHolder;
  readonly by: "http" | "s3" | "freeze";
  readonly principal: string | null;
  readonly origin: string | null;
  readonly since: string;
}

/** An UNLOCK without an ID that comes again this soon, from the same client, is taken for a replay (Go waits ≤ 30 s). */
const replayWindowMs = 35_000;

/** The parts of a state that a lock has to do with. */
export interface LockParts {
  readonly s3Lock: S3Lock;
  readonly current: CurrentObject;
  readonly freezes: Freezes;
  /** Whether a lock is to keep S3 clients out, and theirs keeps ours out. */
  readonly servesS3Clients: boolean;
}

/** Takes, releases and breaks the lock of one state. Methods that await need the state's mutex. */
export class Locks {
  readonly #ledger: Ledger;

  constructor(
    { ledger }: StateContext,
    private readonly parts: LockParts,
  ) {
    this.#ledger = ledger;
  }

  /**
   * LOCK. The same request again gives the same answer.
   * @throws Refusal 423 with the holder; 409 when the ID was released or broken before
   */
  async take(caller: Caller, body: string): Promise<LockInfo> {
    const { current, freezes, servesS3Clients } = this.parts;
    const now = new Date();
    const { info, hash } = readLockRequest(body, now);
    const holder = this.#ledger.locks.holder();
    if (holder && (await this.#isStillHeld(holder))) {
      if (holder.id === info.ID && holder.request === hash && holder.principal === caller.id)
        return holder.info;
      throw heldByClient(holder.info);
    }
    freezes.requireNone(caller, info.ID, now);
    const known = this.#ledger.locks.find(info.ID);
    if (known) throw new Refusal(endedLock(known));
    if (servesS3Clients) await this.#takeFile(info);
    else if (!current.isLedgerTrusted(true)) await current.reconcile();
    this.#record(caller, info, hash, now);
    return info;
  }

  /** Keeps S3 clients out. @throws Refusal 423 where one of them holds the lock */
  async #takeFile(info: LockInfo): Promise<void> {
    const { s3Lock, current } = this.parts;
    const foreign = await s3Lock.acquire(info);
    if (foreign) throw heldByS3(foreign);
    try {
      // Reads and writes ask R2 whether the current object is ours; here only what we know of is repaired.
      await current.bringUpToDate();
    } catch (error) {
      await this.syncS3Lock();
      throw error;
    }
  }

  /** Keeps S3 clients out from now on, by a lock that was taken when none was served. @returns one that came first */
  async #addFile({ id, info }: LockRecord): Promise<LockHolder | null> {
    const foreign = await this.parts.s3Lock.acquire(info);
    if (foreign === null) this.#ledger.atomically(() => this.#ledger.locks.noteFile(id));
    return foreign;
  }

  /** Whether a lock has no file although there may be S3 clients. */
  #lacksFile({ hasFile }: LockRecord): boolean {
    return this.parts.servesS3Clients && !hasFile;
  }

  /**
   * UNLOCK, by the holder or as force-unlock: OpenTofu sends the ID then, Terraform an empty body.
   * @throws Refusal 423 when another ID holds the lock, 403 when only an admin may break it
   */
  async release(caller: Caller, body: string): Promise<void> {
    const request = readUnlockRequest(body);
    if (request === null) return this.#breakWhateverIsHeld(caller);
    const { id, isForced } = request;
    const known = this.#ledger.locks.find(id);
    if (known?.fate === "held") this.#end(known, caller, isForced);
    if (known) return; // held until now, or a replay: it is not held any more, which is what was asked for
    const holder = this.#ledger.locks.holder();
    if (holder) throw held(holder.info, `lock ${id} is not the one that is held`);
    const foreign = await this.#findForeign();
    if (!foreign) throw new Refusal({ code: "lock_unknown", id });
    if (foreign.ID !== id) throw held(foreign, `lock ${id} is not the one an S3 client holds`);
    await this.#breakForeign(foreign, caller);
  }

  /**
   * The lock under which a write may happen now, or null if none is needed. Synchronous, so that the check and
   * the change that follows it are one step. An ID is no secret (each 423 shows it), so it counts for who took it alone.
   * @throws Refusal 423 when someone else holds the lock, 409 when the ID holds nothing, 403 when another took it
   */
  requireWriter(caller: Caller, lockId: string | null): LockRecord | null {
    const holder = this.#ledger.locks.holder();
    if (holder?.id === lockId) {
      if (holder.principal === caller.id) return holder;
      const { info, principal } = holder;
      throw new Refusal({ code: "lock_of_another", holder: info, principal, caller: caller.id });
    }
    const known = lockId === null ? null : this.#ledger.locks.find(lockId);
    if (holder) {
      if (known) throw held(holder.info, new Refusal(endedLock(known)).message);
      throw heldByClient(holder.info);
    }
    if (known) throw new Refusal(endedLock(known));
    if (lockId !== null) throw new Refusal({ code: "lock_unknown", id: lockId });
    this.parts.freezes.requireNone(caller, null);
    return null;
  }

  /** Refuses a write while an S3 client holds the lock, or after one broke ours. */
  async requireS3Agreement(): Promise<void> {
    const holder = this.#ledger.locks.holder();
    if (holder && !this.#lacksFile(holder)) {
      await this.#isStillHeld(holder);
      return;
    }
    const foreign = await (holder ? this.#addFile(holder) : this.#findForeign());
    if (foreign) throw heldByS3(foreign);
  }

  /** Who holds the state, be it a client of ours, a freeze or an S3 client. */
  async status(): Promise<LockStatus | null> {
    const holder = this.#ledger.locks.holder();
    if (holder) {
      const { info, principal, origin, takenAt: since } = holder;
      return { info, by: "http", principal, origin, since };
    }
    const freeze = this.parts.freezes.active();
    if (freeze) {
      const { by: principal, since } = freeze;
      return { info: freezeHolder(freeze), by: "freeze", principal, origin: null, since };
    }
    const foreign = await this.#findForeign();
    return foreign && { info: foreign, by: "s3", principal: null, origin: null, since: foreign.Created };
  }

  /**
   * Brings the S3 lock file in line with the ledger: there while locked or frozen, gone otherwise.
   * @param repair makes S3 clients read what was committed; until then the file stays
   * @returns false while an S3 client holds it, and a freeze or a lock of ours has to wait for it
   */
  async syncS3Lock(repair: () => Promise<void> = async () => undefined): Promise<boolean> {
    const { s3Lock, freezes } = this.parts;
    const holder = this.#ledger.locks.holder();
    const hasFile = holder?.hasFile ?? false; // it was put there before the lock was granted
    const freeze = freezes.active();
    const isNeeded = hasFile || freeze !== null || (holder !== null && this.#lacksFile(holder));
    const [isOurs] = await settleAll([isNeeded ? false : s3Lock.isOurs(), repair()]);
    if (isOurs) await s3Lock.remove();
    if (holder && this.#lacksFile(holder)) return (await this.#addFile(holder)) === null;
    if (hasFile || !freeze) return true;
    const found = await s3Lock.find();
    if (found?.isOurs && found.info.ID === freeze.id) return true;
    if (found && !found.isOurs) return false;
    return (await s3Lock.acquire(freezeHolder(freeze))) === null;
  }

  /** True while the lock file is where we put it. Without it, an S3 client broke our lock, and the ID never writes again. */
  async #isStillHeld(holder: LockRecord): Promise<boolean> {
    if (!holder.hasFile || (await this.parts.s3Lock.isOurs())) return true;
    this.#ledger.atomically(() => {
      this.#ledger.locks.end(holder.id, "broken", "s3");
      this.#ledger.audit.append("s3", "force_unlock", { id: holder.id, holder: holder.principal });
    });
    return false;
  }

  /** The lock of an S3 client, where such clients count. */
  async #findForeign(): Promise<LockHolder | null> {
    return this.parts.servesS3Clients ? this.parts.s3Lock.findForeign() : null;
  }

  #record({ id: principal, origin }: Caller, info: LockInfo, request: string, now: Date): void {
    const { ID: id, Operation: operation, Who: who } = info;
    this.#ledger.atomically(() => {
      const takenAt = now.toISOString();
      const hasFile = this.parts.servesS3Clients;
      this.#ledger.locks.add({ id, info, request, principal, origin, takenAt, hasFile });
      this.#ledger.uploads.prepare();
      this.#ledger.audit.append(principal, "lock", { id, operation, who, origin });
    });
  }

  async #breakWhateverIsHeld(caller: Caller): Promise<void> {
    const holder = this.#ledger.locks.holder();
    if (!holder) {
      const foreign = await this.#findForeign();
      if (foreign) await this.#breakForeign(foreign, caller);
      return;
    }
    const now = new Date();
    const last = this.#ledger.get("blindUnlock");
    const isSameClient = last?.principal === caller.id && last.origin === caller.origin;
    const isSoon = last && now.getTime() - Date.parse(last.at) < replayWindowMs;
    if (last && isSameClient && isSoon && holder.takenAt >= last.at)
      throw new Refusal({ code: "unlock_ambiguous", holder: holder.info, brokenAt: last.at });
    this.#ledger.atomically(() => {
      this.#end(holder, caller, true);
      const { id: principal, origin } = caller;
      this.#ledger.set("blindUnlock", { at: now.toISOString(), principal, origin });
    });
  }

  #end(lock: LockRecord, caller: Caller, isForced: boolean): void {
    const isOwn = lock.principal === caller.id;
    if (!isOwn && !caller.admin) throw new Refusal({ code: "not_the_holder", holder: lock.info });
    const isBroken = isForced || !isOwn;
    this.#ledger.atomically(() => {
      this.#ledger.locks.end(lock.id, isBroken ? "broken" : "released", caller.id);
      const detail = { id: lock.id, holder: lock.principal, since: lock.takenAt, origin: caller.origin };
      this.#ledger.audit.append(caller.id, isBroken ? "force_unlock" : "unlock", detail);
    });
  }

  async #breakForeign(info: LockInfo, caller: Caller): Promise<void> {
    if (!caller.admin) throw new Refusal({ code: "not_the_holder", holder: info });
    await this.parts.s3Lock.remove();
    this.#ledger.audit.append(caller.id, "force_unlock", { id: info.ID, holder: "s3", who: info.Who });
  }
}

const held = (holder: LockHolder, reason: string) => new Refusal({ code: "locked", holder, reason });
const heldByClient = (holder: LockHolder) => held(holder, `the state is locked by ${describe(holder)}`);
const heldByS3 = (holder: LockHolder) => held(holder, `an S3 client holds the lock: ${describe(holder)}`);

function endedLock({ id, fate, endedBy }: LockRecord): WorkerError {
  return fate === "broken" ? { code: "lock_broken", id, endedBy } : { code: "lock_released", id, endedBy };
}

function describe({ Who, Operation, Created, ID }: LockInfo): string {
  return `${Who || "unknown"} (${Operation || "unknown operation"}) since ${Created}, lock ${ID}`;
}
