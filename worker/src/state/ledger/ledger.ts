import { AuditLog } from "../../sqlite/audit-log";
import { migrate } from "../../sqlite/migrations";
import { LockTable } from "./lock-table";
import { OverrideTable } from "./override-table";
import type { NewVersion, Projection, StateSettings, VersionRecord } from "./records";
import { ledgerSchema, newLedger } from "./schema";
import { SettingsRow } from "./settings-row";
import { UnstoredBodies } from "./unstored-bodies";
import { Uploads } from "./uploads";
import { VersionTable } from "./version-table";

/** Everything that a state's Durable Object remembers, in its SQLite. Each method is synchronous, so each is one step. */
export class Ledger {
  readonly audit: AuditLog;
  readonly locks: LockTable;
  readonly versions: VersionTable;
  readonly overrides: OverrideTable;
  readonly uploads: Uploads;
  readonly unstored: UnstoredBodies;
  readonly #settings: SettingsRow;
  #isChanging = false;

  constructor(private readonly storage: DurableObjectStorage) {
    const { sql } = storage;
    migrate(storage, ledgerSchema, newLedger);
    this.audit = new AuditLog(sql);
    this.locks = new LockTable(sql);
    this.versions = new VersionTable(sql);
    this.overrides = new OverrideTable(sql);
    this.unstored = new UnstoredBodies(sql);
    this.#settings = new SettingsRow(sql);
    this.uploads = new Uploads(sql, {
      atomically: (change) => this.atomically(change),
      get: () => this.get("uploads"),
      set: (key, value) => this.set(key, value),
      note: (key, value) => this.#settings.note(key, value),
    });
  }

  /** All of `change` is kept, or nothing. A change within a change is a part of it. */
  atomically<T>(change: () => T): T {
    if (this.#isChanging) return change();
    this.#isChanging = true;
    let isKept = false;
    try {
      const result = this.storage.transactionSync(() => {
        const result = change();
        this.#settings.store();
        return result;
      });
      isKept = true;
      return result;
    } finally {
      this.#settings.endTransaction(isKept);
      if (!isKept) this.#forget();
      this.#isChanging = false;
    }
  }

  /** What was remembered of the tables may not be in them. */
  #forget(): void {
    this.uploads.forgetSpare();
    this.locks.forget();
    this.versions.forget();
    this.unstored.forget();
    this.audit.forget();
  }

  get<Key extends keyof StateSettings>(key: Key): StateSettings[Key] {
    return this.#settings.get(key);
  }

  set<Key extends Exclude<keyof StateSettings, "pointer" | "unprojected">>(
    key: Key,
    value: StateSettings[Key],
  ): void {
    this.atomically(() => this.#settings.set(key, value));
  }

  /** Makes a version the current one; null if there is no state from now on. */
  moveTo(id: string | null): void {
    this.atomically(() => {
      const last = this.get("pointer");
      const isSeen = last === this.get("projection").version;
      const earlier = isSeen ? [] : this.get("unprojected");
      this.#settings.set("unprojected", isSeen || last === null ? earlier : [...earlier, last]);
      this.#settings.set("pointer", id);
    });
  }

  /** For what R2 was just seen to hold: stored with the next change, as after a crash the object itself tells. */
  noteProjection(projection: Projection): void {
    this.#settings.note("projection", projection);
  }

  /**
   * The current version; null if there is no state.
   * @throws Error when the pointer leads nowhere: that must never read as "no state"
   */
  current(): VersionRecord | null {
    const pointer = this.get("pointer");
    if (pointer === null) return null;
    const version = this.versions.find(pointer);
    if (version === null) throw new Error(`current version ${pointer} is not in the ledger`);
    return version;
  }

  /** Adds a version, whose upload ends with it. @returns the record as it is read back from now on */
  addVersion(version: NewVersion): VersionRecord {
    const added = this.versions.add(version);
    this.uploads.end(version.id);
    return added;
  }
}
