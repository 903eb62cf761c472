import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { z } from "zod";

/** A lock as OpenTofu describes it, in all three backends. */
export interface LockInfo {
  readonly ID: string;
  readonly Operation: string;
  readonly Info: string;
  readonly Who: string;
  readonly Version: string;
  /** RFC 3339 */
  readonly Created: string;
  readonly Path: string;
}

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
/** What the Worker calls its own freeze, as a holder. */
const FROZEN_BY_WORKER = "freeze";

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

export function isFrozen(info: LockInfo): boolean {
  return info.Operation === FROZEN || info.Operation === ARRIVAL || isBareFreeze(info);
}

/** Whether a migration is on its way here, or was cut off. */
export function isArrival(info: LockInfo): boolean {
  return info.Operation === ARRIVAL || markOf(info) === ARRIVAL;
}

/** The Worker's own freeze stays where somebody breaks the lock: it has an ID of its own, and names that of the lock. */
export function isBareFreeze(info: LockInfo): boolean {
  return markOf(info) !== undefined;
}

/** Why the Worker keeps everyone out, as the lock says it, so that it is known whose freeze it is. */
export function freezeReason({ ID, Operation, Info }: LockInfo): string {
  return `${Info.slice(0, REASON_LENGTH)} (${Operation} ${ID})`;
}

/** Whether `holder` is `lock`, or what the Worker has kept of it. */
export function isOf(holder: LockInfo | undefined, lock: LockInfo): boolean {
  return (
    holder?.ID === lock.ID || (holder?.Operation === FROZEN_BY_WORKER && holder.Info === freezeReason(lock))
  );
}

/** Whether `holder` says what `lock` says, whoever has put it there. */
export function saysTheSame(holder: LockInfo | undefined, lock: LockInfo): boolean {
  if (!holder || !isFrozen(holder)) return false;
  return holder.Info === lock.Info || holder.Info.replace(MARK, "") === lock.Info.slice(0, REASON_LENGTH);
}

/** The Worker takes 500 characters, the mark included. */
const REASON_LENGTH = 430;
const MARK = new RegExp(` \\((${FROZEN}|${ARRIVAL}) [\\w-]+\\)$`);

/** Operation of the lock that a Worker's own freeze belongs to. */
function markOf({ Operation, Info }: LockInfo): string | undefined {
  return Operation === FROZEN_BY_WORKER ? MARK.exec(Info)?.[1] : undefined;
}

/** Reads a lock that anyone may have written; one that cannot be read still locks. */
export function parseLock(text: string, where: string): LockInfo {
  let fields: Record<string, unknown> = {};
  try {
    fields = { ...(JSON.parse(text) as object) };
  } catch {
    // Told by the ID below.
  }
  const field = (name: keyof LockInfo) => (typeof fields[name] === "string" ? fields[name] : "");
  return {
    ID: field("ID") || "unreadable",
    Operation: field("Operation"),
    Info: field("ID") ? field("Info") : `${where} cannot be read`,
    Who: field("Who"),
    Version: field("Version"),
    Created: field("Created"),
    Path: field("Path"),
  };
}

function whoAmI(): string {
  let user = process.env.USER ?? "unknown";
  try {
    user = userInfo().username;
  } catch {
    // A container's user need not have a name.
  }
  return `${user}@${hostname()}`;
}
