import { objectMetadata, versionKey } from "../../../domain/state-objects";
import { maxStateBytes } from "../../../domain/worker-api";
import { Refusal } from "../errors/refusal";
import { whyEncrypted } from "./encryption";
import type { Freezes } from "./freezes";
import { breaches } from "./guard";
import { type Inspected, ingest, jsonObject, requireStored, store, withMemoryFor } from "./ingest";
import type { Ledger } from "./ledger/ledger";
import type { Conflict, ConflictReason, NewVersion, VersionRecord, VersionSource } from "./ledger/records";
import type { StateContext } from "./state-context";
import type { VersionObjects } from "./version-objects";

/** What decides how the object is kept, and whether an S3 client's write is adopted. */
export interface ObjectRules {
  /** S3 clients may read the object. Otherwise it is brought up to date by the alarm. */
  readonly servesS3Clients: boolean;
  readonly freezes: Freezes;
  /** The whole deployment refuses plaintext. */
  readonly isEncryptionRequired: boolean;
}

/**
 * The object that S3 clients read and write. It is the projection of the current version: a copy, put there after the
 * commit. This class repairs what was left unfinished, and makes a version of what an S3 client wrote there.
 * Every method needs the state's mutex.
 */
export class CurrentObject {
  private readonly bucket: R2Bucket;
  private readonly ledger: Ledger;
  private readonly key: string;
  /** A put that a committed write left to run on; null if none does. */
  #following: Promise<void> | null = null;
  /** A version before whose put an S3 client wrote: whatever its serial, that write was made without it. */
  #unread: string | null = null;

  constructor(
    private readonly context: StateContext,
    private readonly objects: VersionObjects,
    private readonly rules: ObjectRules,
  ) {
    ({ bucket: this.bucket, ledger: this.ledger, key: this.key } = context);
  }

  /** Whether the object is the current version, as far as we know without asking R2. */
  get upToDate(): boolean {
    return this.#showsPointer && this.ledger.get("conflict") === null;
  }

  /** Whether {@link reconcile} can change anything without an admin. */
  get isRepairable(): boolean {
    const conflict = this.ledger.get("conflict");
    return conflict === null ? !this.#showsPointer : this.#isThawed(conflict);
  }

