import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { LockHolder, LockInfo } from "../domain/lock-info";
import { maxReasonLength } from "../domain/worker-api";
import { whoAmI } from "../process/who-am-i";

/** The fields of a lock that these commands have written. */
export const lockShape: z.ZodType<LockInfo> = z.object({
  ID: z.string(),
  Operation: z.string(),
  Info: z.string(),
  Who: z.string(),
  Version: z.string(),
  Created: z.string(),
  Path: z.string(),
});

/** Operation of the lock that freezes the place that a state has moved from. */
const FROZEN = "frozen";
/** Operation of the lock that freezes the place that a state moves to, until it is opened there. */
const ARRIVAL = "arrival";

/** A new lock, for one command. */
export function newLock(operation: string, info = ""): LockInfo {
  return {
    ID: randomUUID(),
    Operation: operation,
    Info: info,
    Who: whoAmI(),
    Version: "",
    Created: new Date().toISOString(),
    Path: "",
  };
}

/** A lock that stays, and says where the state is kept instead. */
export function newFreeze(keptIn: string): LockInfo {
  return newLock(FROZEN, `the state is kept in ${keptIn}; use the cluster.yaml that says so`);
}

/** A lock that stays on the place that a state moves to, and says where the state is kept until then. */
export function newArrival(keptIn: string): LockInfo {
  return newLock(
    ARRIVAL,
    `the state is kept in ${keptIn}; where cluster.yaml names this place already, a migration was interrupted: run it ` +
      "again on the machine where it began",
  );
}

/** Whether this is the lock of a migration, which keeps everyone out. */
export function isFrozen(holder: LockHolder): boolean {
  return operationOf(holder) === FROZEN || isArrival(holder);
}

/** Whether a migration to this place runs, or was interrupted. */
export function isArrival(holder: LockHolder): boolean {
  return operationOf(holder) === ARRIVAL;
}

/** Whether this is a migration's freeze at the Worker, whose lock somebody has broken. */
export function isFreezeWithoutLock(holder: LockHolder): boolean {
  return holder.freeze !== undefined && isFrozen(holder);
}

/** Whether `holder` is `lock`, or the freeze at the Worker that belongs to `lock`. */
export function belongsTo(holder: LockHolder | undefined, lock: LockInfo): boolean {
  return holder?.ID === lock.ID || holder?.freeze?.lock === lock.ID;
}

/** Whether `holder` freezes for the same place as `lock`, whoever has put it there. */
export function isForSamePlace(holder: LockHolder | undefined, lock: LockInfo): boolean {
  if (!holder || !isFrozen(holder)) return false;
  return holder.Info === (holder.freeze ? freezeReason(lock) : lock.Info);
}

/** The reason of the freeze at the Worker that belongs to `lock`. */
export const freezeReason = ({ Info }: LockInfo): string => Info.slice(0, maxReasonLength);

/** For a freeze of the Worker, the operation of the lock that it belongs to. */
const operationOf = ({ Operation, freeze }: LockHolder) => (freeze ? freeze.operation : Operation);
