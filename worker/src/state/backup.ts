import { backupFolder, backupKey, objectMetadata } from "../../../domain/state-objects";
import { Refusal } from "../errors/refusal";
import type { CurrentObject } from "./current-object";
import { jsonObject } from "./ingest";
import type { NewVersion, VersionRecord } from "./ledger/records";
import type { StateContext } from "./state-context";
import { fetchVersion, type StoredVersion } from "./version-objects";

export interface BackupResult {
  readonly key: string;
  readonly version: string | null;
  /** `copied`, `unchanged` since the last time, or `empty` where there is no state (an earlier copy is kept). */
  readonly result: "copied" | "unchanged" | "empty";
}

/** A copy in the second bucket, as its metadata describes it. What somebody else put there has none. */
export interface Copy {
  readonly key: string;
  readonly etag: string;
  readonly uploadedAt: string;
  readonly version: string | null;
  readonly sha256: string | null;
  readonly serial: number | null;
  /** The newest entry of the state's audit when the copy was made: proves that none was cut off since. */
  readonly audit: { readonly seq: number; readonly hash: string } | null;
}

/** A page of copies, and the key after which the next one begins. */
export interface CopiesPage {
  readonly copies: readonly Copy[];
  readonly next: string | null;
}

/** Whether a copy has the bytes of a version. */
export const isCopyOf = ({ sha256, etag }: Copy, version: VersionRecord): boolean =>
  sha256 === null ? etag === version.md5 : sha256 === version.sha256 && etag === version.md5;

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
        ...(version.serial !== null && { serial: String(version.serial) }),
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

  /** What is known of the latest copy. @throws Refusal if there is none */
  async latest(): Promise<Copy> {
    const { ref, key } = this.context;
    const found = await this.#requireBucket().head(key);
    if (found === null) throw new Refusal({ code: "no_backup", ref });
    return copyOf(found);
  }

  /** A page of the dated copies, oldest first. @param after key of the last one of the page before */
  async list(after: string | undefined): Promise<CopiesPage> {
    const page = await this.#requireBucket().list({
      prefix: backupFolder(this.context.ref),
      include: ["customMetadata"],
      startAfter: after,
    });
    const copies = page.objects.map(copyOf);
    return { copies, next: page.truncated ? (copies.at(-1)?.key ?? null) : null };
  }

  /** Brings a copy back as a version, after a check of its hash. */
  async fetch({ key, etag, sha256 }: Copy, current: CurrentObject, by: string): Promise<NewVersion> {
    const { ref } = this.context;
    const copy = await this.#requireBucket().get(key, { onlyIf: { etagMatches: etag } });
    if (copy === null || !("body" in copy))
      throw new Error(`${key} in the backup bucket changed while it was read`);
    const version = await current.storeVersion(copy.body, copy.size, "backup", by);
    if (sha256 === null || sha256 === version.sha256) return version;
    throw new Refusal({ code: "backup_damaged", ref, found: version.sha256, expected: sha256 });
  }

  #requireBucket(): R2Bucket {
    if (this.copies) return this.copies;
    throw new Refusal({ code: "backup_not_configured" });
  }
}

function copyOf({ key, etag, uploaded, customMetadata = {} }: R2Object): Copy {
  const { serial, auditSeq, auditHash } = customMetadata;
  return {
    key,
    etag,
    uploadedAt: uploaded.toISOString(),
    version: customMetadata[objectMetadata.version] ?? null,
    sha256: customMetadata[objectMetadata.sha256] ?? null,
    serial: serial === undefined ? null : Number(serial),
    audit:
      auditSeq === undefined || auditHash === undefined ? null : { seq: Number(auditSeq), hash: auditHash },
  };
}
