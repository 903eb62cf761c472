import { type LockInfo, parseLockInfo } from "../lock-info";

/** The lock file beside the state, as found in the bucket. */
export interface FoundLock {
  readonly info: LockInfo;
  /** Written by this Worker, whose Durable Object knows better; otherwise an S3 client holds it. */
  readonly ours: boolean;
  readonly etag: string;
}

/** Longer than any client's; a larger one is not read into memory. */
const maxLockBytes = 64 * 1024;
/** Marks the lock files that the Worker writes. An S3 client sets no metadata. */
const mark = { "written-by": "tfstate-worker" };

/**
 * The lock file of the S3 backend for one state. While the Worker holds a lock it holds this file too, so that an
 * S3 client on the same object is kept out, and a file that an S3 client put there keeps the Worker's clients out.
 */
export class S3Lock {
  constructor(
    private readonly bucket: R2Bucket,
    private readonly key: string,
  ) {}

  async find(): Promise<FoundLock | null> {
    const object = await this.bucket.get(this.key);
    if (object === null) return null;
    const tooLong = object.size > maxLockBytes;
    if (tooLong) await object.body.cancel();
    const info = tooLong ? null : parseLockInfo(await object.text(), object.uploaded);
    return {
      ours: object.customMetadata?.["written-by"] === mark["written-by"],
      etag: object.etag,
      // A lock file that cannot be read still locks. Clients only wait for a holder that has an ID.
      info: info?.ID
        ? info
        : {
            ID: `unreadable-${object.etag}`,
            Operation: "unknown",
            Info: `the lock file ${this.key} is not readable`,
            Who: "an S3 client",
            Version: "",
            Created: object.uploaded.toISOString(),
            Path: this.key,
          },
    };
  }

  /** Whether the file is there and the Worker's own; cheaper than {@link find}, which also reads who holds it. */
  async isOurs(): Promise<boolean> {
    return (await this.bucket.head(this.key))?.customMetadata?.["written-by"] === mark["written-by"];
  }

  /**
   * Puts the file there for `info`, unless an S3 client's is there. A file of ours is a left-over of a crash (the
   * Durable Object calls this only when it may hold the lock) and is replaced.
   * @returns the S3 client's lock that is in the way, or null
   */
  async acquire(info: LockInfo): Promise<FoundLock | null> {
    const text = JSON.stringify({ ...info, Path: info.Path || this.key });
    const options = { httpMetadata: { contentType: "application/json" }, customMetadata: mark };
    if (await this.bucket.put(this.key, text, { ...options, onlyIf: { etagDoesNotMatch: "*" } })) return null;
    const found = await this.find();
    if (found && !found.ours) return found;
    const onlyIf = found ? { etagMatches: found.etag } : { etagDoesNotMatch: "*" };
    if (await this.bucket.put(this.key, text, { ...options, onlyIf })) return null;
    const winner = await this.find();
    if (winner && !winner.ours) return winner;
    throw new Error(`the lock file ${this.key} changes faster than it can be taken`);
  }

  async remove(): Promise<void> {
    await this.bucket.delete(this.key);
  }
}
