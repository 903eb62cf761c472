import { Refusal } from "../problem";
import type { CurrentObject } from "./current-object";
import { currentKey, type StateRef } from "./keys";
import type { Ledger } from "./ledger";
import { find, type StoredVersion } from "./reads";
import type { NewVersion } from "./records";

export interface BackupResult {
  readonly key: string;
  readonly version: string | null;
  /** `copied`, `unchanged` since the last time, or `empty` where there is no state (an earlier copy is kept). */
  readonly result: "copied" | "unchanged" | "empty";
}

/** The copy of one state in the second bucket: the latest at the state's own key, each version beside it. */
export class Backup {
  readonly #key: string;

  constructor(
    private readonly states: R2Bucket,
    private readonly bucket: R2Bucket | undefined,
    private readonly ledger: Ledger,
    private readonly ref: StateRef,
  ) {
    this.#key = currentKey(ref);
  }

  /** R2 checks the SHA-256 itself before it accepts the copy. */
  async copy(current: StoredVersion | null): Promise<BackupResult> {
    const bucket = this.#bound();
    if (current === null) return { key: this.#key, version: null, result: "empty" };
    const { version } = current;
    const last = await bucket.head(this.#key);
    if (last?.customMetadata?.sha256 === version.sha256 && last.etag === version.md5) {
      return { key: this.#key, version: version.id, result: "unchanged" };
    }
    const { seq, hash } = this.ledger.audit.head();
    const options: R2PutOptions = {
      sha256: version.sha256,
      httpMetadata: { contentType: "application/json" },
      customMetadata: { version: version.id, sha256: version.sha256, auditSeq: String(seq), auditHash: hash },
    };
    const dated = `versions/${this.ref.namespace}/${this.ref.name}/${version.createdAt}-${version.id}.tfstate`;
    // Two reads of the state: what was just written is not yet what a copy should be made of.
    for (const key of [dated, this.#key]) {
      const object = await find(this.states, current);
      if (object instanceof Refusal) throw object;
      await bucket.put(key, object.body, options);
    }
    return { key: this.#key, version: version.id, result: "copied" };
  }

  /** Brings the latest copy back as a version, after a check of its hash. */
  async fetch(current: CurrentObject, by: string): Promise<NewVersion> {
    const copy = await this.#bound().get(this.#key);
    if (copy === null) {
      throw new Refusal({
        status: 404,
        code: "no_backup",
        message: `the backup bucket has no ${this.#key}`,
        fix: "check the name of the state",
      });
    }
    const version = await current.keep(copy.body, copy.size, "backup", by);
    const expected = copy.customMetadata?.sha256;
    if (expected !== undefined && expected !== version.sha256) {
      throw new Refusal({
        status: 500,
        code: "backup_damaged",
        message: `the copy at ${this.#key} has SHA-256 ${version.sha256}, ${expected} was stored`,
        fix: `take an older one under versions/${this.ref.namespace}/${this.ref.name}/ in the backup bucket`,
      });
    }
    return version;
  }

  #bound(): R2Bucket {
    if (this.bucket) return this.bucket;
    throw backupNotConfigured();
  }
}

export function backupNotConfigured(): Refusal {
  return new Refusal({
    status: 409,
    code: "backup_not_configured",
    message: "no backup bucket is bound to this Worker",
    fix: "bind a second R2 bucket as BACKUP",
  });
}
