import { objectMetadata, versionKey } from "../../../domain/state-objects";
import { maxStateBytes } from "../../../domain/worker-api";
import { Refusal } from "../errors/refusal";
import { whyStaysEncrypted } from "./encryption";
import { breaches } from "./guard";
import { type Inspected, ingest, jsonObject, requireStored, store, withMemoryFor } from "./ingest";
import type { Ledger } from "./ledger/ledger";
import type { NewVersion, VersionRecord, VersionSource } from "./ledger/records";
import type { StateContext } from "./state-context";

/**
 * The object that S3 clients read and write. It is the projection of the current version: a copy, put there after the
 * commit. This class repairs what was left unfinished, and makes a version of what an S3 client wrote there.
 * Every method needs the state's mutex.
 */
export class CurrentObject {
  private readonly bucket: R2Bucket;
  private readonly ledger: Ledger;
  private readonly key: string;
  /** A put that a committed write left to run on; null where none does. */
  #following: Promise<void> | null = null;

  constructor(
    private readonly context: StateContext,
    /** S3 clients may read the object. Otherwise it is brought up to date by the alarm. */
    private readonly servesS3Clients: boolean,
  ) {
    ({ bucket: this.bucket, ledger: this.ledger, key: this.key } = context);
  }

  /** Whether the object is the current version, as far as we know without asking R2. */
  get upToDate(): boolean {
    return (
      this.ledger.get("projection").version === this.ledger.get("pointer") &&
      this.ledger.get("conflict") === null
    );
  }

  /** Whether the object is the current version, and S3 clients may have changed that. */
  get isReadByS3Clients(): boolean {
    return this.servesS3Clients && this.upToDate;
  }

