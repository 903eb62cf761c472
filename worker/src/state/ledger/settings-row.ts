import { initialSettings, type StateSettings } from "./records";

/** The single values of a state, in one row of JSON. */
export class SettingsRow {
  /** What the table holds, and what was noted since; null if it has to be read. Nobody else writes there. */
  #settings: StateSettings | null = null;
  #hasChanged = false;

  constructor(private readonly sql: SqlStorage) {}

  get<Key extends keyof StateSettings>(key: Key): StateSettings[Key] {
    this.#settings ??= this.#read();
    return this.#settings[key];
  }

  /** To be stored by {@link store}, in the same transaction. */
  set<Key extends keyof StateSettings>(key: Key, value: StateSettings[Key]): void {
    this.note(key, value);
    this.#hasChanged = true;
  }

  /** Remembers a value that is stored with the next change. */
  note<Key extends keyof StateSettings>(key: Key, value: StateSettings[Key]): void {
    this.#settings = { ...(this.#settings ?? this.#read()), [key]: value };
  }

  store(): void {
    if (!this.#hasChanged) return;
    this.sql.exec("INSERT OR REPLACE INTO settings VALUES (1, ?)", JSON.stringify(this.#settings));
  }

  /** After a transaction. @param isKept whether it was committed; else the table is read again */
  endTransaction(isKept: boolean): void {
    this.#hasChanged = false;
    if (!isKept) this.#settings = null;
  }

  #read(): StateSettings {
    const row = this.sql.exec("SELECT json FROM settings").next();
    if (row.done) return initialSettings;
    return { ...initialSettings, ...(JSON.parse(String(row.value.json)) as Partial<StateSettings>) };
  }
}
