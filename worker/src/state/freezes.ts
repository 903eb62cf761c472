import type { LockHolder } from "../../../domain/lock-info";
import { Refusal } from "../errors/refusal";
import type { Caller } from "./caller";
import type { Ledger } from "./ledger/ledger";
import type { Freeze } from "./ledger/records";

/** What an admin says of a new freeze. */
export interface FreezeProps {
  readonly reason: string;
  /** null: until an admin ends it. */
  readonly expiresInSeconds: number | null;
  /** ID of the one lock that may be taken meanwhile. @default - none may */
  readonly lock?: string;
  /** Operation of that lock. @default - none is shown */
  readonly operation?: string;
}

/** A freeze: nobody locks or writes for a while. Who holds the lock when it begins may finish. */
export class Freezes {
  constructor(private readonly ledger: Ledger) {}

  /** The freeze that is active at `now`; null if none is. */
  active(now = new Date()): Freeze | null {
    const freeze = this.ledger.get("freeze");
    if (!freeze?.expiresAt) return freeze;
    return Date.parse(freeze.expiresAt) > now.getTime() ? freeze : null;
  }

  begin(caller: Caller, { reason, expiresInSeconds, lock, operation }: FreezeProps): Freeze {
    const now = new Date();
    const expires = expiresInSeconds === null ? null : new Date(now.getTime() + expiresInSeconds * 1000);
    const freeze: Freeze = {
      id: `freeze-${crypto.randomUUID()}`,
      reason,
      by: caller.id,
      since: now.toISOString(),
      expiresAt: expires?.toISOString() ?? null,
      ...(lock !== undefined && { lock }),
      ...(operation !== undefined && { operation }),
    };
    this.ledger.atomically(() => {
      this.ledger.set("freeze", freeze);
      this.ledger.audit.append(caller.id, "freeze", { reason, expiresAt: freeze.expiresAt });
    });
    return freeze;
  }

  end(caller: Caller): void {
    this.ledger.atomically(() => {
      if (this.ledger.get("freeze") === null) return;
      this.ledger.set("freeze", null);
      this.ledger.audit.append(caller.id, "unfreeze", {});
    });
  }

  /**
   * @param lockId the lock that the caller wants to take, or null for a write without one
   * @throws Refusal 423 where a freeze lasts that does not let this lock through; it lets it through for who froze
   */
  requireNone(caller: Caller, lockId: string | null, now = new Date()): void {
    const freeze = this.active(now);
    const isLetThrough = lockId !== null && freeze?.lock === lockId && freeze.by === caller.id;
    if (freeze === null || isLetThrough) return;
    const reason = `the state is frozen by ${freeze.by}: ${freeze.reason}`;
    throw new Refusal({ code: "locked", holder: freezeHolder(freeze), reason });
  }
}

/** How a freeze looks to a client that wants the lock: a holder that it can wait for. The field `freeze` tells it from a lock. */
export function freezeHolder(freeze: Freeze): LockHolder & { readonly freeze: Freeze } {
  const { id, reason, by, since } = freeze;
  return {
    ID: id,
    Operation: "freeze",
    Info: reason,
    Who: by,
    Version: "",
    Created: since,
    Path: "",
    freeze,
  };
}
