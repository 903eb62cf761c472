import { type StateRef, stateKey } from "../../../domain/state-objects";
import type { CurrentObject } from "./current-object";
import { recentBodies } from "./recent-bodies";
import type { StateContext } from "./state-context";
import type { StoredVersion, VersionObjects } from "./version-objects";

/**
 * Says which bytes a reader has to get. The Worker reads them itself, so that they do not pass through the Durable
 * Object; an object that is not the one named here is never handed out, so a reader gets a committed version or an error.
 */
export class Reads {
  constructor(
    private readonly context: StateContext,
    private readonly current: CurrentObject,
    private readonly objects: VersionObjects,
  ) {}

  /**
   * The current version; null only where there is none and the bucket agrees.
   * @param again the caller found something else at the place it was told: look there first
   */
  async currentVersion(again: boolean): Promise<StoredVersion | null> {
    const { ledger, mutex, key } = this.context;
    const { etag } = ledger.get("projection");
    const version = ledger.current();
    if (version && !again) {
      // That the object has our ETag also proves that no S3 client wrote in the meantime.
      if (etag && this.current.isReadByS3Clients) return { version, key, etag };
      if (this.current.isLedgerTrusted(ledger.locks.holder() !== null)) {
        return this.objects.stored(version, recentBodies.find(version.id));
      }
    }
    return mutex.run(async () => {
      await this.current.reconcile();
      const committed = ledger.current();
      if (committed === null) return null;
      const projected = ledger.get("projection").etag;
      // The place first named was the version's own where no S3 client is served: its copy is the one that is left.
      if (again && projected && !this.current.isReadByS3Clients)
        return { version: committed, key, etag: projected };
      return this.objects.stored(committed);
    });
  }
}

/**
 * Gets the current object while the Durable Object is still asked which version is to be read: most often it is that one,
 * and the client waits for one trip and not for two.
 */
export class GuessedRead {
  readonly #key: string;
  #object: Promise<R2ObjectBody | null> | null;

  constructor(bucket: R2Bucket, ref: StateRef) {
    this.#key = stateKey(ref);
    this.#object = bucket.get(this.#key).catch(() => null);
  }

  /** The object, if it is the one that is named. */
  async take({ version, key, etag }: StoredVersion): Promise<R2ObjectBody | null> {
    if (key !== this.#key) return null;
    const object = await this.#object;
    if (object?.etag !== etag || object.size !== version.size) return null;
    this.#object = null;
    return object;
  }

  /** Lets go of an object that was not taken. */
  async drop(): Promise<void> {
    const object = await this.#object;
    this.#object = null;
    await object?.body.cancel();
  }
}
