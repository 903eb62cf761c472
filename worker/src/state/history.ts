import { versionKey } from "../../../domain/state-objects";
import { Refusal } from "../errors/refusal";
import type { VersionRecord } from "./ledger/records";
import type { StateContext } from "./state-context";

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

/** The versions of a state: the list of them, and how long they are kept. */
export class History {
  constructor(private readonly context: StateContext) {}

  /** @throws Refusal 404 where there is no such version */
  find(id: string): VersionRecord {
    const { ledger, ref } = this.context;
    const version = ledger.versions.find(id);
    if (version === null) throw new Refusal({ code: "no_such_version", ref, id });
    return version;
  }

  /** Keeps a version for ever, or lets retention take it again. */
  pin(by: string, id: string, pinned: boolean): void {
    const { ledger } = this.context;
    this.find(id);
    ledger.atomically(() => {
      ledger.versions.pin(id, pinned);
      ledger.audit.append(by, pinned ? "pin" : "unpin", { version: id });
    });
  }

  /**
   * Newest first. `all` shows each write of an apply; otherwise its last one stands for them.
   * @param before the last entry of the page before
   */
  list(limit: number, before: string | null, all: boolean): ListedVersion[] {
    const { ledger } = this.context;
    const pointer = ledger.get("pointer");
    const above = before === null ? null : this.find(before);
    const entries: { head: VersionRecord; writes: number }[] = [];
    for (const row of ledger.versions.list(above)) {
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
      return entry ? ledger.versions.resources(entry.head.id) : [];
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
    const { ledger } = this.context;
    const spared = new Set([
      ledger.get("pointer"),
      ledger.get("projection").version,
      ledger.get("conflict")?.version,
    ]);
    const oldest = new Date(now.getTime() - keep.days * dayMs).toISOString();
    for (const id of ledger.versions.prunable(Math.max(keep.versions, 1), oldest)) {
      if (spared.has(id)) continue;
      ledger.atomically(() => {
        ledger.versions.markPruned(id);
        ledger.audit.append("worker", "prune", { version: id });
      });
    }
    const pruned = ledger.versions.pruned(deletesAtOnce);
    await this.#deleteObjects(pruned);
    ledger.atomically(() => {
      for (const id of pruned) ledger.versions.remove(id);
    });
    const longAgo = new Date(now.getTime() - abandonedUploadMs).toISOString();
    const abandoned = ledger.uploads.startedBefore(longAgo).slice(0, deletesAtOnce);
    await this.#deleteObjects(abandoned);
    ledger.atomically(() => {
      for (const id of abandoned) ledger.uploads.end(id);
    });
    return pruned.length;
  }

  async #deleteObjects(ids: readonly string[]): Promise<void> {
    const { bucket, key } = this.context;
    if (ids.length > 0) await bucket.delete(ids.map((id) => versionKey(key, id)));
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