  /**
   * Whether the ledger alone says what the state is. It does not where there is none, or another program may have put
   * one there, and where a person has to choose.
   * @param isLocked whether S3 clients are kept out
   */
  isLedgerTrusted(isLocked: boolean): boolean {
    if (this.ledger.get("conflict") !== null) return false;
    if (!this.servesS3Clients) return this.ledger.get("pointer") !== null;
    const isKnown = this.ledger.get("projection").etag !== null;
    return isLocked && isKnown && (this.upToDate || this.#following !== null);
  }

  /** Whether no S3 client wrote, as far as it matters. While a put is under way, its condition finds that out. */
  async isUntouched(): Promise<boolean> {
    if (!this.servesS3Clients || this.#following) return true;
    const { etag } = this.ledger.get("projection");
    return ((await this.bucket.head(this.key))?.etag ?? null) === etag;
  }

  /**
   * After the commit of a write: brings the object up to date. Under a lock this goes on while the client does, since
   * the lock keeps S3 clients out, and whatever needs the object waits for it.
   * @param bytes the version's bytes, where the caller still has them
   * @param isUntouched false where the put will find that an S3 client wrote: the client is to hear of it
   * @returns when the write may be answered, and when the bytes are not needed any more
   */
  afterWrite(
    version: VersionRecord,
    bytes: Uint8Array | null,
    isUntouched: boolean,
  ): { readonly answer: Promise<void>; readonly done: Promise<void> } {
    const nothing = Promise.resolve();
    if (!this.servesS3Clients) return { answer: nothing, done: nothing };
    if (version.lockId === null || !isUntouched) {
      const answer = this.projectAfterCommit(bytes);
      return { answer, done: answer };
    }
    return { answer: nothing, done: this.#follow(version, bytes) };
  }

  /**
   * Updates the object after a commit. A fault changes nothing of the commit, and is left to the next request to repair.
   * @throws Refusal where an S3 client wrote meanwhile: both are kept, and a person has to choose
   */
  async projectAfterCommit(bytes: Uint8Array | null = null): Promise<void> {
    try {
      await this.#following;
      await this.#project(bytes);
      if (!this.upToDate) await this.reconcile();
    } catch (error) {
      if (error instanceof Refusal) throw error;
      this.#warn(error);
    }
  }

  /** Before S3 clients get in: finishes what is under way, and repairs what is unfinished. */
  async bringUpToDate(): Promise<void> {
    await this.#following;
    if (!this.upToDate) await this.reconcile();
  }

  #follow(version: VersionRecord, bytes: Uint8Array | null): Promise<void> {
    const before = this.#following;
    const put = (async () => {
      await before;
      // A later write follows with its own.
      if (this.ledger.get("pointer") === version.id) await this.#project(bytes);
    })()
      .catch((error: unknown) => this.#warn(error))
      .finally(() => {
        if (this.#following === put) this.#following = null;
      });
    this.#following = put;
    return put;
  }

  #warn(error: unknown): void {
    const { ref } = this.context;
    console.warn(JSON.stringify({ level: "warn", event: "projection_failed", ...ref, error: String(error) }));
  }

  async #project(bytes: Uint8Array | null): Promise<void> {
    const { etag } = this.ledger.get("projection");
    const current = this.ledger.current();
    if (current === null) return this.#removeObject(etag);
    const body = bytes ?? (await this.#versionBody(current));
    // With the condition, this never overwrites an S3 client's write, and a late put of an evicted instance has no effect.
    const put = await this.bucket.put(this.key, body, {
      ...jsonObject,
      customMetadata: { [objectMetadata.version]: current.id, [objectMetadata.sha256]: current.sha256 },
      onlyIf: etag === null ? { etagDoesNotMatch: "*" } : { etagMatches: etag },
    });
    if (put !== null) {
      requireStored(put, current.md5);
      this.ledger.noteProjection({ version: current.id, etag: put.etag });
    }
  }

  /**
   * Compares the object with what we left there; repairs, or adopts what an S3 client wrote.
   * @throws Refusal when what an S3 client wrote does not follow our version: an admin has to choose
   */
  async reconcile(): Promise<void> {
    await this.#following;
    for (let attempt = 0; attempt < 4; attempt++) {
      const found = await this.bucket.head(this.key);
      const { version, etag } = this.ledger.get("projection");
      const pointer = this.ledger.get("pointer");
      if ((found?.etag ?? null) === etag) {
        if (this.ledger.get("conflict") !== null) this.ledger.set("conflict", null);
        if (version === pointer) return;
      } else if (found === null) {
        this.ledger.atomically(() => {
          this.ledger.set("projection", { version: null, etag: null });
          this.ledger.audit.append("worker", "current_object_missing", { version });
        });
        if (pointer === null) return;
      } else {
        const projected = found.customMetadata?.[objectMetadata.version];
        if (projected !== undefined && this.ledger.versions.find(projected)?.md5 === found.etag) {
          // Ours after all: the answer to the put was lost, or it landed late.
          this.ledger.noteProjection({ version: projected, etag: found.etag });
          if (projected === pointer) return;
        } else {
          await this.#adopt(found);
          return;
        }
      }
      await this.#project(null);
    }
    throw new Error(`${this.key} changes faster than it can be repaired`);
  }

  /** Stores `body` as a version that is not current yet. */
  storeVersion(
    body: ReadableStream<Uint8Array>,
    length: number,
    source: VersionSource,
    by: string,
  ): Promise<NewVersion> {
    const id = this.ledger.uploads.begin();
    const key = versionKey(this.key, id);
    return withMemoryFor(length, async (fits) => {
      const { facts, bytes } = await ingest(this.bucket, key, body, {
        length,
        contentMd5: null,
        strict: false,
        fits,
      });
      if (bytes) await store(this.bucket, key, bytes, facts);
      const createdAt = new Date().toISOString();
      return { ...versionFacts(facts), id, createdAt, createdBy: by, lockId: null, source };
    });
  }

  async #adopt(found: R2Object): Promise<void> {
    const known = this.ledger.get("conflict");
    if (known?.etag === found.etag) throw this.#conflict(known.version);
    const object = await this.bucket.get(found.key, { onlyIf: { etagMatches: found.etag } });
    if (object === null || !("body" in object)) throw new Error(`${found.key} changed while it was read`);
    if (object.size > maxStateBytes)
      throw new Error(`${found.key} has ${object.size} bytes, more than ${maxStateBytes}`);
    const version = await this.storeVersion(object.body, object.size, "s3", "s3").catch((error: unknown) => {
      if (error instanceof Refusal) return null;
      throw error;
    });
    if (version === null) {
      this.ledger.set("conflict", { etag: found.etag, version: null });
      throw this.#conflict(null);
    }
    const current = this.ledger.current();
    const [breach] = breaches(this.context.ref, current, version, whyStaysEncrypted(this.ledger));
    this.ledger.atomically(() => {
      this.ledger.addVersion(version);
      if (breach) {
        this.ledger.set("conflict", { etag: found.etag, version: version.id });
        this.ledger.audit.append("s3", "foreign_write_kept_aside", {
          version: version.id,
          rule: breach.rule,
        });
        return;
      }
      this.ledger.set("pointer", version.id);
      this.ledger.set("projection", { version: version.id, etag: found.etag });
      this.ledger.set("conflict", null);
      if (version.encrypted) this.ledger.set("everEncrypted", true);
      this.ledger.audit.append("s3", "adopted", {
        version: version.id,
        serial: version.serial,
        sha256: version.sha256,
      });
    });
    if (breach) throw this.#conflict(version.id);
  }

  /** After an admin chose: the S3 client's object may be replaced now, but nothing newer than it. */
  resolveConflict(): void {
    const conflict = this.ledger.get("conflict");
    if (conflict === null) return;
    this.ledger.set("projection", { version: null, etag: conflict.etag });
    this.ledger.set("conflict", null);
  }

  async #removeObject(etag: string | null): Promise<void> {
    const found = await this.bucket.head(this.key);
    if (found !== null && found.etag !== etag) return; // an S3 client wrote meanwhile: reconcile decides
    if (found !== null) await this.bucket.delete(this.key);
    this.ledger.set("projection", { version: null, etag: null });
  }

  async #versionBody(version: VersionRecord): Promise<ReadableStream<Uint8Array>> {
    const object = await this.bucket.get(versionKey(this.key, version.id));
    if (object === null)
      throw new Refusal({ code: "object_missing", id: version.id, serial: version.serial });
    return object.body;
  }

  #conflict(foreign: string | null): Refusal {
    const { ref } = this.context;
    return new Refusal({ code: "foreign_write", ref, current: this.ledger.get("pointer"), foreign });
  }
}

/** The part of a version record that is read from its bytes. */
export function versionFacts(facts: Inspected) {
  const { serial, lineage, encrypted, sha256, md5, size, resources } = facts;
  return { serial, lineage, encrypted, sha256, md5, size, resources };
}
