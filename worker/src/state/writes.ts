import { versionKey } from "../../../domain/state-objects";
import { Refusal } from "../errors/refusal";
import type { Caller } from "./caller";
import { versionFacts } from "./current-object";
import { whyEncrypted } from "./encryption";
import { type Breach, breaches } from "./guard";
import { type Ingested, ingest, store, withMemoryFor } from "./ingest";
import type { OverrideRecord, VersionRecord } from "./ledger/records";
import { settleAll } from "./mutex";
import { recentBodies } from "./recent-bodies";
import type { StateContext } from "./state-context";
import type { VersionParts } from "./version-parts";

/** What a POST says beside its body. */
export interface WriteRequest {
  /** `?ID=` of the request. */
  readonly lockId: string | null;
  /** `Content-MD5` of the request, in base64. */
  readonly contentMd5: string | null;
  /** Bytes announced. */
  readonly length: number;
  /** `X-Tfstate-Override` of the request. */
  readonly override: string | null;
}

/** A write under way: what was asked, and how often the lock had been taken when it began. */
interface Attempt {
  readonly caller: Caller;
  readonly request: WriteRequest;
  readonly locksTaken: number;
}

/** A write that may be committed, or was committed before. */
type Admission =
  | { readonly replayed: VersionRecord }
  | {
      readonly replayed: null;
      readonly override: OverrideRecord | null;
      readonly found: readonly Breach[];
    };

/** The put of a version's object; `open` too where it failed, as it may still land. */
type Put = "none" | "open" | "settled";

/** New versions that clients of the HTTP backend send. */
export class Writes {
  constructor(
    private readonly context: StateContext,
    private readonly parts: VersionParts,
  ) {}

  /** POST. The body is read outside the mutex, as slowly as the client sends it; the lock is checked again after it. */
  write(
    caller: Caller,
    request: WriteRequest,
    body: ReadableStream<Uint8Array> | Uint8Array,
  ): Promise<VersionRecord> {
    return new Promise((answer, refuse) => {
      // Under a lock the answer comes before the end: the bytes stay in memory until the current object has them too.
      withMemoryFor(request.length, (fits) =>
        // What came in one message is in memory already.
        this.#write(caller, request, body, fits || body instanceof Uint8Array, answer),
      ).catch(refuse);
    });
  }

