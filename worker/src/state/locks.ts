import { createHash } from "node:crypto";
import { type LockInfo, lockRequest, parseLockInfo } from "../lock-info";
import { Refusal } from "../problem";
import type { CurrentObject } from "./current-object";
import type { Ledger } from "./ledger";
import type { Freeze, LockRecord } from "./records";
import type { S3Lock } from "./s3-lock";

/** Who asks, as far as the fence needs to know. */
export interface Caller {
  /** Such as `basic:alice`. */
  readonly id: string;
  /** The client's address, for the record. */
  readonly origin: string;
  /** May break other people's locks and use overrides. */
  readonly admin: boolean;
}

/** What people see of a lock. */
export interface LockStatus {
  readonly info: LockInfo;
  readonly by: "http" | "s3" | "freeze";
  readonly principal: string | null;
  readonly origin: string | null;
  readonly since: string;
}

/** An UNLOCK without an ID that comes again this soon, from the same client, is taken for a replay (Go waits ≤ 30 s). */
const replayWindowMs = 35_000;

/** Takes, gives back and breaks the lock of one state. Methods that await need the state's mutex. */
export class Locks {
  constructor(
    private readonly ledger: Ledger,
    private readonly s3Lock: S3Lock,
    private readonly current: CurrentObject,
  ) {}

