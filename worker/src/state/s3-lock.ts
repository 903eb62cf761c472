import { type LockHolder, type LockInfo, readLockHolder } from "../../../domain/lock-info";
import { lockKey, objectMetadata, writtenByWorker } from "../../../domain/state-objects";
import { jsonObject } from "./ingest";

/** The lock file beside the state, as found in the bucket. */
export interface FoundLock {
  readonly info: LockHolder;
  /** Written by this Worker, whose Durable Object knows better; otherwise an S3 client holds it. */
  readonly isOurs: boolean;
  readonly etag: string;
}

/** Longer than any client's; a larger one is not read into memory. */
const maxLockBytes = 64 * 1024;

/**
 * The lock file of the S3 backend for one state. While the Worker holds a lock it holds this file too, so that an
 * S3 client on the same object is kept out, and a file that an S3 client put there keeps the Worker's clients out.
 */
export class S3Lock {
  readonly #key: string;

  /** @param stateKey key of the current object */
  constructor(
    private readonly bucket: R2Bucket,
    stateKey: string,
  ) {
    this.#key = lockKey(stateKey);
  }

  async find(): Promise<FoundLock | null> {
    const object = await this.bucket.get(this.#key);
    if (object === null) return null;
    const isTooLong = object.size > maxLockBytes;
    if (isTooLong) await object.body.cancel();
    return {
      isOurs: isOfWorker(object),
      etag: object.etag,
      info: readLockHolder(isTooLong ? "" : await object.text(), {
        where: `the lock file ${this.#key}`,
        id: `unreadable-${object.etag}`,
        who: "an S3 client",
        created: object.uploaded.toISOString(),
      }),
    };
  }

  /** The lock of an S3 client; null if there is none. */
  async findForeign(): Promise<LockHolder | null> {
    const found = await this.find();
    return found && !found.isOurs ? found.info : null;
  }

  /** Whether the file is there and the Worker's own; cheaper than {@link find}, which also reads who holds it. */
  async isOurs(): Promise<boolean> {
    return isOfWorker(await this.bucket.head(this.#key));
  }

  /**
   * Puts the file there for `info`, unless an S3 client's is there. A file of ours is a left-over of a crash (the
   * Durable Object calls this only when it may hold the lock) and is replaced.
   * @returns the S3 client's lock that is in the way, or null
   */
  async acquire(info: LockInfo): Promise<LockHolder | null> {
    const text = JSON.stringify({ ...info, Path: info.Path || this.#key });
    const put = (onlyIf: R2Conditional) =>
      this.bucket.put(this.#key, text, {
        ...jsonObject,
        customMetadata: { [objectMetadata.writtenBy]: writtenByWorker },
        onlyIf,
      });
    if (await put({ etagDoesNotMatch: "*" })) return null;
    const found = await this.find();
    if (found && !found.isOurs) return found.info;
    if (await put(found ? { etagMatches: found.etag } : { etagDoesNotMatch: "*" })) return null;
    const winner = await this.findForeign();
    if (winner) return winner;
    throw new Error(`the lock file ${this.#key} changes faster than it can be taken`);
  }

  async remove(): Promise<void> {
    await this.bucket.delete(this.#key);
  }
}

function isOfWorker(object: R2Object | null): boolean {
  return object?.customMetadata?.[objectMetadata.writtenBy] === writtenByWorker;
}
