import { createHash } from "node:crypto";

/** One entry of an append-only record. `hash` covers every other field, and with `prev` the whole past. */
export interface AuditEntry {
  readonly seq: number;
  readonly at: string;
  readonly who: string;
  readonly action: string;
  /** What was done, as JSON. Never a secret, never a byte of a state. */
  readonly detail: string;
  readonly prev: string;
  readonly hash: string;
}

/** `prev` of the first entry. */
export const genesis = "0".repeat(64);

/** The hash an entry must have. */
export function entryHash(entry: Omit<AuditEntry, "hash">): string {
  const { seq, at, who, action, detail, prev } = entry;
  return createHash("sha256")
    .update(JSON.stringify([seq, at, who, action, detail, prev]))
    .digest("hex");
}

/** What is wrong with a chain that should start at its first entry, or null. That entries are missing at its end shows only against a head that is kept elsewhere. */
export function verifyAudit(entries: readonly AuditEntry[]): string | null {
  let prev = genesis;
  for (const [at, entry] of entries.entries()) {
    if (entry.seq !== at + 1) return `entry ${at + 1} is missing`;
    if (entry.prev !== prev) return `entry ${entry.seq} does not follow the one before it`;
    if (entryHash(entry) !== entry.hash) return `entry ${entry.seq} was changed`;
    prev = entry.hash;
  }
  return null;
}
