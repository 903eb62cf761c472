import type { LockInfo } from "../lock-info";
import { AuditLog } from "./audit-log";
import type { Overridable } from "./guard";
import { ledgerSchema } from "./ledger-schema";
import {
  defaults,
  type LockFate,
  type LockRecord,
  type NewVersion,
  type OverrideRecord,
  type Projection,
  type Report,
  type Settings,
  type VersionRecord,
  type VersionSource,
} from "./records";
import { migrate } from "./schema";

/** Above this, the list of resources of a version is not kept (a row of SQLite holds 2 MB). */
const maxResourcesJson = 512 * 1024;

type Row = Record<string, SqlStorageValue>;

/** Everything a state's Durable Object remembers, in its SQLite. Each method is synchronous, so each is one step. */
export class Ledger {
  readonly audit: AuditLog;
  /** What the table holds, and what was noted since; null where it has to be read. Nobody else writes there. */
  #settings: Settings | null = null;
  #changing = false;
  #changed = false;
  #locksTaken = 0;
  /** An upload that was begun ahead and is not in use. */
  #spareUpload: string | null = null;

  constructor(private readonly storage: DurableObjectStorage) {
    migrate(storage, ledgerSchema);
    this.audit = new AuditLog(storage.sql);
  }

  /** All of `change` is kept, or nothing. A change within a change is a part of it. */
  atomically<T>(change: () => T): T {
    if (this.#changing) return change();
    this.#changing = true;
    try {
      return this.storage.transactionSync(() => {
        const result = change();
        if (this.#changed) this.#storeSettings();
        return result;
      });
    } catch (error) {
      this.#settings = null;
      this.#spareUpload = null;
      throw error;
    } finally {
      this.#changing = false;
      this.#changed = false;
    }
  }

  get<K extends keyof Settings>(key: K): Settings[K] {
    this.#settings ??= this.#readSettings();
    return this.#settings[key];
  }

  set<K extends keyof Settings>(key: K, value: Settings[K]): void {
    this.atomically(() => {
      this.#note(key, value);
      this.#changed = true;
    });
  }

  /** What the Directory should know. */
  report(): Report {
    return { lockedSince: this.holder()?.takenAt ?? null, conflict: this.get("conflict") !== null };
  }

  /** For what R2 was just seen to hold: stored with the next change, as after a crash the object itself tells. */
  noteProjection(projection: Projection): void {
    this.#note("projection", projection);
  }

  holder(): LockRecord | null {
    const row = this.#first("SELECT * FROM lock WHERE fate = 'held'");
    return row && toLock(row);
  }

  lock(id: string): LockRecord | null {
    const row = this.#first("SELECT * FROM lock WHERE id = ?", id);
    return row && toLock(row);
  }

  /** Grows with every lock that is taken while this object is in memory: two equal numbers mean none in between. */
  locksTaken(): number {
    return this.#locksTaken;
  }

  addLock(lock: Omit<LockRecord, "endedBy">): void {
    this.#locksTaken++;
    const { id, fate, info, request, principal, origin, takenAt } = lock;
    this.storage.sql.exec(
      "INSERT INTO lock VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
      id,
      fate,
      JSON.stringify(info),
      request,
      principal,
      origin,
      takenAt,
    );
  }

  endLock(id: string, fate: "released" | "broken", endedBy: string): void {
    this.storage.sql.exec(
      "UPDATE lock SET fate = ?, endedBy = ? WHERE id = ? AND fate = 'held'",
      fate,
      endedBy,
      id,
    );
  }

  /** @throws Error when the pointer leads nowhere: that must never read as "no state" */
  current(): VersionRecord | null {
    const pointer = this.get("pointer");
    if (pointer === null) return null;
    const version = this.version(pointer);
    if (version === null) throw new Error(`current version ${pointer} is not in the ledger`);
    return version;
  }

  version(id: string): VersionRecord | null {
    const row = this.#first("SELECT * FROM version WHERE id = ? AND pruned = 0", id);
    return row && toVersion(row);
  }

  /** Newest first, those before `seq`; read as they are asked for. */
  *versions(before: VersionRecord | null): Generator<VersionRecord> {
    const rows = this.storage.sql.exec(
      `SELECT * FROM version WHERE pruned = 0
         AND seq < coalesce((SELECT seq FROM version WHERE id = ?), 9223372036854775807)
       ORDER BY seq DESC`,
      before?.id ?? null,
    );
    for (const row of rows) yield toVersion(row);
  }

  /** Addresses of the resources of a version; null where it is encrypted or has too many. */
  resources(id: string): string[] | null {
    const row = this.#first(
      "SELECT addresses FROM resource_list WHERE version = (SELECT seq FROM version WHERE id = ?)",
      id,
    );
    return row && (JSON.parse(String(row.addresses)) as string[]);
  }

  countVersions(): number {
    return Number(this.#first("SELECT count(*) AS n FROM version WHERE pruned = 0")?.n ?? 0);
  }

  /** @returns the record as it is read back from now on, so that a replay is answered with the same bytes */
  addVersion({ resources, ...version }: NewVersion): VersionRecord {
    const added = this.storage.sql.exec(
      `INSERT INTO version (id, serial, lineage, sha256, md5, size, encrypted, createdAt, createdBy, lockId, source)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
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
    );
    const row = added.one();
    const addresses = resources === null ? null : JSON.stringify(resources);
    if (addresses !== null && addresses.length <= maxResourcesJson)
      this.storage.sql.exec("INSERT INTO resource_list VALUES (?, ?)", row.seq, addresses);
    this.endUpload(version.id);
    return toVersion(row);
  }

  /** IDs of versions that are beyond the newest `keep` and older than `before`, pinned ones left out. */
  prunable(keep: number, before: string): string[] {
    const rows = this.storage.sql.exec(
      `SELECT id FROM version WHERE pruned = 0 AND pinned = 0 AND createdAt < ?
         AND seq < (SELECT min(seq) FROM (SELECT seq FROM version WHERE pruned = 0 ORDER BY seq DESC LIMIT ?))`,
      before,
      keep,
    );
    return [...rows].map((row) => String(row.id));
  }

  pin(id: string, pinned: boolean): void {
    this.storage.sql.exec("UPDATE version SET pinned = ? WHERE id = ?", pinned ? 1 : 0, id);
  }

  /** Hides the version before its object goes, so that no listed version is ever without its bytes. */
  markPruned(id: string): void {
    this.storage.sql.exec("UPDATE version SET pruned = 1 WHERE id = ?", id);
  }

  prunedVersions(limit: number): string[] {
    return [...this.storage.sql.exec("SELECT id FROM version WHERE pruned = 1 LIMIT ?", limit)].map((row) =>
      String(row.id),
    );
  }

  forgetVersion(id: string): void {
    this.storage.sql.exec(
      "DELETE FROM resource_list WHERE version = (SELECT seq FROM version WHERE id = ? AND pruned = 1)",
      id,
    );
    this.storage.sql.exec("DELETE FROM version WHERE id = ? AND pruned = 1", id);
  }

  /** The ID of an upload, which is stored before its first byte: a crash leaves no object that nobody knows of. */
  beginUpload(): string {
    const id = this.#spareUpload ?? this.#addUpload();
    this.#spareUpload = null;
    return id;
  }

  /** Begins the next upload with another change, so that it needs no trip to the disk of its own. */
  prepareUpload(): void {
    this.#spareUpload ??= this.#addUpload();
  }

  uploadKnown(id: string): boolean {
    return id in this.get("uploads");
  }

  /** For an upload of which nothing was stored: the next one takes its place. */
  giveBackUpload(id: string): void {
    this.#spareUpload ??= id;
  }

  endUpload(id: string): void {
    const { [id]: _, ...others } = this.get("uploads");
    this.set("uploads", others);
    if (this.#spareUpload === id) this.#spareUpload = null;
  }

  /** Uploads that began before `time`. */
  uploadsBefore(time: string): string[] {
    return Object.entries(this.get("uploads")).flatMap(([id, startedAt]) => (startedAt < time ? [id] : []));
  }

  addOverride(override: OverrideRecord, usedAt: string | null): void {
    const { id, allow, grantedBy, reason, expiresAt } = override;
    this.storage.sql.exec(
      "INSERT INTO override VALUES (?, ?, ?, ?, ?, ?)",
      id,
      JSON.stringify(allow),
      grantedBy,
      reason,
      expiresAt,
      usedAt,
    );
  }

  overrideKnown(id: string): boolean {
    return this.#first("SELECT id FROM override WHERE id = ?", id) !== null;
  }

  openOverrides(now: string): OverrideRecord[] {
    const rows = this.storage.sql.exec(
      "SELECT * FROM override WHERE usedAt IS NULL AND expiresAt > ? ORDER BY expiresAt",
      now,
    );
    return [...rows].map((row) => ({
      id: String(row.id),
      allow: JSON.parse(String(row.allow)) as Overridable[],
      grantedBy: String(row.grantedBy),
      reason: String(row.reason),
      expiresAt: String(row.expiresAt),
    }));
  }

  useOverride(id: string, now: string): void {
    this.storage.sql.exec("UPDATE override SET usedAt = ? WHERE id = ?", now, id);
  }

  #addUpload(): string {
    const id = crypto.randomUUID();
    this.set("uploads", { ...this.get("uploads"), [id]: new Date().toISOString() });
    return id;
  }

  #note<K extends keyof Settings>(key: K, value: Settings[K]): void {
    this.#settings = { ...(this.#settings ?? this.#readSettings()), [key]: value };
  }

  #readSettings(): Settings {
    const row = this.#first("SELECT json FROM settings");
    return { ...defaults, ...(row && (JSON.parse(String(row.json)) as Partial<Settings>)) };
  }

  #storeSettings(): void {
    this.storage.sql.exec("INSERT OR REPLACE INTO settings VALUES (1, ?)", JSON.stringify(this.#settings));
  }

  #first(query: string, ...bindings: SqlStorageValue[]): Row | null {
    const result = this.storage.sql.exec(query, ...bindings).next();
    return result.done ? null : result.value;
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
  };
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
