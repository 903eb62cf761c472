import { Refusal } from "../problem";
import { type CurrentObject, missing } from "./current-object";
import { currentKey, historyKey, type StateRef } from "./keys";
import type { Ledger } from "./ledger";
import type { Mutex } from "./mutex";
import type { VersionRecord } from "./records";

/** A version and where its bytes are: under `key`, as long as the object there has this ETag. */
export interface StoredVersion {
  readonly version: VersionRecord;
  readonly key: string;
  readonly etag: string;
}

/**
 * Says which bytes a reader has to get. The Worker reads them itself, so that they do not pass through the Durable
 * Object; an object that is not the one named here is never handed out, so a reader gets a committed version or an error.
 */
export class Reads {
  constructor(
    private readonly ledger: Ledger,
    private readonly current: CurrentObject,
    private readonly mutex: Mutex,
    private readonly ref: StateRef,
  ) {}

  /**
   * The current version; null only where there is none and the bucket agrees.
   * @param again the caller found something else at the place it was told: look there first
   */
  async currentVersion(again: boolean): Promise<StoredVersion | null> {
    const { etag } = this.ledger.get("projection");
    const version = this.ledger.current();
    // That the object has our ETag also proves that no S3 client wrote in the meantime.
    if (version && etag && this.current.upToDate && !again)
      return { version, key: currentKey(this.ref), etag };
    return this.mutex.run(async () => {
      await this.current.reconcile();
      const committed = this.ledger.current();
      return committed && this.stored(committed);
    });
  }

  /** The immutable object of a version. */
  stored(version: VersionRecord): StoredVersion {
    return { version, key: historyKey(this.ref, version.id), etag: version.md5 };
  }
}

/**
 * The object of a version, or why it is not to be had. R2 hashed the object when it was put; its ETag and size say
 * whether these are the bytes that were committed.
 */
export async function find(
  bucket: R2Bucket,
  { version, key, etag }: StoredVersion,
): Promise<R2ObjectBody | Refusal> {
  const object = await bucket.get(key, { onlyIf: { etagMatches: etag } });
  if (object === null) return missing(version);
  return "body" in object && object.size === version.size ? object : damaged(version);
}

export function damaged(version: VersionRecord): Refusal {
  return new Refusal({
    status: 500,
    code: "object_damaged",
    message: `the object of version ${version.id} (serial ${version.serial}) is not the one that was committed`,
    fix: "restore it from the backup bucket, or an admin restores another version",
  });
}
