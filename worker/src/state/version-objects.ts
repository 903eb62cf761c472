import { versionKey } from "../../../domain/state-objects";
import { Refusal } from "../errors/refusal";
import { jsonObject, requireStored } from "./ingest";
import type { VersionRecord } from "./ledger/records";
import { settleAll } from "./mutex";
import type { StateContext } from "./state-context";

/** A version and where its bytes are: under `key`, as long as the object there has this ETag. */
export interface StoredVersion {
  readonly version: VersionRecord;
  readonly key: string;
  readonly etag: string;
  /** The bytes, where they need not be fetched. */
  readonly body?: Uint8Array;
}

/** Those of versions that an alarm stores at once; each is a call of R2, of which the free plan allows 50 in a request. */
const storedAtOnce = 30;

/** The immutable objects of the versions in R2, and the bytes that the ledger has until they are there. */
export class VersionObjects {
  constructor(private readonly context: StateContext) {}

  /** Where the bytes of a version are; with them, where they are at hand. @param recent the bytes, where the caller has them */
  stored(version: VersionRecord, recent: Uint8Array | null = null): StoredVersion {
    const { id, md5: etag } = version;
    const body = recent ?? this.context.ledger.unstored.find(id);
    return { version, key: versionKey(this.context.key, id), etag, ...(body && { body }) };
  }

  /** @throws Refusal if the object is missing, or is not the one that was committed */
  async body(version: VersionRecord): Promise<ReadableStream<Uint8Array> | Uint8Array> {
    const found = await fetchVersion(this.context.bucket, this.stored(version));
    if (found instanceof Refusal) throw found;
    return found.body;
  }

  /** Why the bytes of a version are not available; null if they are. */
  async defect({ id, serial, md5 }: VersionRecord): Promise<Refusal | null> {
    const { bucket, key, ledger } = this.context;
    if (ledger.unstored.has(id)) return null;
    const object = await bucket.head(versionKey(key, id));
    if (object === null) return new Refusal({ code: "object_missing", id, serial });
    return object.etag === md5 ? null : new Refusal({ code: "object_damaged", id, serial });
  }

  /**
   * Stores in R2 what only the ledger has, the oldest first. Needs the state's mutex.
   * @returns whether all of it is stored
   */
  async storeAll(): Promise<boolean> {
    const { bucket, key, ledger } = this.context;
    const due = ledger.unstored.oldest(storedAtOnce + 1);
    const store = async (id: string): Promise<void> => {
      const [version, body] = [ledger.versions.find(id), ledger.unstored.find(id)];
      if (version === null || body === null)
        throw new Error(`the bytes of version ${id} are not in the ledger`);
      const at = versionKey(key, id);
      const stored = await bucket.put(at, body, jsonObject).catch(async (error: unknown) => {
        // An earlier put may have landed without an answer, and a lock rule lets nothing be written over.
        const found = await bucket.head(at);
        if (found?.etag === version.md5) return found;
        throw error;
      });
      requireStored(stored, version.md5);
      ledger.atomically(() => ledger.unstored.remove(id));
    };
    await settleAll(due.slice(0, storedAtOnce).map(store));
    return due.length <= storedAtOnce;
  }
}

/**
 * The bytes of a version, or why they are not available. R2 hashed the object when it was put; its ETag and size say
 * whether these are the bytes that were committed.
 */
export async function fetchVersion(
  bucket: R2Bucket,
  { version, key, etag, body }: StoredVersion,
): Promise<{ readonly body: ReadableStream<Uint8Array> | Uint8Array } | Refusal> {
  if (body) return { body };
  const object = await bucket.get(key, { onlyIf: { etagMatches: etag } });
  const { id, serial } = version;
  if (object === null) return new Refusal({ code: "object_missing", id, serial });
  const isWhole = "body" in object && object.size === version.size;
  return isWhole ? object : new Refusal({ code: "object_damaged", id, serial });
}