  /** Without a state there must be no object either: one that was left to be deleted has an ETag. */
  get #showsPointer(): boolean {
    const { version, etag } = this.ledger.get("projection");
    const pointer = this.ledger.get("pointer");
    return version === pointer && (pointer !== null || etag === null);
  }

  /** Whether the object is the current version, and S3 clients may have changed that. */
  get isReadByS3Clients(): boolean {
    return this.rules.servesS3Clients && this.upToDate;
  }

  /** Whether somebody may read the object: an S3 client, or during a freeze who moves the state there. Else the alarm will do. */
  get isSeenInBucket(): boolean {
    return this.rules.servesS3Clients || this.rules.freezes.active() !== null;
  }

  /**
   * Whether the ledger alone says what the state is. It does not where there is none, or another program may have put
   * one there, and where a person has to choose.
   * @param isLocked whether S3 clients are kept out
   */
  isLedgerTrusted(isLocked: boolean): boolean {
    if (this.ledger.get("conflict") !== null) return false;
    if (!this.rules.servesS3Clients) return this.ledger.get("pointer") !== null;
    const isKnown = this.ledger.get("projection").etag !== null;
    return isLocked && isKnown && (this.upToDate || this.#following !== null);
  }

  /** Whether no S3 client wrote, as far as it matters. While a put is under way, its condition finds that out. */
  async isUntouched(): Promise<boolean> {
    if (!this.rules.servesS3Clients || this.#following) return true;
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
    if (!this.isSeenInBucket) {
      this.#unread = version.id;
      return { answer: nothing, done: nothing };
    }
    if (version.lockId === null || !isUntouched) {
      const answer = this.projectAfterCommit(bytes);
      return { answer, done: answer };
    }
    return { answer: nothing, done: this.#follow(version, bytes) };
  }

  /**
   * Updates the object after a commit. A fault changes nothing of the commit, and is left to the next request to repair.
   * @throws Refusal if an S3 client wrote meanwhile: both are kept, and a person has to choose
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

  /** As {@link bringUpToDate}, unless an admin has to choose first. */
  async repair(): Promise<void> {
    if (this.isRepairable) await this.bringUpToDate();
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
    const body = bytes ?? (await this.objects.body(current));
    // With the condition, this never overwrites an S3 client's write, and a late put of an evicted instance has no effect.
    const put = await this.bucket.put(this.key, body, {
      ...jsonObject,
      customMetadata: { [objectMetadata.version]: current.id, [objectMetadata.sha256]: current.sha256 },
      onlyIf: etag === null ? { etagDoesNotMatch: "*" } : { etagMatches: etag },
    });
    if (put !== null) {
      requireStored(put, current.md5);
      this.#note(current, put);
    } else this.#unread = current.id;
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
      if ((found?.etag ?? null) === etag && !this.#isPutBack(found)) {
        if (this.ledger.get("conflict") !== null) this.ledger.set("conflict", null);
        if (this.#showsPointer) return;
      } else if (found === null) {
        this.ledger.atomically(() => {
          this.ledger.set("projection", { version: null, etag: null });
          this.ledger.audit.append("worker", "current_object_missing", { version });
        });
        if (pointer === null) return;
      } else {
        const projected = this.#projectedBy(found);
        if (projected === null || !this.#mayTurnUp(projected)) {
          await this.#adopt(found, projected);
          return;
        }
        // Ours after all: the answer to the put was lost, or it landed late.
        this.#note(projected, found);
        if (projected.id === pointer) return;
      }
      await this.#project(null);
    }
    throw new Error(`${this.key} changes faster than it can be repaired`);
  }

  #note({ id }: VersionRecord, { etag, version: upload }: R2Object): void {
    this.ledger.noteProjection({ version: id, etag, upload });
    this.#unread = null;
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
        isVerifiedByR2: true,
        strict: false,
        fits,
      }).catch((error: unknown) => {
        // A fault on the way, which says nothing of the object.
        const isCut = error instanceof Refusal && error.error.code === "body_incomplete";
        throw isCut ? new Error(`reading it for version ${id}: ${error.message}`) : error;
      });
      if (bytes) await store(this.bucket, key, bytes, facts);
      const createdAt = new Date().toISOString();
      return { ...versionFacts(facts), id, createdAt, createdBy: by, lockId: null, source };
    });
  }

  /** The version that a put of ours made this object of; null if it was none. */
  #projectedBy(found: R2Object): VersionRecord | null {
    const id = found.customMetadata?.[objectMetadata.version];
    const version = id === undefined ? null : this.ledger.versions.find(id);
    return version?.md5 === found.etag ? version : null;
  }

  /** Whether this object, which looks like the last one that we left, is a copy that somebody has put over a later one. */
  #isPutBack(found: R2Object | null): boolean {
    const { version, upload } = this.ledger.get("projection");
    if (found === null || upload === undefined || found.version === upload) return false;
    return version !== this.ledger.get("pointer");
  }

  /** Whether a put of this version may be seen only now. Else somebody copied an older object back, metadata and all. */
  #mayTurnUp({ id }: VersionRecord): boolean {
    return (
      id === this.ledger.get("pointer") ||
      (!this.#showsPointer && this.ledger.get("unprojected").includes(id))
    );
  }

  /** @param kept the version that the object is a copy of */
  async #adopt(found: R2Object, kept: VersionRecord | null): Promise<void> {
    const { etag, size } = found;
    const known = this.ledger.get("conflict");
    const isKnown = known?.etag === etag;
    if (isKnown && !this.#isThawed(known)) throw this.#refusal(known);
    const before = isKnown && known.version !== null ? this.ledger.versions.find(known.version) : kept;
    if (before) return this.#decide(before, etag, () => before);
    if (size > maxStateBytes) throw this.#setAside({ etag, version: null, reason: "too_large" }, { size });
    const object = await this.bucket.get(found.key, { onlyIf: { etagMatches: etag } });
    if (object === null || !("body" in object)) throw new Error(`${found.key} changed while it was read`);
    const version = await this.storeVersion(object.body, object.size, "s3", "s3").catch((error: unknown) => {
      if (error instanceof Refusal) return error;
      throw error;
    });
    if (version instanceof Refusal)
      throw this.#setAside({ etag, version: null, reason: "not_a_state" }, { size, why: version.message });
    this.#decide(version, etag, () => this.ledger.addVersion(version));
  }

  /**
   * Makes what an S3 client wrote the current version, or keeps it aside.
   * @param add brings it into the history, where it is not there yet
   * @throws Refusal if it is kept aside
   */
  #decide(version: NewVersion | VersionRecord, etag: string, add: () => VersionRecord): void {
    const { id, serial, sha256, encrypted } = version;
    const reason = this.#whyNotAdopted(version);
    const refusal = this.ledger.atomically(() => {
      add();
      if (reason !== null) return this.#setAside({ etag, version: id, reason });
      this.ledger.moveTo(id);
      this.ledger.set("projection", { version: id, etag });
      this.ledger.set("conflict", null);
      if (encrypted) this.ledger.set("everEncrypted", true);
      this.ledger.audit.append("s3", "adopted", { version: id, serial, sha256 });
      return null;
    });
    if (refusal) throw refusal;
  }

  /** An S3 client is held to the same rules as ours, and nobody gives it an override. */
  #whyNotAdopted(version: NewVersion | VersionRecord): ConflictReason | null {
    const { freezes, isEncryptionRequired } = this.rules;
    const why = whyEncrypted(this.ledger, isEncryptionRequired);
    const [breach] = breaches(this.context.ref, this.ledger.current(), version, why);
    if (breach) return breach.rule;
    if (this.#unread !== null && this.#unread === this.ledger.get("pointer")) return "unread";
    return freezes.active() ? "frozen" : null;
  }

  /** Whether it waits for nothing but the end of a freeze that has ended. */
  #isThawed({ reason }: Conflict): boolean {
    return reason === "frozen" && this.rules.freezes.active() === null;
  }

  #setAside(conflict: Conflict, facts: Readonly<Record<string, unknown>> = {}): Refusal {
    const { version, reason } = conflict;
    this.ledger.atomically(() => {
      this.ledger.set("conflict", conflict);
      const action = version === null ? "foreign_object_refused" : "foreign_write_kept_aside";
      this.ledger.audit.append("s3", action, { version, etag: conflict.etag, rule: reason, ...facts });
    });
    return this.#refusal(conflict);
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

  #refusal({ version: foreign, reason }: Conflict): Refusal {
    const { ref } = this.context;
    return new Refusal({ code: "foreign_write", ref, current: this.ledger.get("pointer"), foreign, reason });
  }
}

/** The part of a version record that is read from its bytes. */
export function versionFacts(facts: Inspected) {
  const { serial, lineage, encrypted, sha256, md5, size, resources } = facts;
  return { serial, lineage, encrypted, sha256, md5, size, resources };
}
