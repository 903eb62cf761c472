import type { Pattern } from "./pattern";
import type { Range } from "./range";

/** The limit of Proxmox' web interface is 128 TiB (pve-manager, `HDEdit.js`). The API documents no limit. */
export const DISK_SIZE_GIB: Range = { min: 1, max: 128 * 1024 };

/** Slots on the SCSI bus: `scsi0` to `scsi30`. The first disk has slot 0. */
export const SCSI_SLOT: Range = { min: 0, max: 30 };
export const DATA_DISK_SLOT: Range = { min: 1, max: SCSI_SLOT.max };

/** The provider accepts at most 20 characters. */
export const DISK_SERIAL: Pattern = {
  regex: /^[A-Za-z0-9_.-]{1,20}$/,
  advice: "is not a serial number; use at most 20 of A-Z, a-z, 0-9, _, . and -",
};

/** A volume of Talos on a disk of its own, mounted at /var/mnt/<name>. */
export const USER_VOLUME: Pattern = {
  regex: /^[A-Za-z0-9-]{1,34}$/,
  advice: "is not the name of a volume; use at most 34 of A-Z, a-z, 0-9 and -",
};

/**
 * Talos' expression for the disk in a slot of the SCSI bus. Proxmox gives each disk an identity of that name, which udev makes a link of;
 * some versions prefer the serial number if there is one.
 */
export function scsiDiskMatch(slot: number, serial?: string): string {
  const names = [`drive-scsi${slot}`, ...(serial === undefined ? [] : [serial])];
  const isNamed = names.map((name) => `link.endsWith("_${name}")`).join(" || ");
  return `disk.symlinks.exists(link, ${isNamed})`;
}

/** What the first disk can be attached to. The other disks are on the SCSI bus. */
export const DISK_INTERFACES = ["scsi", "virtio"] as const;
export type DiskInterface = (typeof DISK_INTERFACES)[number];

/** The name that Linux gives to the first disk. */
export const FIRST_DEVICE: Readonly<Record<DiskInterface, string>> = { scsi: "/dev/sda", virtio: "/dev/vda" };

export const SCSI_CONTROLLERS = [
  "virtio-scsi-pci",
  "virtio-scsi-single",
  "lsi",
  "lsi53c810",
  "megasas",
  "pvscsi",
] as const;
export type ScsiController = (typeof SCSI_CONTROLLERS)[number];

export const DISK_DEFAULTS = { discard: true, ssd: true, backup: false, replicate: false } as const;
