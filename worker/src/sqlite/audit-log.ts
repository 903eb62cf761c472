import { type AuditEntry, entryHash, genesis } from "./audit-chain";

/** Sequence number and hash of the newest entry of a chain. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/** As the first Worker had it: one chain for each Durable Object. */
export const firstAuditTable = `CREATE TABLE IF NOT EXISTS audit (seq INTEGER PRIMARY KEY, at TEXT NOT NULL,
    who TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL);`;

/** One chain for each part of a Durable Object. */
export const auditTable = `CREATE TABLE audit (chain TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
    detail TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (chain, seq)) WITHOUT ROWID;`;

/** Its change to several chains; the one that was there is "". */
export const chainedAuditTable = `ALTER TABLE audit RENAME TO old_audit;
  ${auditTable}
  INSERT INTO audit SELECT '', seq, at, who, action, detail, prev, hash FROM old_audit;
  DROP TABLE old_audit;`;

/** A hash-chained log in the SQLite of a Durable Object; an entry is written in the transaction of what it records. */
export class AuditLog {
  /** What {@link head} found, or left; undefined if it has to be read. Nobody else writes to the chain. */
  #head: AuditHead | undefined;

  constructor(
    private readonly sql: SqlStorage,
    /** Which of the object's chains. */
    private readonly chain = "",
  ) {}

  append(who: string, action: string, detail: Readonly<Record<string, unknown>>): void {
    const { seq, hash: prev } = this.head();
    const at = new Date().toISOString();
    const entry = { seq: seq + 1, at, who, action, detail: JSON.stringify(detail), prev };
    const hash = entryHash(entry);
    this.forget();
    this.sql.exec(
      "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      this.chain,
      entry.seq,
      at,
      who,
      action,
      entry.detail,
      prev,
      hash,
    );
    this.#head = { seq: entry.seq, hash };
  }

  /** After a transaction that was rolled back. */
  forget(): void {
    this.#head = undefined;
  }

  /** Whether there is an entry of this action. */
  has(action: string): boolean {
    const query = "SELECT 1 FROM audit WHERE chain = ? AND action = ? LIMIT 1";
    return !this.sql.exec(query, this.chain, action).next().done;
  }

  /** Oldest first, those after `seq`. */
  entries(after: number, limit: number): AuditEntry[] {
    const rows = this.sql.exec(
      "SELECT * FROM audit WHERE chain = ? AND seq > ? ORDER BY seq LIMIT ?",
      this.chain,
      after,
      limit,
    );
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
  head(): AuditHead {
    this.#head ??= this.#readHead();
    return this.#head;
  }

  #readHead(): AuditHead {
    const last = this.sql
      .exec("SELECT seq, hash FROM audit WHERE chain = ? ORDER BY seq DESC LIMIT 1", this.chain)
      .next();
    return last.done
      ? { seq: 0, hash: genesis }
      : { seq: Number(last.value.seq), hash: String(last.value.hash) };
  }
}
