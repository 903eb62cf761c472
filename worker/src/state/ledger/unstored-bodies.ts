import { firstRow } from "./row";

/** Bytes of one at most: a row of SQLite holds 2 MB (https://developers.cloudflare.com/durable-objects/platform/limits/). */
const maxBodyBytes = 1024 * 1024;
/** Bytes of all of them together; memory and time of the alarm that stores them are bounded by this. */
const maxBytes = 16 * 1024 * 1024;

/**
 * Bytes of versions that R2 does not have yet. They are committed with the version, so the write needs no trip to R2;
 * the alarm stores them there.
 */
export class UnstoredBodies {
  /** Bytes of each, by the ID of its version, oldest first; null if the table has to be read. Nobody else writes there. */
  #sizes: Map<string, number> | null = null;

  constructor(private readonly sql: SqlStorage) {}

  hasRoomFor(length: number): boolean {
    if (length > maxBodyBytes) return false;
    let sum = length;
    for (const size of this.#known().values()) sum += size;
    return sum <= maxBytes;
  }

  add(version: string, body: Uint8Array): void {
    const known = this.#known();
    this.sql.exec("INSERT INTO unstored_body VALUES (?, ?)", version, body as unknown as ArrayBuffer);
    known.set(version, body.byteLength);
  }

  has(version: string): boolean {
    return this.#known().has(version);
  }

  find(version: string): Uint8Array | null {
    if (!this.has(version)) return null;
    const row = firstRow(this.sql, "SELECT bytes FROM unstored_body WHERE version = ?", version);
    return row && new Uint8Array(row.bytes as ArrayBuffer);
  }

  /** IDs of versions that no sweep is deleting, oldest first. */
  oldest(limit: number): string[] {
    const rows = this.sql.exec(
      `SELECT unstored_body.version FROM unstored_body JOIN version ON version.id = unstored_body.version
       WHERE pruned = 0 ORDER BY seq LIMIT ?`,
      limit,
    );
    return [...rows].map((row) => String(row.version));
  }

  /** For a version whose object R2 has, or that is no more. */
  remove(version: string): void {
    if (!this.has(version)) return;
    this.sql.exec("DELETE FROM unstored_body WHERE version = ?", version);
    this.#known().delete(version);
  }

  /** After a transaction that was rolled back. */
  forget(): void {
    this.#sizes = null;
  }

  #known(): Map<string, number> {
    this.#sizes ??= new Map(
      [...this.sql.exec("SELECT version, octet_length(bytes) AS size FROM unstored_body")].map((row) => [
        String(row.version),
        Number(row.size),
      ]),
    );
    return this.#sizes;
  }
}
