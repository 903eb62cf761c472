import { type AuditEntry, entryHash, genesis } from "./audit-chain";

/** The table of an {@link AuditLog}, for the schema of the object that has one. */
export const auditTable = `CREATE TABLE IF NOT EXISTS audit (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL,
    action TEXT NOT NULL, detail TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL);`;

/** A hash-chained log in the SQLite of a Durable Object; an entry is written in the transaction of what it records. */
export class AuditLog {
  constructor(private readonly sql: SqlStorage) {}

  append(who: string, action: string, detail: Readonly<Record<string, unknown>>): void {
    const last = this.sql.exec("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").next();
    const entry = {
      seq: last.done ? 1 : Number(last.value.seq) + 1,
      at: new Date().toISOString(),
      who,
      action,
      detail: JSON.stringify(detail),
      prev: last.done ? genesis : String(last.value.hash),
    };
    const { seq, at, detail: text, prev } = entry;
    this.sql.exec(
      "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)",
      seq,
      at,
      who,
      action,
      text,
      prev,
      entryHash(entry),
    );
  }

  /** Oldest first, those after `seq`. */
  entries(after: number, limit: number): AuditEntry[] {
    const rows = this.sql.exec("SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", after, limit);
    return [...rows].map((row) => ({
      seq: Number(row.seq),
      at: String(row.at),
      who: String(row.who),
      action: String(row.action),
      detail: String(row.detail),
      prev: String(row.prev),
      hash: String(row.hash),
    }));
  }

  /** Sequence number and hash of the newest entry; kept outside, it proves that nothing was cut off the end. */
  head(): { readonly seq: number; readonly hash: string } {
    const last = this.sql.exec("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").next();
    return last.done
      ? { seq: 0, hash: genesis }
      : { seq: Number(last.value.seq), hash: String(last.value.hash) };
  }
}
