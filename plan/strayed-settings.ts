import { isDeepStrictEqual } from "node:util";
import { DISK_DEFAULTS } from "../domain/disk";
import type { PlannedChange } from "./changes";
import { diskList } from "./disks";
import type { Finding } from "./finding";

type Disk = Readonly<Record<string, unknown>>;

/** The attributes that a plan leaves alone on an existing disk, with the values that a new disk has by default. */
export const LEFT_ALONE: Readonly<Record<string, readonly unknown[]>> = {
  datastore_id: [],
  aio: ["io_uring", "", null],
  cache: ["none", "", null],
  iothread: [false, true, null],
  queues: [0, null],
  speed: [[], null],
  serial: ["", null],
  discard: [DISK_DEFAULTS.discard ? "on" : "ignore"],
  ssd: [DISK_DEFAULTS.ssd],
  backup: [DISK_DEFAULTS.backup],
  replicate: [DISK_DEFAULTS.replicate],
};

/**
 * OpenTofu leaves the attributes of a disk alone by its place in the list. When another disk moves to a place, because one before it was
 * removed or two were swapped, it would get what was set by hand for the disk that was there: `cache=unsafe`, or no backup.
 */
export function strayedSettings({ action, name, address, before, after }: PlannedChange): readonly Finding[] {
  if (action !== "update" && action !== "import") return [];
  const disks = diskList(before);
  return diskList(after).flatMap((disk, index): readonly Finding[] => {
    const [place, slot] = [disks[index], disk.interface];
    if (place === undefined || place.interface === slot) return [];
    const own = disks.find((each) => each.interface === slot);
    // The place of a disk that somebody has detached in Proxmox is empty.
    if (own === undefined && !place.interface) return [];
    const strayed = Object.keys(LEFT_ALONE).filter(
      (attribute) => isDeepStrictEqual(disk[attribute], place[attribute]) && !isOwn(attribute, disk, own),
    );
    if (strayed.length === 0) return [];
    const allow = `${name}/${slot}/settings`;
    const other = place.interface ? String(place.interface) : "a disk that was detached in Proxmox";
    const message =
      `disk ${slot} of ${name} (${address}) would get ${strayed.join(", ")} of ${other}, which was at its place in the list; do not swap data_disks, add new ones at ` +
      `the end, and before you remove one, give it in Proxmox the settings of ${slot}; or pass --allow ${allow}, and correct the settings ` +
      "in Proxmox afterwards";
    return [{ rule: "disk", address, allow, message }];
  });
}

/** Whether a disk has the value already, or would have it anywhere in the list. */
const isOwn = (attribute: string, disk: Disk, own: Disk | undefined): boolean =>
  own === undefined
    ? attribute === "datastore_id" || isDefault(attribute, disk[attribute])
    : isDeepStrictEqual(disk[attribute], own[attribute]);

const isDefault = (attribute: string, value: unknown): boolean =>
  (LEFT_ALONE[attribute] ?? []).some((each) => isDeepStrictEqual(each, value ?? null));
