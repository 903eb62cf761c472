import { Refusal } from "../problem";
import { type CurrentObject, missing, versionFacts } from "./current-object";
import { breaches } from "./guard";
import { noSuchVersion } from "./history";
import { type Ingested, ingest, md5Mismatch, store, withRoom } from "./ingest";
import { historyKey, type StateRef } from "./keys";
import type { Ledger } from "./ledger";
import type { Caller, Locks } from "./locks";
import { allEnded, type Mutex } from "./mutex";
import type { Overrides } from "./overrides";
import { damaged } from "./reads";
import type { NewVersion, VersionRecord } from "./records";

export interface WriteRequest {
  /** `?ID=` of the request. */
  readonly lockId: string | null;
  readonly contentMd5: string | null;
  /** Bytes announced. */
  readonly length: number;
  /** `X-Tfstate-Override` of the request. */
  readonly override: string | null;
}

/** The ways in which the current version of a state changes. */
export class Writes {
  constructor(
    private readonly bucket: R2Bucket,
    private readonly ledger: Ledger,
    private readonly locks: Locks,
    private readonly current: CurrentObject,
    private readonly overrides: Overrides,
    private readonly mutex: Mutex,
    private readonly ref: StateRef,
    /** Why the whole deployment refuses plaintext, or null. */
    private readonly deploymentEncrypts: boolean,
  ) {}

  /** POST. The body is read outside the mutex, as slowly as the client sends it; the fence is checked again after it. */
  write(caller: Caller, request: WriteRequest, body: ReadableStream<Uint8Array>): Promise<VersionRecord> {
    return withRoom(request.length, (fits) => this.#write(caller, request, body, fits));
  }

  async #write(
    caller: Caller,
    request: WriteRequest,
    body: ReadableStream<Uint8Array>,
    fits: boolean,
  ): Promise<VersionRecord> {
    this.locks.requireWriter(request.lockId);
    const locksTaken = this.ledger.locksTaken();
    const id = this.ledger.beginUpload();
    const key = historyKey(this.ref, id);
    const { length, contentMd5 } = request;
    // A body that does not fit goes to R2 while it comes in, so from here on its object may exist, whatever happens.
    let stored = !fits;
    try {
      const ingested = await ingest(this.bucket, key, body, { length, contentMd5, strict: true, fits });
      return await this.mutex.run(async () => {
        const storeOnce = async (): Promise<void> => {
          if (stored || ingested.bytes === null) return;
          stored = true;
          await store(this.bucket, key, ingested.bytes, ingested.facts);
        };
        // Checked before anything is paid for; side by side with the checks that ask R2; and once more at the commit.
        const expectsReplay = this.#admit(caller, request, ingested, locksTaken).replayed !== null;
        await allEnded([
          this.locks.requireS3Agreement(),
          this.#agreeWithBucket(),
          expectsReplay ? Promise.resolve() : storeOnce(),
        ]);
        const { replayed } = this.#admit(caller, request, ingested, locksTaken);
        if (replayed) {
          await this.#discard(id, stored);
          return replayed;
        }
        await storeOnce();
        const version = this.#commit(id, caller, request, ingested, locksTaken);
        await this.#show(ingested.bytes);
        return version;
      });
    } catch (error) {
      if (this.ledger.version(id) === null) await this.#discard(id, stored);
      throw error;
    }
  }

  /** DELETE: the pointer leads nowhere from now on; the versions stay. */
  async remove(caller: Caller, lockId: string | null): Promise<void> {
    this.locks.requireWriter(lockId);
    await this.locks.requireS3Agreement();
    if (caller.admin) await this.#reconcileUnlessConflict();
    else await this.current.reconcile();
    this.ledger.atomically(() => {
      this.locks.requireWriter(lockId);
      const pointer = this.ledger.get("pointer");
      if (pointer === null && this.ledger.get("conflict") === null) return;
      this.current.settleConflict();
      this.ledger.set("pointer", null);
      this.ledger.audit.append(caller.id, "delete", { version: pointer, lockId, origin: caller.origin });
    });
    await this.#show(null);
  }

  /** Moves the pointer to a version that is already there. */
  async restore(caller: Caller, id: string, lockId: string | null): Promise<VersionRecord> {
    await this.#requireRestorer(lockId);
    const version = this.ledger.version(id);
    if (version === null) throw noSuchVersion(this.ref, id);
    await this.#reconcileUnlessConflict();
    const object = await this.bucket.head(historyKey(this.ref, id));
    if (object === null) throw missing(version);
    if (object.etag !== version.md5) throw damaged(version);
    if (this.ledger.get("pointer") === id && this.ledger.get("conflict") === null) return version;
    this.#point(caller, version, "restore", lockId);
    await this.#show(null);
    return version;
  }

  /** Makes a version that `fetch` brings from elsewhere the current one. */
  async bringBack(caller: Caller, fetch: () => Promise<NewVersion>): Promise<VersionRecord> {
    await this.#requireRestorer(null);
    const brought = await fetch();
    const version = this.ledger.atomically(() => {
      const added = this.ledger.addVersion(brought);
      this.#point(caller, added, "restore_backup", null);
      return added;
    });
    await this.#show(null);
    return version;
  }

