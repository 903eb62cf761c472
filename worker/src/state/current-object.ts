import { type Problem, Refusal } from "../problem";
import { breaches } from "./guard";
import { type Inspected, ingest, json, maxBytes, requireStored, store, withRoom } from "./ingest";
import { currentKey, historyKey, type StateRef } from "./keys";
import type { Ledger } from "./ledger";
import type { NewVersion, VersionRecord, VersionSource } from "./records";

/**
 * The object that plain S3 clients read and write. It is a copy of the current version, made after the commit; what
 * was left half done is repaired here, and what an S3 client wrote there becomes a version of ours.
 * Every method needs the state's mutex.
 */
export class CurrentObject {
  constructor(
    private readonly bucket: R2Bucket,
    private readonly ledger: Ledger,
    private readonly ref: StateRef,
  ) {}

  /** The object shows the current version, as far as we know without asking R2. */
  get upToDate(): boolean {
    return (
      this.ledger.get("projection").version === this.ledger.get("pointer") &&
      this.ledger.get("conflict") === null
    );
  }

  /**
   * Makes the object show the current version.
   * @param bytes the version's bytes, where the caller still has them
   */
  async project(bytes: Uint8Array | null = null): Promise<void> {
    const { etag } = this.ledger.get("projection");
    const current = this.ledger.current();
    if (current === null) return this.#removeShown(etag);
    const body = bytes ?? (await this.#versionBody(current));
    // The condition keeps an S3 client's write, and a late put of an evicted instance loses against it.
    const put = await this.bucket.put(currentKey(this.ref), body, {
      ...json,
      customMetadata: { version: current.id, sha256: current.sha256 },
      onlyIf: etag === null ? { etagDoesNotMatch: "*" } : { etagMatches: etag },
    });
    if (put !== null) {
      requireStored(put, current.md5);
      this.ledger.noteProjection({ version: current.id, etag: put.etag });
    }
  }

  /**
   * Compares the object with what we left there; repairs, or adopts what an S3 client wrote.
   * @throws Refusal when a foreign object does not follow our version: a person has to choose
   */
  async reconcile(): Promise<void> {
    for (let attempt = 0; attempt < 4; attempt++) {
      const found = await this.bucket.head(currentKey(this.ref));
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
        const shown = found.customMetadata?.version;
        if (shown !== undefined && this.ledger.version(shown)?.md5 === found.etag) {
          // Ours after all: the answer to the put was lost, or it landed late.
          this.ledger.noteProjection({ version: shown, etag: found.etag });
          if (shown === pointer) return;
        } else {
          await this.#adopt(found);
          return;
        }
      }
      await this.project();
    }
    throw new Error(`${currentKey(this.ref)} changes faster than it can be repaired`);
  }

  /** Stores `body` as a version that is not current yet. */
  keep(
    body: ReadableStream<Uint8Array>,
    length: number,
    source: VersionSource,
    by: string,
  ): Promise<NewVersion> {
    const id = this.ledger.beginUpload();
    const key = historyKey(this.ref, id);
    return withRoom(length, async (fits) => {
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
    if (known?.etag === found.etag) throw new Refusal(this.#conflictProblem(known.version));
    const object = await this.bucket.get(found.key, { onlyIf: { etagMatches: found.etag } });
    if (object === null || !("body" in object)) throw new Error(`${found.key} changed while it was read`);
    if (object.size > maxBytes)
      throw new Error(`${found.key} has ${object.size} bytes, more than ${maxBytes}`);
    const version = await this.keep(object.body, object.size, "s3", "s3").catch((error: unknown) => {
      if (error instanceof Refusal) return null;
      throw error;
    });
    if (version === null) {
      this.ledger.set("conflict", { etag: found.etag, version: null });
      throw new Refusal(this.#conflictProblem(null));
    }
    const current = this.ledger.current();
    const mustEncrypt = this.ledger.get("everEncrypted") ? "this state was encrypted before" : null;
    const [breach] = breaches(this.ref, current, version, mustEncrypt);
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
    if (breach) throw new Refusal(this.#conflictProblem(version.id));
  }

  /** After a person chose: the foreign object may be replaced now, and nothing newer than it. */
  settleConflict(): void {
    const conflict = this.ledger.get("conflict");
    if (conflict === null) return;
    this.ledger.set("projection", { version: null, etag: conflict.etag });
    this.ledger.set("conflict", null);
  }

  async #removeShown(etag: string | null): Promise<void> {
    const found = await this.bucket.head(currentKey(this.ref));
    if (found !== null && found.etag !== etag) return; // an S3 client wrote meanwhile: reconcile decides
    if (found !== null) await this.bucket.delete(currentKey(this.ref));
    this.ledger.set("projection", { version: null, etag: null });
  }

  async #versionBody(version: VersionRecord): Promise<ReadableStream<Uint8Array>> {
    const object = await this.bucket.get(historyKey(this.ref, version.id));
    if (object === null) throw missing(version);
    return object.body;
  }

  #conflictProblem(version: string | null): Problem {
    const current = this.ledger.get("pointer");
    const choices = [current, version].filter((id) => id !== null).join(" or ");
    const path = `/states/${encodeURIComponent(this.ref.name)}`;
    return {
      status: 500,
      code: "foreign_write",
      message:
        version === null
          ? `the object ${currentKey(this.ref)} is not a state (${current ? `version ${current} is kept` : "no version is known"})`
          : `an S3 client wrote ${currentKey(this.ref)}, and it does not follow version ${current}; ` +
            `both are kept, its write as version ${version}`,
      fix: choices
        ? `an admin chooses with POST ${path}/versions/{id}/restore, where the id is ${choices}`
        : `put a state there with an S3 client, or an admin discards the object with DELETE ${path}`,
    };
  }
}

/** The object of a version that we know is not there: an error for whoever asks, never "no state". */
export function missing(version: VersionRecord): Refusal {
  return new Refusal({
    status: 500,
    code: "object_missing",
    message: `version ${version.id} (serial ${version.serial}) is known, but its object is not in the bucket`,
    fix: "restore it from the backup bucket, or an admin restores another version",
  });
}

/** The part of a version record that is read from its bytes. */
export function versionFacts(facts: Inspected) {
  const { serial, lineage, encrypted, sha256, md5, size, resources } = facts;
  return { serial, lineage, encrypted, sha256, md5, size, resources };
}
