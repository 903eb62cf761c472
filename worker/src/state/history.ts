import { historyKey, type StateRef } from "./keys";
import type { Ledger, VersionRecord } from "./ledger";

/** A version as the listing shows it. */
export interface ListedVersion extends Omit<VersionRecord, "resources"> {
  readonly current: boolean;
  /** Number of writes that this entry stands for: those of one apply, under one lock. */
  readonly writes: number;
  /** Against the entry below; null where either is encrypted or too large to compare. */
  readonly diff: { readonly added: readonly string[]; readonly removed: readonly string[] } | null;
}

/** How many versions a state keeps: those among the newest `versions`, and those younger than `days`. */
export interface Retention {
  readonly versions: number;
  readonly days: number;
}

const dayMs = 24 * 60 * 60 * 1000;
/** An upload that is this old is not under way any more. */
const abandonedUploadMs = dayMs;

export class History {
  constructor(
    private readonly bucket: R2Bucket,
    private readonly ledger: Ledger,
    private readonly ref: StateRef,
  ) {}

  /** Newest first. `all` shows each write of an apply; otherwise its last one stands for them. */
  list(limit: number, before: string | null, all: boolean): ListedVersion[] {
    const pointer = this.ledger.get("pointer");
    const rows = this.ledger.versions(limit + 1, before);
    const shown: { head: VersionRecord; writes: number }[] = [];
    for (const row of rows) {
      const last = shown.at(-1);
      const sameApply = last && row.lockId !== null && last.head.lockId === row.lockId;
      if (sameApply && !all && !row.pinned && row.id !== pointer) last.writes++;
      else shown.push({ head: row, writes: 1 });
    }
    return shown.slice(0, limit).map(({ head, writes }, at) => {
      const { resources, ...version } = head;
      const below = shown[at + 1]?.head ?? null;
      return { ...version, current: head.id === pointer, writes, diff: compare(resources, below, head) };
    });
  }

  /**
   * Deletes what retention lets go, and what uploads that never committed left behind. Never the current version, a
   * pinned one, or one that a person still has to choose from.
   * @returns the number of versions deleted
   */
  async sweep(keep: Retention, now: Date): Promise<number> {
    const spared = new Set([this.ledger.get("pointer"), this.ledger.get("conflict")?.version]);
    const oldest = new Date(now.getTime() - keep.days * dayMs).toISOString();
    for (const id of this.ledger.prunable(Math.max(keep.versions, 1), oldest)) {
      if (spared.has(id)) continue;
      this.ledger.atomically(() => {
        this.ledger.markPruned(id);
        this.ledger.audit.append("worker", "prune", { version: id });
      });
    }
    let deleted = 0;
    for (const id of this.ledger.prunedVersions(500)) {
      await this.bucket.delete(historyKey(this.ref, id));
      this.ledger.forgetVersion(id);
      deleted++;
    }
    for (const id of this.ledger.uploadsBefore(new Date(now.getTime() - abandonedUploadMs).toISOString())) {
      await this.bucket.delete(historyKey(this.ref, id));
      this.ledger.endUpload(id);
    }
    return deleted;
  }
}

function compare(resources: readonly string[] | null, below: VersionRecord | null, head: VersionRecord) {
  if (resources === null || (below === null ? head.encrypted : below.resources === null)) return null;
  const before = new Set(below?.resources ?? []);
  const after = new Set(resources);
  return {
    added: resources.filter((name) => !before.has(name)),
    removed: [...before].filter((name) => !after.has(name)),
  };
}