  /**
   * LOCK. The same request again gives the same answer.
   * @throws Refusal 423 with the holder; 409 when the ID was released or broken before
   */
  async take(caller: Caller, body: string): Promise<LockInfo> {
    const now = new Date();
    const info = lockRequest(body, now);
    const request = createHash("sha256").update(body).digest("hex");
    const holder = this.ledger.holder();
    if (holder && (await this.#stillHeld(holder))) {
      if (holder.id === info.ID && holder.request === request && holder.principal === caller.id)
        return holder.info;
      throw locked(holder.info, `the state is locked by ${describe(holder.info)}`);
    }
    const freeze = this.activeFreeze(now);
    if (freeze && freeze.lock !== info.ID)
      throw locked(freezeInfo(freeze), `the state is frozen by ${freeze.by}: ${freeze.reason}`);
    const known = this.ledger.lock(info.ID);
    if (known) throw deadId(known);
    const foreign = await this.s3Lock.acquire(info);
    if (foreign) throw locked(foreign.info, `an S3 client holds the lock: ${describe(foreign.info)}`);
    try {
      // Reads and writes ask R2 whether the current object is ours; here only what we know of is repaired.
      if (!this.current.upToDate) await this.current.reconcile();
    } catch (error) {
      await this.s3Lock.remove();
      throw error;
    }
    const { id: principal, origin } = caller;
    this.ledger.atomically(() => {
      this.ledger.addLock({
        id: info.ID,
        fate: "held",
        info,
        request,
        principal,
        origin,
        takenAt: now.toISOString(),
      });
      this.ledger.prepareUpload();
      this.ledger.audit.append(principal, "lock", {
        id: info.ID,
        operation: info.Operation,
        who: info.Who,
        origin,
      });
    });
    return info;
  }

  /**
   * UNLOCK, by the holder or as force-unlock: OpenTofu sends the ID then, Terraform an empty body.
   * @throws Refusal 423 when another ID holds the lock, 403 when only an admin may break it
   */
  async release(caller: Caller, body: string): Promise<void> {
    const now = new Date();
    if (body.trim() === "") return this.#releaseAny(caller, now);
    const asked = parseLockInfo(body, now);
    if (!asked?.ID) {
      throw new Refusal({
        status: 400,
        code: "lock_info_malformed",
        message: "the body of UNLOCK is neither empty nor a JSON object with the lock's ID",
        fix: 'send {"ID": "…"}',
      });
    }
    const known = this.ledger.lock(asked.ID);
    if (known?.fate === "held") this.#end(known, caller, asked.Operation === "");
    if (known) return; // held until now, or a replay: it is not held any more, which is what was asked for
    const holder = this.ledger.holder();
    if (holder) throw locked(holder.info, `lock ${asked.ID} is not the one that is held`);
    const foreign = await this.s3Lock.find();
    if (foreign && !foreign.ours) {
      if (foreign.info.ID !== asked.ID)
        throw locked(foreign.info, `lock ${asked.ID} is not the one an S3 client holds`);
      return this.#breakForeign(foreign.info, caller);
    }
    throw new Refusal({
      status: 409,
      code: "lock_unknown",
      message: `lock ${asked.ID} was never taken here, and the state is not locked`,
      fix: "nothing needs to be unlocked; check the ID and the address",
    });
  }

  /**
   * The lock under which a write may happen now, or null where none is needed. Synchronous, so that the check and
   * the change that follows it are one step.
   * @throws Refusal 423 when someone else holds the lock, 409 when the ID holds nothing
   */
  requireWriter(lockId: string | null): LockRecord | null {
    const holder = this.ledger.holder();
    if (holder) {
      if (holder.id === lockId) return holder;
      const known = lockId === null ? null : this.ledger.lock(lockId);
      const reason = known ? deadId(known).message : `the state is locked by ${describe(holder.info)}`;
      throw locked(holder.info, reason);
    }
    if (lockId !== null) {
      const known = this.ledger.lock(lockId);
      if (known) throw deadId(known);
      throw new Refusal({
        status: 409,
        code: "lock_unknown",
        message: `lock ${lockId} was never taken here, so nothing can be written under it`,
        fix: "take the lock first; check that lock_address and address name the same state",
      });
    }
    const freeze = this.activeFreeze(new Date());
    if (freeze) throw locked(freezeInfo(freeze), `the state is frozen by ${freeze.by}: ${freeze.reason}`);
    return null;
  }

  /** Refuses a write while an S3 client holds the lock, or after one broke ours. */
  async requireS3Agreement(): Promise<void> {
    const holder = this.ledger.holder();
    if (holder) {
      await this.#stillHeld(holder);
      return;
    }
    const found = await this.s3Lock.find();
    if (found && !found.ours)
      throw locked(found.info, `an S3 client holds the lock: ${describe(found.info)}`);
  }

  /** Who holds the state, be it a client of ours, a freeze or an S3 client. */
  async status(): Promise<LockStatus | null> {
    const holder = this.ledger.holder();
    if (holder) {
      const { info, principal, origin, takenAt: since } = holder;
      return { info, by: "http", principal, origin, since };
    }
    const freeze = this.activeFreeze(new Date());
    if (freeze)
      return {
        info: freezeInfo(freeze),
        by: "freeze",
        principal: freeze.by,
        origin: null,
        since: freeze.since,
      };
    const found = await this.s3Lock.find();
    if (!found || found.ours) return null;
    return { info: found.info, by: "s3", principal: null, origin: null, since: found.info.Created };
  }

  activeFreeze(now: Date): Freeze | null {
    const freeze = this.ledger.get("freeze");
    if (!freeze?.expiresAt) return freeze;
    return Date.parse(freeze.expiresAt) > now.getTime() ? freeze : null;
  }

  async freeze(
    caller: Caller,
    reason: string,
    seconds: number | null,
    lock: string | undefined,
  ): Promise<Freeze> {
    const now = new Date();
    const freeze: Freeze = {
      id: `freeze-${crypto.randomUUID()}`,
      reason,
      by: caller.id,
      since: now.toISOString(),
      expiresAt: seconds === null ? null : new Date(now.getTime() + seconds * 1000).toISOString(),
      ...(lock !== undefined && { lock }),
    };
    this.ledger.atomically(() => {
      this.ledger.set("freeze", freeze);
      this.ledger.audit.append(caller.id, "freeze", { reason, expiresAt: freeze.expiresAt });
    });
    return freeze;
  }

  async thaw(caller: Caller): Promise<void> {
    this.ledger.atomically(() => {
      if (this.ledger.get("freeze") === null) return;
      this.ledger.set("freeze", null);
      this.ledger.audit.append(caller.id, "thaw", {});
    });
  }

  /** Brings the S3 lock file in line with the ledger: there while locked or frozen, gone otherwise. */
  async settleS3Lock(): Promise<void> {
    if (this.ledger.holder()) return; // put there before the lock was granted
    const freeze = this.activeFreeze(new Date());
    if (!freeze) {
      if (await this.s3Lock.isOurs()) await this.s3Lock.remove();
      return;
    }
    const found = await this.s3Lock.find();
    if (found === null || (found.ours && found.info.ID !== freeze.id))
      await this.s3Lock.acquire(freezeInfo(freeze));
  }

  /** True while the lock file is where we put it. Without it, an S3 client broke our lock: the ID is dead then. */
  async #stillHeld(holder: LockRecord): Promise<boolean> {
    if (await this.s3Lock.isOurs()) return true;
    this.ledger.atomically(() => {
      this.ledger.endLock(holder.id, "broken", "s3");
      this.ledger.audit.append("s3", "force_unlock", { id: holder.id, holder: holder.principal });
    });
    return false;
  }

