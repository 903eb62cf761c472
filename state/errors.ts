import type { LockHolder } from "../domain/lock-info";
import { isFrozen } from "./locks";

/** An error that the user can act on. The message says what is wrong and where, then what to do. */
export class StateError extends Error {
  override readonly name: string = "StateError";

  constructor(
    readonly problem: string,
    readonly fix: string,
  ) {
    super(`${problem}; ${fix}`);
  }
}

/** Someone else holds the lock. */
export class LockedError extends StateError {
  override readonly name = "LockedError";

  constructor(
    where: string,
    readonly holder: LockHolder,
    fix = fixOf(holder),
  ) {
    const what = [holder.Operation, holder.Info].filter(Boolean).join(": ") || "no reason given";
    super(
      `${where} is locked by ${holder.Who || "someone"} since ${holder.Created} (${what}; lock ${holder.ID})`,
      fix,
    );
  }
}

function fixOf(holder: LockHolder): string {
  if (isFrozen(holder)) return "nothing was changed there";
  if (holder.freeze)
    return "wait until the freeze ends, or ask an admin of the Worker to end it with DELETE /states/{name}/freeze";
  return `wait, or if ${holder.Who || "the holder"} is gone: npm run state -- unlock ${holder.ID}`;
}
