import type { LockInfo } from "../../../../domain/lock-info";
import type { LockFate, LockRecord } from "./records";
import { firstRow, type Row } from "./row";

/** Every lock ID that was ever taken. One that ended stays, so that it can never be taken again. */
export class LockTable {
  #taken = 0;
  /** What {@link holder} found, or left; undefined if it has to be read. Nobody else writes to the table. */
  #holder: LockRecord | null | undefined;

  constructor(private readonly sql: SqlStorage) {}

  holder(): LockRecord | null {
    if (this.#holder === undefined) {
      const row = firstRow(this.sql, "SELECT * FROM lock WHERE fate = 'held'");
      this.#holder = row && toLock(row);
    }
    return this.#holder;
  }

  /** After a transaction that was rolled back. */
  forget(): void {
    this.#holder = undefined;
  }

  find(id: string): LockRecord | null {
    const holder = this.holder();
    if (holder?.id === id) return holder;
    const row = firstRow(this.sql, "SELECT * FROM lock WHERE id = ?", id);
    return row && toLock(row);
  }

  /** Grows with every lock that is taken while this object is in memory: two equal numbers mean none in between. */
  get taken(): number {
    return this.#taken;
  }

  /** Nobody holds the lock until now. */
  add(lock: Omit<LockRecord, "fate" | "endedBy">): void {
    this.#taken++;
    const { id, info, request, principal, origin, takenAt, hasFile } = lock;
    this.sql.exec(
      "INSERT INTO lock VALUES (?, 'held', ?, ?, ?, ?, ?, NULL, ?)",
      id,
      JSON.stringify(info),
      request,
      principal,
      origin,
      takenAt,
      hasFile ? 1 : 0,
    );
    this.#holder = { ...lock, fate: "held", endedBy: null };
  }

  /** From now on this lock, which is held, keeps S3 clients out. */
  noteFile(id: string): void {
    this.forget();
    this.sql.exec("UPDATE lock SET hasFile = 1 WHERE id = ?", id);
  }

  end(id: string, fate: "released" | "broken", endedBy: string): void {
    const holder = this.holder();
    this.sql.exec("UPDATE lock SET fate = ?, endedBy = ? WHERE id = ? AND fate = 'held'", fate, endedBy, id);
    this.#holder = holder?.id === id ? null : holder;
  }
}

function toLock(row: Row): LockRecord {
  return {
    id: String(row.id),
    fate: row.fate as LockFate,
    info: JSON.parse(String(row.info)) as LockInfo,
    request: String(row.request),
    principal: String(row.principal),
    origin: String(row.origin),
    takenAt: String(row.takenAt),
    endedBy: row.endedBy === null ? null : String(row.endedBy),
    hasFile: row.hasFile === 1,
  };
}
