import { versionKey } from "../../../domain/state-objects";
import { Refusal } from "../errors/refusal";
import { type Difference, Differences } from "./differences";
import type { VersionRecord } from "./ledger/records";
import type { StateContext } from "./state-context";

/** A version as the listing shows it. */
export interface ListedVersion extends VersionRecord {
  readonly current: boolean;
  /** Number of writes that this entry stands for: those of one apply, under one lock. */
  readonly writes: number;
  /** Number of resources; null where it is not known. */
  readonly resources: number | null;
  /** Against the entry below; null where either is encrypted, or too much would have to be read. */
  readonly diff: Difference | null;
}

/** A part of the list of versions. */
export interface ListProps {
  readonly limit: number;
  /** ID of the last entry of the part before; null for the first one. */
  readonly before: string | null;
  /** Shows each write of an apply; otherwise the last one stands for them. */
  readonly all: boolean;
  /** Bytes of lists of resources that are compared at most. */
  readonly maxCompared: number;
}

/** The whole difference between a version and the one below it. */
export interface VersionChanges {
  readonly id: string;
  readonly serial: number | null;
  /** ID of the version below; null where there is none. */
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

  /** What a version changed, however much it is. @throws Refusal 404 where there is no such version */
  changes(id: string): VersionChanges {
    const { versions } = this.context.ledger;
    const head = this.find(id);
    const [below] = this.#entries(head, false);
    const diff = new Differences(versions, Number.POSITIVE_INFINITY).between(head, below?.head ?? null);
    return { id, serial: head.serial, against: below?.head.id ?? null, diff };
  }

  /**
   * Newest first, those below a version. `all` has each write of an apply; otherwise the last one stands for them, and
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
