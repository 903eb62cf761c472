import { Refusal } from "../problem";
import { historyKey, type StateRef } from "./keys";
import type { Ledger } from "./ledger";
import type { VersionRecord } from "./records";

/** A version as the listing shows it. */
export interface ListedVersion extends VersionRecord {
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
/** R2 takes this many keys in one delete. */
const deletesAtOnce = 1000;
/** An upload that is this old is not under way any more. */
const abandonedUploadMs = dayMs;

export class History {
  constructor(
    private readonly bucket: R2Bucket,
    private readonly ledger: Ledger,
    private readonly ref: StateRef,
  ) {}

  /**
   * Newest first. `all` shows each write of an apply; otherwise its last one stands for them.
   * @param before the last entry of the page before
   */
  list(limit: number, before: string | null, all: boolean): ListedVersion[] {
    const pointer = this.ledger.get("pointer");
    const above = before === null ? null : this.ledger.version(before);
    if (before !== null && above === null) throw noSuchVersion(this.ref, before);
    const entries: { head: VersionRecord; writes: number }[] = [];
    for (const row of this.ledger.versions(above)) {
      const last = entries.at(-1);
      const head = last?.head ?? above;
      const sameApply = row.lockId !== null && row.lockId === head?.lockId;
      if (sameApply && !all && !row.pinned && row.id !== pointer) {
        if (last) last.writes++; // else it belongs to the last entry of the page before
      } else if (entries.push({ head: row, writes: 1 }) > limit + 1) {
        break;
      }
    }
    const resourcesAt = (at: number) => {
      const entry = entries[at];
      return entry ? this.ledger.resources(entry.head.id) : [];
    };
    let after = resourcesAt(0);
    return entries.slice(0, limit).map(({ head, writes }, at) => {
      const before = resourcesAt(at + 1);
      const diff = compare(before, after);
      after = before;
      return { ...head, current: head.id === pointer, writes, diff };
    });
  }

  /**
   * Deletes what retention lets go, and what uploads that never committed left behind. Never the current version, a
   * pinned one, the one that S3 clients still see, or one that a person has to choose from.
   * @returns the number of versions deleted
   */
  async sweep(keep: Retention, now: Date): Promise<number> {
    const spared = new Set([
      this.ledger.get("pointer"),
      this.ledger.get("projection").version,
      this.ledger.get("conflict")?.version,
    ]);
    const oldest = new Date(now.getTime() - keep.days * dayMs).toISOString();
    for (const id of this.ledger.prunable(Math.max(keep.versions, 1), oldest)) {
      if (spared.has(id)) continue;
      this.ledger.atomically(() => {
        this.ledger.markPruned(id);
        this.ledger.audit.append("worker", "prune", { version: id });
      });
    }
    const pruned = this.ledger.prunedVersions(deletesAtOnce);
    await this.#deleteObjects(pruned);
    this.ledger.atomically(() => {
      for (const id of pruned) this.ledger.forgetVersion(id);
    });
    const longAgo = new Date(now.getTime() - abandonedUploadMs).toISOString();
    const abandoned = this.ledger.uploadsBefore(longAgo).slice(0, deletesAtOnce);
    await this.#deleteObjects(abandoned);
    this.ledger.atomically(() => {
      for (const id of abandoned) this.ledger.endUpload(id);
    });
    return pruned.length;
  }

  async #deleteObjects(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.bucket.delete(ids.map((id) => historyKey(this.ref, id)));
  }
}

function compare(before: readonly string[] | null, after: readonly string[] | null): ListedVersion["diff"] {
  if (before === null || after === null) return null;
  const [had, has] = [new Set(before), new Set(after)];
  return {
    added: after.filter((name) => !had.has(name)),
    removed: before.filter((name) => !has.has(name)),
  };
}

export function noSuchVersion(ref: StateRef, id: string): Refusal {
  return new Refusal({
    status: 404,
    code: "no_such_version",
    message: `"${ref.name}" has no version ${id.slice(0, 100)}`,
    fix: `list them with GET /states/${encodeURIComponent(ref.name)}/versions`,
  });
}
