import type { VersionRecord } from "./ledger/records";
import type { VersionTable } from "./ledger/version-table";

/** Addresses of resources that a version has and the one below it has not, and the other way round. */
export interface Difference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Compares the resources of versions, newest first, and reads a number of bytes of their lists at most. */
export class Differences {
  /** The list that was read last: the next version is compared with it. */
  #last: { readonly id: string; readonly addresses: readonly string[] } | null = null;

  constructor(
    private readonly versions: VersionTable,
    private bytesLeft: number,
  ) {}

  /**
   * @param below null where there is no older version
   * @returns null where either is encrypted, its list was too long to be kept, or too much would have to be read
   */
  between(version: VersionRecord, below: VersionRecord | null): Difference | null {
    const list = this.versions.resourceList(version.id);
    const older = below && this.versions.resourceList(below.id);
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
