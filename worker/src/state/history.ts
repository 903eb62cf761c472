import { versionKey } from "../../../domain/state-objects";
import { Refusal } from "../errors/refusal";
import { type Difference, Differences } from "./differences";
import type { VersionRecord } from "./ledger/records";
import type { StateContext } from "./state-context";

/** A version as the listing shows it. */
export interface ListedVersion extends VersionRecord {
  readonly current: boolean;
  /** Number of writes that this entry represents: those of one apply, under one lock. */
  readonly writes: number;
  /** Number of resources; null if it is not known. */
  readonly resources: number | null;
  /** Against the entry below; null if either is encrypted, or too much would have to be read. */
  readonly diff: Difference | null;
}

/** A part of the list of versions. */
export interface ListProps {
  readonly limit: number;
  /** ID of the last entry of the part before; null for the first one. */
  readonly before: string | null;
  /** Shows each write of an apply; otherwise the last one represents them. */
  readonly all: boolean;
  /** Bytes of lists of resources that are compared at most. */
  readonly maxCompared: number;
}

/** The whole difference between a version and the one below it. */
export interface VersionChanges {
  readonly id: string;
  readonly serial: number | null;
  /** ID of the version below; null if there is none. */
  readonly against: string | null;
  /** Null where either is encrypted, or its list was too long to be kept. */
  readonly diff: Difference | null;
}

interface Entry {
  readonly head: VersionRecord;
  readonly writes: number;
}

/** How many versions a state keeps: those among the newest `versions`, and those younger than `days`. */
export interface Retention {
  readonly versions: number;
  readonly days: number;
}

/** What a sweep did. */
export interface Swept {
  /** Versions that were deleted. */
  readonly deleted: number;
  /** Objects that should go, and that R2 does not let go yet. */
  readonly kept: number;
}

const dayMs = 24 * 60 * 60 * 1000;
/** R2 takes this many keys in one delete. */
const deletesAtOnce = 1000;
/** So many are tried one by one in a sweep, each with two calls of R2 (a request may make 1,000). */
const singleDeletes = 100;
/** An upload that is this old is not under way any more. */
const abandonedUploadMs = dayMs;

/** The versions of a state: the list of them, and how long they are kept. */
export class History {
  constructor(private readonly context: StateContext) {}

  /** @throws Refusal if there is no such version */
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

  /** Newest first. */
  list({ limit, before, all, maxCompared }: ListProps): ListedVersion[] {
    const { ledger } = this.context;
    const pointer = ledger.get("pointer");
    const entries: Entry[] = [];
    for (const entry of this.#entries(before === null ? null : this.find(before), all))
      if (entries.push(entry) > limit) break;
    const differences = new Differences(ledger.versions, maxCompared);
    return entries.slice(0, limit).map(({ head, writes }, at) => {
      const resources = differences.listOf(head)?.count ?? null;
      const diff = differences.between(head, entries[at + 1]?.head ?? null);
      return { ...head, current: head.id === pointer, writes, resources, diff };
    });
  }

  /** What a version changed, however much it is. @throws Refusal if there is no such version */
  changes(id: string): VersionChanges {
    const { versions } = this.context.ledger;
    const head = this.find(id);
    const [below] = this.#entries(head, false);
    const diff = new Differences(versions, Number.POSITIVE_INFINITY).between(head, below?.head ?? null);
    return { id, serial: head.serial, against: below?.head.id ?? null, diff };
  }

  /**
   * Newest first, those below a version. `all` has each write of an apply; otherwise the last one represents them, and
   * those that belong to the version above are left out.
   */
  *#entries(above: VersionRecord | null, all: boolean): Generator<Entry> {
    const { ledger } = this.context;
    const pointer = ledger.get("pointer");
    let entry: { head: VersionRecord; writes: number } | null = null;
    for (const row of ledger.versions.list(above)) {
      const head = entry?.head ?? above;
      const isOfSameApply = row.lockId !== null && row.lockId === head?.lockId;
      if (isOfSameApply && !all && !row.pinned && row.id !== pointer) {
        if (entry) entry.writes++;
        continue;
      }
      if (entry) yield entry;
      entry = { head: row, writes: 1 };
    }
    if (entry) yield entry;
  }

  /**
   * Deletes what retention lets go, and what uploads that never committed left behind. Never the current version, a
   * pinned one, the one that S3 clients still see, or one that a person has to choose from. What R2 does not let go yet,
   * as under a lock rule of the bucket, stays, and is tried again by the next sweep.
   */
  async sweep(keep: Retention, now: Date): Promise<Swept> {
    const { ledger } = this.context;
    const spared = new Set([
      ledger.get("pointer"),
      ledger.get("projection").version,
      ledger.get("conflict")?.version,
      ...ledger.get("unprojected"),
    ]);
    const oldest = new Date(now.getTime() - keep.days * dayMs).toISOString();
    const due = ledger.versions.prunable(Math.max(keep.versions, 1), oldest).filter((id) => !spared.has(id));
    const begun = ledger.versions.pruned().slice(0, deletesAtOnce);
    const next = due.slice(0, deletesAtOnce - begun.length);
    ledger.atomically(() => {
      for (const id of next) ledger.versions.markPruned(id);
    });
    const versions = await this.#deleteObjects([...begun, ...next]);
    ledger.atomically(() => {
      for (const id of versions.gone) {
        ledger.versions.remove(id);
        ledger.unstored.remove(id);
        ledger.audit.append("worker", "prune", { version: id });
      }
      for (const id of versions.kept) ledger.versions.unmarkPruned(id);
    });
    const longAgo = new Date(now.getTime() - abandonedUploadMs).toISOString();
    const uploads = await this.#deleteObjects(ledger.uploads.startedBefore(longAgo).slice(0, deletesAtOnce));
    ledger.atomically(() => {
      for (const id of uploads.gone) ledger.uploads.end(id);
    });
    const swept = { deleted: versions.gone.length, kept: versions.kept.length + uploads.kept.length };
    if (swept.kept > 0) {
      const { ref } = this.context;
      console.warn(JSON.stringify({ level: "warn", event: "objects_not_deletable", ...ref, ...swept }));
    }
    return swept;
  }

  /**
   * Deletes the objects of versions: all at once, and one by one where that fails.
   * @throws Error if R2 does not say whether an object is there
   */
  async #deleteObjects(
    ids: readonly string[],
  ): Promise<{ gone: readonly string[]; kept: readonly string[] }> {
    const { bucket, key } = this.context;
    if (ids.length === 0) return { gone: [], kept: [] };
    try {
      await bucket.delete(ids.map((id) => versionKey(key, id)));
      return { gone: ids, kept: [] };
    } catch {
      const [tried, kept] = [ids.slice(0, singleDeletes), ids.slice(singleDeletes)];
      const gone: string[] = [];
      for (const id of tried) {
        const at = versionKey(key, id);
        await bucket.delete(at).catch(() => undefined);
        // What the delete answered counts for nothing: an answer may be lost.
        if ((await bucket.head(at)) === null) gone.push(id);
        else kept.push(id);
      }
      return { gone, kept };
    }
  }
}
