import type { StateSettings } from "./records";

/** The uploads that did not end yet, as the ledger stores them. */
interface UploadStorage {
  get(key: "uploads"): StateSettings["uploads"];
  set(key: "uploads", value: StateSettings["uploads"]): void;
}

/**
 * Uploads of versions. Each has an ID before its first byte goes to R2, so that a crash leaves no object that nobody
 * knows of.
 */
export class Uploads {
  /** An upload that was begun ahead and is not in use. */
  #spare: string | null = null;

  constructor(private readonly ledger: UploadStorage) {}

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
    return id in this.ledger.get("uploads");
  }

  /** For an upload of which nothing was stored: the next one takes its ID. */
  giveBack(id: string): void {
    this.#spare ??= id;
  }

  end(id: string): void {
    const { [id]: _, ...others } = this.ledger.get("uploads");
    this.ledger.set("uploads", others);
    if (this.#spare === id) this.#spare = null;
  }

  /** IDs of the uploads that began before `time`. */
  startedBefore(time: string): string[] {
    const uploads = Object.entries(this.ledger.get("uploads"));
    return uploads.flatMap(([id, startedAt]) => (startedAt < time ? [id] : []));
  }

  /** After a transaction that was rolled back: the spare one may have been begun in it. */
  forgetSpare(): void {
    this.#spare = null;
  }

  #add(): string {
    const id = crypto.randomUUID();
    this.ledger.set("uploads", { ...this.ledger.get("uploads"), [id]: new Date().toISOString() });
    return id;
  }
}
