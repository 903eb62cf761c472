import type { GuestConfig } from "../model";
import { drivesOf, isCdrom, parseDrive } from "./drive";

/** The order of the buses in which Proxmox VE looks for a disk to start from. */
const BUSES = ["ide", "scsi", "virtio", "sata"];

/** The option `boot`, which is a blank without devices. */
export const bootOrder = (devices: readonly string[]): string =>
  devices.length === 0 ? " " : `order=${devices.join(";")}`;

/** The devices of the option `boot`; undefined where it does not list devices. */
export function bootDevices(boot: GuestConfig[string] | undefined): readonly string[] | undefined {
  const text = String(boot ?? "");
  return text.startsWith("order=") ? text.slice("order=".length).split(";").filter(Boolean) : undefined;
}

/** The first disk, the first CD drive and the first NIC. */
export function defaultBootDevices(config: GuestConfig): readonly string[] {
  const drives = BUSES.flatMap((bus) =>
    drivesOf(config)
      .filter(([name]) => name.replace(/\d+$/, "") === bus)
      .sort(([a], [b]) => slot(a) - slot(b)),
  );
  const disk = drives.find(([, drive]) => !isCdrom(drive))?.[0];
  const cdrom = drives.find(([, drive]) => isCdrom(drive))?.[0];
  const [nic] = Object.keys(config)
    .filter((name) => /^net\d+$/.test(name))
    .sort((a, b) => slot(a) - slot(b));
  return [disk, cdrom, nic].filter((device): device is string => device !== undefined);
}

/** The disks that the VM may start from, which cannot be unplugged while it runs. */
export function bootDisks(config: GuestConfig): readonly string[] {
  return (bootDevices(config.boot) ?? []).filter((name) => {
    const drive = config[name] === undefined ? undefined : parseDrive(String(config[name]));
    return /^(?:ide|scsi|virtio|sata)\d+$/.test(name) && drive !== undefined && !isCdrom(drive);
  });
}

const slot = (name: string): number => Number(/\d+$/.exec(name)?.[0] ?? 0);
