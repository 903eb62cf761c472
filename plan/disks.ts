import type { PlannedChange } from "./changes";

/** A disk of a VM, as a plan has it. */
export interface PlannedDisk {
  /** Where it is attached, such as `scsi1`. */
  readonly interface: string;
  readonly storage: string;
  readonly sizeGiB: number;
}

/** The disks that a VM has and would not have any more. The order of the list means nothing to the provider. */
export function removedDisks({ before, after }: PlannedChange): readonly PlannedDisk[] {
  const kept = new Set(disksIn(after).map((disk) => disk.interface));
  return disksIn(before).filter((disk) => !kept.has(disk.interface));
}

/** The slot of a TPM, as Proxmox calls it. */
export const TPM_SLOT = "tpmstate0";

/** Whether the VM has a TPM and would have none any more. */
export const losesTpm = ({ before, after }: PlannedChange): boolean => hasTpm(before) && !hasTpm(after);

const hasTpm = ({ tpm_state: tpm }: PlannedChange["before"]): boolean => Array.isArray(tpm) && tpm.length > 0;

/** The list of disks with all their attributes. The place of one that somebody has detached in Proxmox is empty. */
export const diskList = ({ disk }: PlannedChange["before"]): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(disk) ? disk : [];

function disksIn(values: PlannedChange["before"]): readonly PlannedDisk[] {
  const there = diskList(values).filter(({ interface: slot }) => typeof slot === "string" && slot !== "");
  return there.map(({ interface: slot, datastore_id: storage, size }) => ({
    interface: String(slot),
    storage: String(storage),
    sizeGiB: Number(size),
  }));
}