  async #write(
    caller: Caller,
    request: WriteRequest,
    body: ReadableStream<Uint8Array> | Uint8Array,
    fits: boolean,
    answer: (version: VersionRecord) => void,
  ): Promise<void> {
    const { bucket, ledger, mutex } = this.context;
    this.parts.locks.requireWriter(caller, request.lockId);
    const attempt = { caller, request, locksTaken: ledger.locks.taken };
    const id = ledger.uploads.begin();
    const key = versionKey(this.context.key, id);
    const { length, contentMd5 } = request;
    const mayStayUnstored = this.#mayStayUnstored(request, body);
    // A body that does not fit goes to R2 while it comes in, so from here on its object may exist, whatever happens.
    let put: Put = fits ? "none" : "open";
    // A body is refused when its put was answered, or given up before its end.
    const refused = (error: unknown): never => {
      if (error instanceof Refusal && put === "open") put = "settled";
      throw error;
    };
    try {
      const ingested = await ingest(bucket, key, body, {
        length,
        contentMd5,
        isVerifiedByR2: !mayStayUnstored,
        strict: true,
        fits,
      }).catch(refused);
      if (!fits) put = "settled";
      const { version, done } = await mutex.run(async () => {
        // A freeze may have begun meanwhile.
        const isUnstored = mayStayUnstored && this.#mayStayUnstored(request, body);
        const storeOnce = async (): Promise<void> => {
          if (put !== "none" || ingested.bytes === null || isUnstored) return;
          put = "open";
          await store(bucket, key, ingested.bytes, ingested.facts).catch(refused);
          put = "settled";
        };
        // #admit runs three times: before anything is stored in R2, after the checks that ask R2, and in the commit.
        const expectsReplay = this.#admit(attempt, ingested).replayed !== null;
        const [, isUntouched] = await settleAll([
          this.parts.locks.requireS3Agreement(),
          this.#agreeWithBucket(),
          expectsReplay ? Promise.resolve() : storeOnce(),
        ]);
        const { replayed } = this.#admit(attempt, ingested);
        if (replayed) {
          await this.#discard(id, put);
          return { version: replayed, done: null };
        }
        await storeOnce();
        const version = this.#commit(id, attempt, ingested, isUnstored);
        if (ingested.bytes) recentBodies.keep(id, ingested.bytes);
        const { answer, done } = this.parts.current.afterWrite(version, ingested.bytes, isUntouched);
        await answer;
        return { version, done };
      });
      answer(version);
      await done;
    } catch (error) {
      if (ledger.versions.find(id) === null) await this.#discard(id, put);
      throw error;
    }
  }

  /**
   * Whether the bytes may be committed to the ledger, and follow to R2 when the client has its answer. Not without a lock, as a
   * client that takes none may write often; nor where somebody looks for them in the bucket.
   */
  #mayStayUnstored({ lockId, length }: WriteRequest, body: ReadableStream<Uint8Array> | Uint8Array): boolean {
    const isMessage = body instanceof Uint8Array;
    if (!isMessage || lockId === null || this.parts.current.isSeenInBucket) return false;
    return this.context.ledger.unstored.hasRoomFor(length);
  }

  /** Every check that a write has to pass; synchronous. */
  #admit({ caller, request, locksTaken }: Attempt, { facts }: Ingested): Admission {
    const { ledger, ref } = this.context;
    const { locks, overrides, isEncryptionRequired } = this.parts;
    const writer = locks.requireWriter(caller, request.lockId);
    if (writer === null && ledger.locks.taken !== locksTaken) throw new Refusal({ code: "overtaken" });
    const current = ledger.current();
    if (current?.sha256 === facts.sha256) {
      if (current.md5 === facts.md5) return { replayed: current };
      throw new Refusal({ code: "md5_mismatch", announced: facts.md5, found: current.md5 });
    }
    const found = breaches(ref, current, facts, whyEncrypted(ledger, isEncryptionRequired));
    return { replayed: null, override: overrides.cover(caller, request.override, found), found };
  }

  /** The checks, the new version, the pointer and the audit: one transaction. */
  #commit(id: string, attempt: Attempt, ingested: Ingested, isUnstored: boolean): VersionRecord {
    const { ledger } = this.context;
    const { caller, request } = attempt;
    const { lockId } = request;
    return ledger.atomically(() => {
      const admission = this.#admit(attempt, ingested);
      if (admission.replayed) throw new Error(`version ${admission.replayed.id} was committed meanwhile`);
      if (!ledger.uploads.has(id)) throw new Error(`upload ${id} was swept before it was committed`);
      const version = ledger.addVersion({
        ...versionFacts(ingested.facts),
        id,
        createdAt: new Date().toISOString(),
        createdBy: caller.id,
        lockId,
        source: "http",
      });
      if (isUnstored && ingested.bytes) ledger.unstored.add(id, ingested.bytes);
      ledger.moveTo(id);
      if (version.encrypted && !ledger.get("everEncrypted")) ledger.set("everEncrypted", true);
      if (lockId !== null) ledger.uploads.prepare();
      const { override, found } = admission;
      if (override) this.parts.overrides.use(caller, override, found);
      const { serial, sha256, size } = version;
      const { origin } = caller;
      ledger.audit.append(caller.id, "write", { version: id, serial, sha256, size, lockId, origin });
      return version;
    });
  }

  /**
   * Repairs the current object, and makes a version of what an S3 client wrote there. Under a lock the version comes
   * first, so that both are kept where an S3 client wrote although we hold the lock file.
   * @returns whether the object is as we left it
   */
  async #agreeWithBucket(): Promise<boolean> {
    const { current } = this.parts;
    if (current.isLedgerTrusted(this.context.ledger.locks.holder() !== null)) return current.isUntouched();
    await current.reconcile();
    return true;
  }

  /** Deletes what a refused upload left in R2. The sweep deletes later what cannot be deleted now. */
  async #discard(id: string, put: Put): Promise<void> {
    const { bucket, key, ledger, ref } = this.context;
    try {
      if (put === "none") return ledger.uploads.giveBack(id);
      await bucket.delete(versionKey(key, id));
      if (put === "settled") ledger.uploads.forget(id); // else it stays on the list for the sweep
    } catch (error) {
      console.warn(JSON.stringify({ level: "warn", event: "discard_failed", ...ref, error: String(error) }));
    }
  }
}
