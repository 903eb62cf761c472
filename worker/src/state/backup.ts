import { backupKey, objectMetadata } from "../../../domain/state-objects";
import { Refusal } from "../errors/refusal";
import type { CurrentObject } from "./current-object";
import { jsonObject } from "./ingest";
import type { NewVersion } from "./ledger/records";
import { fetchVersion, type StoredVersion } from "./reads";
import type { StateContext } from "./state-context";

export interface BackupResult {
  readonly key: string;
  readonly version: string | null;
  /** `copied`, `unchanged` since the last time, or `empty` where there is no state (an earlier copy is kept). */
  readonly result: "copied" | "unchanged" | "empty";
}

/** The copy of one state in the second bucket: the latest at the state's own key, each version beside it. */
export class Backup {
  constructor(
    private readonly context: StateContext,
    /** The second bucket, where one is bound. */
    private readonly copies: R2Bucket | undefined,
  ) {}

  /** R2 checks the SHA-256 itself before it accepts the copy. */
  async copy(current: StoredVersion | null): Promise<BackupResult> {
    const { bucket, ledger, ref, key } = this.context;
    const copies = this.#requireBucket();
    if (current === null) return { key, version: null, result: "empty" };
    const { version } = current;
    const last = await copies.head(key);
    if (last?.customMetadata?.[objectMetadata.sha256] === version.sha256 && last.etag === version.md5) {
      return { key, version: version.id, result: "unchanged" };
    }
    const { seq, hash } = ledger.audit.head();
    const options: R2PutOptions = {
      ...jsonObject,
      sha256: version.sha256,
      customMetadata: {
        [objectMetadata.version]: version.id,
        [objectMetadata.sha256]: version.sha256,
        auditSeq: String(seq),
        auditHash: hash,
      },
    };
    // Each copy is made of the state itself, and not of the other copy.
    for (const copy of [backupKey(ref, version.createdAt, version.id), key]) {
      const object = await fetchVersion(bucket, current);
      if (object instanceof Refusal) throw object;
      await copies.put(copy, object.body, options);
    }
    return { key, version: version.id, result: "copied" };
  }

  /** Brings the latest copy back as a version, after a check of its hash. */
  async fetch(current: CurrentObject, by: string): Promise<NewVersion> {
    const { ref, key } = this.context;
    const copy = await this.#requireBucket().get(key);
    if (copy === null) throw new Refusal({ code: "no_backup", ref });
    const version = await current.storeVersion(copy.body, copy.size, "backup", by);
    const expected = copy.customMetadata?.[objectMetadata.sha256];
    if (expected === undefined || expected === version.sha256) return version;
    throw new Refusal({ code: "backup_damaged", ref, found: version.sha256, expected });
  }

  #requireBucket(): R2Bucket {
    if (this.copies) return this.copies;
    throw new Refusal({ code: "backup_not_configured" });
  }
}