  /** Whoever holds the lock may restore, and anyone while nobody does; a freeze is no reason not to. */
  async #requireRestorer(lockId: string | null): Promise<void> {
    const check = () => (this.ledger.holder() || lockId !== null) && this.locks.requireWriter(lockId);
    check();
    await this.locks.requireS3Agreement();
    check(); // an S3 client may have broken the lock
  }

  /** Why plaintext is refused, or null. */
  get mustEncrypt(): string | null {
    if (this.deploymentEncrypts) return "this deployment requires encryption (TFSTATE_ENCRYPTION=required)";
    if (this.ledger.get("encryption") === "required") return "the policy of this state requires encryption";
    return this.ledger.get("everEncrypted") ? "this state was encrypted before" : null;
  }

  /** Every check that a write has to pass; synchronous. */
  #admit(caller: Caller, request: WriteRequest, { facts }: Ingested, locksTaken: number) {
    const writer = this.locks.requireWriter(request.lockId);
    if (writer === null && this.ledger.locksTaken() !== locksTaken) {
      throw new Refusal({
        status: 409,
        code: "overtaken",
        message: "the state was locked by someone else while this body was being sent without a lock",
        fix: "run plan again, with locking",
      });
    }
    const current = this.ledger.current();
    if (current?.sha256 === facts.sha256) {
      if (current.md5 !== facts.md5) throw md5Mismatch(facts.md5, current.md5);
      return { replayed: current, override: null, found: [] };
    }
    const found = breaches(this.ref, current, facts, this.mustEncrypt);
    const override = this.overrides.cover(caller, request.override, found);
    return { replayed: null, override, found };
  }

  /** The fence, the guard, the new version and the pointer: one transaction. */
  #commit(
    id: string,
    caller: Caller,
    request: WriteRequest,
    ingested: Ingested,
    locksTaken: number,
  ): VersionRecord {
    const now = new Date().toISOString();
    return this.ledger.atomically(() => {
      const { override, found } = this.#admit(caller, request, ingested, locksTaken);
      if (!this.ledger.uploadKnown(id)) throw new Error(`upload ${id} was swept before it was committed`);
      const version = this.ledger.addVersion({
        ...versionFacts(ingested.facts),
        id,
        createdAt: now,
        createdBy: caller.id,
        lockId: request.lockId,
        source: "http",
      });
      this.ledger.set("pointer", id);
      if (version.encrypted && !this.ledger.get("everEncrypted")) this.ledger.set("everEncrypted", true);
      if (request.lockId !== null) this.ledger.prepareUpload();
      if (override) this.overrides.use(caller, override, found);
      const { serial, sha256, size } = version;
      this.ledger.audit.append(caller.id, "write", {
        version: id,
        serial,
        sha256,
        size,
        lockId: request.lockId,
        origin: caller.origin,
      });
      return version;
    });
  }

  /**
   * Under a lock, S3 clients are kept out, and one that comes all the same is found out by the condition on the put of
   * the current object; so R2 is only asked where there is no lock, or nothing that the condition could name.
   */
  async #agreeWithBucket(): Promise<void> {
    if (this.ledger.holder() && this.current.upToDate && this.ledger.get("projection").etag !== null) return;
    await this.current.reconcile();
  }

  /** A foreign write is what restore and delete are there to settle; anything else is an error for them too. */
  async #reconcileUnlessConflict(): Promise<void> {
    await this.current.reconcile().catch((error: unknown) => {
      if (!(error instanceof Refusal && error.problem.code === "foreign_write")) throw error;
    });
  }

  #point(caller: Caller, version: VersionRecord, action: string, lockId: string | null): void {
    const found = breaches(this.ref, null, version, this.mustEncrypt);
    const override = this.overrides.cover(caller, null, found);
    this.ledger.atomically(() => {
      this.current.settleConflict();
      if (override) this.overrides.use(caller, override, found);
      const from = this.ledger.get("pointer");
      this.ledger.set("pointer", version.id);
      if (version.encrypted) this.ledger.set("everEncrypted", true);
      this.ledger.audit.append(caller.id, action, {
        from,
        to: version.id,
        serial: version.serial,
        lockId,
        origin: caller.origin,
      });
    });
  }

  /**
   * Updates the copy for S3 clients. The commit stands whatever happens here, so a fault is left to the next request.
   * @throws Refusal where an S3 client wrote meanwhile: both are kept, and a person has to choose
   */
  async #show(bytes: Uint8Array | null): Promise<void> {
    try {
      await this.current.project(bytes);
      if (!this.current.upToDate) await this.current.reconcile();
    } catch (error) {
      if (error instanceof Refusal) throw error;
      console.warn(
        JSON.stringify({ level: "warn", event: "projection_failed", ...this.ref, error: String(error) }),
      );
    }
  }

  /** Drops what a refused upload left. What cannot be deleted now is swept later. */
  async #discard(id: string, stored: boolean): Promise<void> {
    try {
      // A put that failed may still land, so its upload stays on the list for the sweep.
      if (stored) await this.bucket.delete(historyKey(this.ref, id));
      else this.ledger.giveBackUpload(id);
    } catch (error) {
      console.warn(
        JSON.stringify({ level: "warn", event: "discard_failed", ...this.ref, error: String(error) }),
      );
    }
  }
}
