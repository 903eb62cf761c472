import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";

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

/** Operation of the lock that stays on a copy which is not the state any more, or not yet. */
const FROZEN = "frozen";

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

export function isFrozen(info: LockInfo): boolean {
  return info.Operation === FROZEN;
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
