import type { VersionRecord } from "./ledger/records";
import type { ResourceList, VersionTable } from "./ledger/version-table";

/** Addresses of resources that a version has and the one below it has not, and the other way round. */
export interface Difference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Compares the resources of versions, newest first, and reads a number of bytes of their lists at most. */
export class Differences {
  readonly #lists = new Map<string, ResourceList | null>();
  /** The list that was read last: the next version is compared with it. */
  #last: { readonly id: string; readonly addresses: readonly string[] } | null = null;

  constructor(
    private readonly versions: VersionTable,
    private bytesLeft: number,
  ) {}

  /** What is known of the list of a version; null if it is encrypted, or its list was too long to be kept. */
  listOf({ id }: VersionRecord): ResourceList | null {
    const known = this.#lists.get(id);
    if (known !== undefined) return known;
    const list = this.versions.resourceList(id);
    this.#lists.set(id, list);
    return list;
  }

  /**
   * @param below null if there is no older version
   * @returns null if either is encrypted, its list was too long to be kept, or too much would have to be read
   */
  between(version: VersionRecord, below: VersionRecord | null): Difference | null {
    const list = this.listOf(version);
    const older = below && this.listOf(below);
    if (list === null || (below && older === null)) return null;
    if (list.digest !== null && list.digest === older?.digest) return { added: [], removed: [] };
    const ids = [version.id, ...(below ? [below.id] : [])];
    const bytes = (this.#last?.id === version.id ? 0 : list.bytes) + (older?.bytes ?? 0);
    if (bytes > this.bytesLeft) return null;
    this.bytesLeft -= bytes;
    const [has, had] = ids.map((id) => this.#read(id));
    return compare(had ?? [], has ?? []);
  }

  #read(id: string): readonly string[] {
    if (this.#last?.id !== id) this.#last = { id, addresses: this.versions.resources(id) ?? [] };
    return this.#last.addresses;
  }
}

function compare(before: readonly string[], after: readonly string[]): Difference {
  const [had, has] = [new Set(before), new Set(after)];
  return {
    added: after.filter((name) => !had.has(name)),
    removed: before.filter((name) => !has.has(name)),
  };
}
