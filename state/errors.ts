import { isFrozen, type LockHolder } from "./lock-info";

/** Something that the user can mend. The message says what is wrong and where, then what to do. */
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
    fix = isFrozen(holder)
      ? "nothing was changed there"
      : `wait, or if ${holder.Who || "the holder"} is gone: npm run state -- unlock ${holder.ID}`,
  ) {
    const what = [holder.Operation, holder.Info].filter(Boolean).join(": ") || "no reason given";
    super(
      `${where} is locked by ${holder.Who || "someone"} since ${holder.Created} (${what}; lock ${holder.ID})`,
      fix,
    );
  }
}