  async #releaseAny(caller: Caller, now: Date): Promise<void> {
    const holder = this.ledger.holder();
    if (!holder) {
      const foreign = await this.s3Lock.find();
      if (foreign && !foreign.ours) await this.#breakForeign(foreign.info, caller);
      return;
    }
    const last = this.ledger.get("blindUnlock");
    const sameClient = last?.principal === caller.id && last.origin === caller.origin;
    if (
      last &&
      sameClient &&
      holder.takenAt >= last.at &&
      now.getTime() - Date.parse(last.at) < replayWindowMs
    ) {
      throw new Refusal({
        status: 409,
        code: "unlock_ambiguous",
        message: `an UNLOCK without an ID from this client broke another lock at ${last.at}; this may be its replay`,
        fix: `to break the lock that is held now, name it: UNLOCK with {"ID": "${holder.id}"}`,
        holder: holder.info,
      });
    }
    this.ledger.atomically(() => {
      this.#end(holder, caller, true);
      this.ledger.set("blindUnlock", { at: now.toISOString(), principal: caller.id, origin: caller.origin });
    });
  }

  #end(held: LockRecord, caller: Caller, forced: boolean): void {
    const own = held.principal === caller.id;
    if (!own && !caller.admin) throw notYours(held.info);
    const broken = forced || !own;
    this.ledger.atomically(() => {
      this.ledger.endLock(held.id, broken ? "broken" : "released", caller.id);
      const detail = { id: held.id, holder: held.principal, since: held.takenAt, origin: caller.origin };
      this.ledger.audit.append(caller.id, broken ? "force_unlock" : "unlock", detail);
    });
  }

  async #breakForeign(info: LockInfo, caller: Caller): Promise<void> {
    if (!caller.admin) throw notYours(info);
    await this.s3Lock.remove();
    this.ledger.audit.append(caller.id, "force_unlock", { id: info.ID, holder: "s3", who: info.Who });
  }
}

/** How a freeze looks to a client that wants the lock: a holder it can wait for. */
export function freezeInfo({ id, reason, by, since }: Freeze): LockInfo {
  return { ID: id, Operation: "freeze", Info: reason, Who: by, Version: "", Created: since, Path: "" };
}

/** 423 with the holder, which is what makes a client with `-lock-timeout` wait. */
export function locked(holder: LockInfo, message: string): Refusal {
  return new Refusal({
    status: 423,
    code: "locked",
    message,
    fix:
      holder.Operation === "freeze"
        ? "wait until the freeze ends, or an admin lifts it with DELETE /states/{name}/freeze"
        : `wait, or if the holder is gone: force-unlock ${holder.ID}`,
    holder,
  });
}

function deadId({ id, fate, endedBy }: LockRecord): Refusal {
  return new Refusal({
    status: 409,
    code: `lock_${fate}`,
    message: `lock ${id} was ${fate === "broken" ? "broken" : "released"} by ${endedBy}; it can neither lock nor write again`,
    fix:
      fate === "broken"
        ? "someone force-unlocked the state, and it may have changed since; run plan again under a new lock"
        : "take a new lock with an ID that was never used",
  });
}

function notYours(holder: LockInfo): Refusal {
  return new Refusal({
    status: 403,
    code: "not_the_holder",
    message: `lock ${holder.ID} is held by ${holder.Who || "someone else"}`,
    fix: "only its holder or an admin can unlock it",
    holder,
  });
}

function describe({ Who, Operation, Created, ID }: LockInfo): string {
  return `${Who || "unknown"} (${Operation || "unknown operation"}) since ${Created}, lock ${ID}`;
}
