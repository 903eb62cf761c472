import type { StateSettings } from "./records";
import { firstRow } from "./row";

/** The ledger, which stores the newest uploads that did not end yet with its settings. */
interface NewestUploads {
  atomically<T>(change: () => T): T;
  get(key: "uploads"): StateSettings["uploads"];
  set(key: "uploads", value: StateSettings["uploads"]): void;
  /** As {@link set}, stored with the next change. */
  note(key: "uploads", value: StateSettings["uploads"]): void;
}

/** As many are kept in the row of settings, which each change stores anyway; a row of its own would cost another two. */
const maxNewest = 16;
/** Of those that did not end, the oldest go before their time where there are more than these. */
const maxOlder = 1000;

/**
 * Uploads of versions. Each has an ID before its first byte goes to R2, so that a crash leaves no object that nobody
 * knows of. The newest are kept with the settings; one that has not ended when many others have begun gets a row.
 */
export class Uploads {
  /** An upload that was begun ahead and is not in use. */
  #spare: string | null = null;

  constructor(
    private readonly sql: SqlStorage,
    private readonly newest: NewestUploads,
  ) {}

  /** The ID of the next upload, which is the version's ID once it is committed. */
  begin(): string {
    const id = this.#spare ?? this.#add();
    this.#spare = null;
    return id;
  }

  /** Begins the next upload together with another change, so that it needs no trip to the disk of its own. */
  prepare(): void {
    this.#spare ??= this.#add();
  }

  has(id: string): boolean {
    return (
      id in this.newest.get("uploads") ||
      firstRow(this.sql, "SELECT id FROM upload WHERE id = ?", id) !== null
    );
  }

  /** For an upload of which nothing was stored: the next one takes its ID, unless the sweep ended it meanwhile. */
  giveBack(id: string): void {
    if (this.#spare === null && this.has(id)) this.#spare = id;
    else this.forget(id);
  }

  /** For an upload of which nothing is left, and nothing can come. Stored with the next change: until then it does no harm. */
  forget(id: string): void {
    const { [id]: startedAt, ...others } = this.newest.get("uploads");
    if (startedAt === undefined) this.#remove(id);
    else this.newest.note("uploads", others);
  }

  end(id: string): void {
    const { [id]: startedAt, ...others } = this.newest.get("uploads");
    if (startedAt === undefined) this.#remove(id);
    else this.newest.set("uploads", others);
    if (this.#spare === id) this.#spare = null;
  }

  /** IDs of the uploads that began before `time`, and of the oldest where too many did not end. */
  startedBefore(time: string): string[] {
    const newest = Object.entries(this.newest.get("uploads"));
    const older = this.sql.exec(
      `SELECT id FROM upload WHERE startedAt < ?1
       UNION SELECT id FROM (SELECT id FROM upload ORDER BY startedAt DESC LIMIT -1 OFFSET ?2)`,
      time,
      maxOlder,
    );
    return [
      ...[...older].map((row) => String(row.id)),
      ...newest.flatMap(([id, startedAt]) => (startedAt < time ? [id] : [])),
    ];
  }

  /** After a transaction that was rolled back: the spare one may have been begun in it. */
  forgetSpare(): void {
    this.#spare = null;
  }

  #add(): string {
    const id = crypto.randomUUID();
    const begun = [...Object.entries(this.newest.get("uploads")), [id, new Date().toISOString()] as const];
    this.newest.atomically(() => {
      // The keys of an object keep the order in which they came, also through JSON.
      for (const [older, startedAt] of begun.splice(0, begun.length - maxNewest))
        this.sql.exec("INSERT INTO upload VALUES (?, ?)", older, startedAt);
      this.newest.set("uploads", Object.fromEntries(begun));
    });
    return id;
  }

  #remove(id: string): void {
    this.sql.exec("DELETE FROM upload WHERE id = ?", id);
  }
}
