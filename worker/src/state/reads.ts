import { createHash } from "node:crypto";
import { Refusal } from "../problem";
import { type CurrentObject, missing } from "./current-object";
import { bufferedBytes } from "./ingest";
import { currentKey, historyKey, type StateRef } from "./keys";
import type { Ledger, VersionRecord } from "./ledger";
import type { Mutex } from "./mutex";
import { noSuchVersion } from "./writes";

/** The bytes of a version on their way to the client. */
export interface ReadVersion {
  readonly version: VersionRecord;
  readonly body: ReadableStream<Uint8Array> | Uint8Array;
}

/** A reader gets the last committed version or an error, never something in between. */
export class Reads {
  constructor(
    private readonly bucket: R2Bucket,
    private readonly ledger: Ledger,
    private readonly current: CurrentObject,
    private readonly mutex: Mutex,
    private readonly ref: StateRef,
  ) {}

  /** The current version; null only where there is none and the bucket agrees. */
  async currentVersion(): Promise<ReadVersion | null> {
    const { etag } = this.ledger.get("projection");
    const version = this.ledger.current();
    if (version && etag && this.current.upToDate) {
      // One read that also proves that no S3 client wrote in the meantime.
      const object = await this.bucket.get(currentKey(this.ref), { onlyIf: { etagMatches: etag } });
      if (object !== null && "body" in object) return { version, body: await verified(version, object) };
    }
    return this.mutex.run(async () => {
      await this.current.reconcile();
      const committed = this.ledger.current();
      return committed && this.#stored(committed);
    });
  }

  /** @throws Refusal 404 where there is no such version, 500 where its object is gone */
  async version(id: string): Promise<ReadVersion> {
    const version = this.ledger.version(id);
    if (version === null) throw noSuchVersion(this.ref, id);
    return this.#stored(version);
  }

  async #stored(version: VersionRecord): Promise<ReadVersion> {
    const object = await this.bucket.get(historyKey(this.ref, version.id));
    if (object === null) throw missing(version);
    return { version, body: await verified(version, object) };
  }
}

/** The body, after a check that it is the one we committed; a large one is checked by what R2 hashed at the put. */
async function verified(
  version: VersionRecord,
  object: R2ObjectBody,
): Promise<ReadableStream<Uint8Array> | Uint8Array> {
  if (object.size !== version.size || object.etag !== version.md5) throw damaged(version);
  if (object.size > bufferedBytes) return object.body;
  const bytes = new Uint8Array(await object.arrayBuffer());
  if (createHash("sha256").update(bytes).digest("hex") !== version.sha256) throw damaged(version);
  return bytes;
}

function damaged(version: VersionRecord): Refusal {
  return new Refusal({
    status: 500,
    code: "object_damaged",
    message: `the object of version ${version.id} (serial ${version.serial}) is not the one that was committed`,
    fix: "restore it from the backup bucket, or an admin restores another version",
  });
}
