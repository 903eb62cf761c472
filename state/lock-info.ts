import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { z } from "zod";
import type { LockHolder, LockInfo } from "../domain/lock-info";
import { maxReasonLength } from "../domain/worker-api";

export type { LockHolder, LockInfo };

/** Of a lock that we have written ourselves. */
export const lockShape: z.ZodType<LockInfo> = z.object({
  ID: z.string(),
  Operation: z.string(),
  Info: z.string(),
  Who: z.string(),
  Version: z.string(),
  Created: z.string(),
  Path: z.string(),
});

/** Operation of the lock that stays on a copy which is not the state any more. */
const FROZEN = "frozen";
/** Of the lock that is on the place that a state moves to, until it is opened there. */
const ARRIVAL = "arrival";

/** A lock of ours, for one command. */
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

/** A lock that stays: it tells whoever meets it where the state is kept instead. */
export function newFreeze(keptIn: string): LockInfo {
  return newLock(FROZEN, `the state is kept in ${keptIn}; use the cluster.yaml that says so`);
}

/** The same on the place that a state moves to. */
export function newArrival(keptIn: string): LockInfo {
  return newLock(
    ARRIVAL,
    `the state is kept in ${keptIn}; where cluster.yaml names this place already, a migration was cut off: run it ` +
      "again on the machine where it began",
  );
}

/** Whether a migration keeps everyone out. */
export function isFrozen(holder: LockHolder): boolean {
  return operationOf(holder) === FROZEN || isArrival(holder);
}

/** Whether a migration is on its way here, or was cut off. */
export function isArrival(holder: LockHolder): boolean {
  return operationOf(holder) === ARRIVAL;
}

/** Whether this is the Worker's own freeze without the lock that it belongs to, because somebody has broken that one. */
export function isBareFreeze(holder: LockHolder): boolean {
  return holder.freeze !== undefined && isFrozen(holder);
}

/** Whether `holder` is `lock`, or the Worker's freeze that belongs to it. */
export function isOf(holder: LockHolder | undefined, lock: LockInfo): boolean {
  return holder?.ID === lock.ID || holder?.freeze?.lock === lock.ID;
}

/** Whether `holder` says what `lock` says, whoever has put it there. */
export function saysTheSame(holder: LockHolder | undefined, lock: LockInfo): boolean {
  if (!holder || !isFrozen(holder)) return false;
  return holder.Info === (holder.freeze ? freezeReason(lock) : lock.Info);
}

/** What the Worker tells everyone whom it keeps out for `lock`. */
export const freezeReason = ({ Info }: LockInfo): string => Info.slice(0, maxReasonLength);

/** A freeze of the Worker has the operation of the lock that it belongs to beside its own. */
const operationOf = ({ Operation, freeze }: LockHolder) => (freeze ? freeze.operation : Operation);

function whoAmI(): string {
  let user = process.env.USER ?? "unknown";
  try {
    user = userInfo().username;
  } catch {
    // A container's user need not have a name.
  }
  return `${user}@${hostname()}`;
}
