import { hash } from "node:crypto";

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
  return hash("sha256", JSON.stringify([seq, at, who, action, detail, prev]), "hex");
}

/** The newest entry of a chain at some time, kept outside of it. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/**
 * What is wrong with a chain that should start at its first entry, or null.
 * @param heads heads of it that were kept elsewhere: without them, entries that are missing at its end do not show
 */
export function verifyAudit(entries: readonly AuditEntry[], heads: readonly AuditHead[] = []): string | null {
  let prev = genesis;
  for (const [at, entry] of entries.entries()) {
    if (entry.seq !== at + 1) return `entry ${at + 1} is missing`;
    if (entry.prev !== prev) return `entry ${entry.seq} does not follow the one before it`;
    if (entryHash(entry) !== entry.hash) return `entry ${entry.seq} was changed`;
    prev = entry.hash;
  }
  for (const { seq, hash } of heads) {
    const entry = entries[seq - 1];
    if (!entry && seq > 0)
      return `entry ${seq}, which a copy in the backup bucket knows, is missing at the end`;
    if (entry && entry.hash !== hash)
      return `entry ${seq} is not the one that a copy in the backup bucket knows`;
  }
  return null;
}
