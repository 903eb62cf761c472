import { hash } from "node:crypto";
import { maxResourceList } from "../state-scanner";
import type { NewVersion, VersionRecord, VersionSource } from "./records";
import { firstRow, type Row } from "./row";

/** What is known of a list of resources without reading it. */
export interface ResourceList {
  /** Null, as the digest is, where an earlier Worker stored the list. */
  readonly count: number | null;
  readonly digest: string | null;
  /** Length of the stored list. */
  readonly bytes: number;
}

/** The versions of a state. Their bytes are in R2. */
export class VersionTable {
  /** The version that was last looked for or added; most requests are about the current one. Nobody else writes here. */
  #last: VersionRecord | null = null;

  constructor(private readonly sql: SqlStorage) {}

  find(id: string): VersionRecord | null {
    if (this.#last?.id === id) return this.#last;
    const row = firstRow(this.sql, "SELECT * FROM version WHERE id = ? AND pruned = 0", id);
    this.#last = row && toVersion(row);
    return this.#last;
  }

  /** After a change, and after a transaction that was rolled back. */
  forget(): void {
    this.#last = null;
  }

  /** Newest first, those older than `before`; read as they are asked for. */
  *list(before: VersionRecord | null): Generator<VersionRecord> {
    const rows = this.sql.exec(
      `SELECT * FROM version WHERE pruned = 0
         AND seq < coalesce((SELECT seq FROM version WHERE id = ?), 9223372036854775807)
       ORDER BY seq DESC`,
      before?.id ?? null,
    );
    for (const row of rows) yield toVersion(row);
  }

  count(): number {
    return Number(firstRow(this.sql, "SELECT count(*) AS n FROM version WHERE pruned = 0")?.n ?? 0);
  }

  /** The list of resources of a version; null if it is encrypted or has too many. */
  resourceList(id: string): ResourceList | null {
    const row = firstRow(
      this.sql,
      `SELECT resourceCount, resourceDigest, octet_length(addresses) AS bytes
       FROM version JOIN resource_list ON resource_list.version = version.seq WHERE id = ?`,
      id,
    );
    if (row === null) return null;
    const count = row.resourceCount === null ? null : Number(row.resourceCount);
    const digest = row.resourceDigest === null ? null : String(row.resourceDigest);
    return { count, digest, bytes: Number(row.bytes) };
  }

  /** Addresses of the resources of a version; null if it is encrypted or has too many. */
  resources(id: string): string[] | null {
    const row = firstRow(
      this.sql,
      "SELECT addresses FROM resource_list WHERE version = (SELECT seq FROM version WHERE id = ?)",
      id,
    );
    return row && (JSON.parse(String(row.addresses)) as string[]);
  }

  /** @returns the record as it is read back from now on, so that a replay is answered with the same bytes */
  add({ resources, ...version }: NewVersion): VersionRecord {
    const list = resources === null ? null : JSON.stringify(resources);
    const addresses = list !== null && list.length <= maxResourceList ? list : null;
    const added = this.sql.exec(
      `INSERT INTO version (id, serial, lineage, sha256, md5, size, encrypted, createdAt, createdBy, lockId, source,
         resourceCount, resourceDigest)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
      version.id,
      version.serial,
      version.lineage,
      version.sha256,
      version.md5,
      version.size,
      version.encrypted ? 1 : 0,
      version.createdAt,
      version.createdBy,
      version.lockId,
      version.source,
      resources?.length ?? null,
      addresses && hash("sha256", addresses, "hex"),
    );
    const row = added.one();
    if (addresses !== null) this.sql.exec("INSERT INTO resource_list VALUES (?, ?)", row.seq, addresses);
    this.#last = toVersion(row);
    return this.#last;
  }

  pin(id: string, pinned: boolean): void {
    this.forget();
    this.sql.exec("UPDATE version SET pinned = ? WHERE id = ?", pinned ? 1 : 0, id);
  }

  /**
   * IDs of versions that are beyond the newest `keep` and older than `before`, pinned ones left out. In no order, so that
   * those that cannot be deleted do not block the others for ever.
   */
  prunable(keep: number, before: string): string[] {
    const rows = this.sql.exec(
      `SELECT id FROM version WHERE pruned = 0 AND pinned = 0 AND createdAt < ?
         AND seq < (SELECT min(seq) FROM (SELECT seq FROM version WHERE pruned = 0 ORDER BY seq DESC LIMIT ?))
       ORDER BY random()`,
      before,
      keep,
    );
    return [...rows].map((row) => String(row.id));
  }

  /** Hides the version before its object goes, so that no listed version is ever without its bytes. */
  markPruned(id: string): void {
    this.forget();
    this.sql.exec("UPDATE version SET pruned = 1 WHERE id = ?", id);
  }

  /** Shows the version again: its object could not be deleted. */
  unmarkPruned(id: string): void {
    this.sql.exec("UPDATE version SET pruned = 0 WHERE id = ?", id);
  }

  /** Versions whose deletion was begun, and not seen to its end. */
  pruned(): string[] {
    const rows = this.sql.exec("SELECT id FROM version WHERE pruned = 1");
    return [...rows].map((row) => String(row.id));
  }

  /** Removes a pruned version, whose object is gone. */
  remove(id: string): void {
    this.sql.exec(
      "DELETE FROM resource_list WHERE version = (SELECT seq FROM version WHERE id = ? AND pruned = 1)",
      id,
    );
    this.sql.exec("DELETE FROM version WHERE id = ? AND pruned = 1", id);
  }
}

function toVersion(row: Row): VersionRecord {
  return {
    id: String(row.id),
    serial: row.serial === null ? null : Number(row.serial),
    lineage: row.lineage === null ? null : String(row.lineage),
    sha256: String(row.sha256),
    md5: String(row.md5),
    size: Number(row.size),
    encrypted: row.encrypted === 1,
    createdAt: String(row.createdAt),
    createdBy: String(row.createdBy),
    lockId: row.lockId === null ? null : String(row.lockId),
    source: row.source as VersionSource,
    pinned: row.pinned === 1,
  };
}
