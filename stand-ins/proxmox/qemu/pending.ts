import { parameterError } from "../api/errors";
import type { Cluster } from "../cluster";
import type { ConfigValue, Guest, GuestConfig } from "../model";
import { bootDisks } from "./boot-order";
import { type Drive, isCdrom, isCloudInitDrive, isDriveKey, parseDrive, volumeOf } from "./drive";
import { parseNet } from "./network-device";

/** Options that take effect without a restart because QEMU does not use them, such as those for cloud-init. */
const FAST =
  /^(?:description|hookscript|lock|migrate_downtime|migrate_speed|name|onboot|protection|shares|startup|tags|vmstatestorage|cicustom|cipassword|citype|ciuser|ciupgrade|nameserver|searchdomain|sshkeys|ipconfig\d+)$/;

/** Disk options that QEMU reads only when it starts. */
const COLD_DISK_OPTIONS = ["aio", "cache", "discard", "iothread", "product", "queues", "ro", "ssd", "vendor"];

/** The configuration as it will be after the next start. */
export function nextConfig({ config, pending }: Guest): GuestConfig {
  const next: GuestConfig = { ...config };
  for (const [name, value] of Object.entries(pending)) {
    if (value === null) delete next[name];
    else next[name] = value;
  }
  return next;
}

/**
 * Applies pending changes: all of them on a stopped VM, and those that can be hotplugged on a running one.
 * @throws ApiError 400 where a device cannot be unplugged. Its change stays pending, and the others are made.
 */
export function applyPending(cluster: Cluster, guest: Guest): void {
  const errors: Record<string, string> = {};
  for (const [name, value] of Object.entries(guest.pending)) {
    if (guest.status === "running") {
      if (!isHotpluggable(guest, name, value)) continue;
      const problem = needsUnplug(guest, name, value) ? unplugProblem(cluster, guest, name) : undefined;
      if (problem !== undefined) {
        errors[name] = `hotplug problem - ${problem}`;
        continue;
      }
    }
    replaceDrive(cluster, guest, name, value);
    if (value === null) delete guest.config[name];
    else guest.config[name] = value;
    delete guest.pending[name];
  }
  if (Object.keys(errors).length > 0) throw parameterError(errors);
}

/** Why a device of a running VM cannot be taken out of it. */
function unplugProblem(cluster: Cluster, { vmid, config }: Guest, name: string): string | undefined {
  if (bootDisks(config).includes(name)) return `can't unplug bootdisk '${name}'`;
  if (!cluster.faults.holdsDevice(vmid, name)) return undefined;
  return `error on hot-unplugging device '${name}' - still busy in guest?`;
}

/** Whether a change takes a device out, for good or to put another one in its place. */
function needsUnplug({ config }: Guest, name: string, value: ConfigValue | null): boolean {
  const current = config[name];
  if (current === undefined) return false;
  if (/^usb\d+$/.test(name)) return true;
  if (/^net\d+$/.test(name)) return value === null || !isSameNic(String(current), String(value));
  if (!isDriveKey(name)) return false;
  const [old, next] = [current, value].map((each) => (each === null ? undefined : parseDrive(String(each))));
  return next === undefined || (old !== undefined && !isCdrom(old) && old.file !== next.file);
}

/** Whether only the wiring of a NIC differs, such as its bridge. Proxmox VE compares the address with its case. */
function isSameNic(current: string, next: string): boolean {
  const [a, b] = [parseNet(current), parseNet(next)];
  return a.model === b.model && a.mac === b.mac && a.options.queues === b.options.queues;
}

/** Whether a change can be applied to a running VM. */
export function isHotpluggable(guest: Guest, name: string, value: ConfigValue | null): boolean {
  if (FAST.test(name)) return true;
  const features = hotplugFeatures(guest.config.hotplug);
  const isNet = /^net\d+$/.test(name);
  if (isNet) return features.has("network");
  if (/^usb\d+$/.test(name)) return features.has("usb");
  if (name === "cpulimit" || name === "cpuunits" || name === "agent") return true;
  if (name === "vcpus") return features.has("cpu");
  if (name === "memory") return features.has("memory");
  if (name === "balloon") return isBalloonOn(guest.config.balloon) === isBalloonOn(value);
  if (!isDriveKey(name)) return false;
  return isDriveHotpluggable(guest.config[name], value, name, features.has("disk"));
}

function isDriveHotpluggable(
  current: ConfigValue | undefined,
  value: ConfigValue | null,
  name: string,
  hotplug: boolean,
): boolean {
  if (name === "efidisk0" || name === "tpmstate0") return false;
  const old = current === undefined ? undefined : parseDrive(String(current));
  const next = value === null ? undefined : parseDrive(String(value));
  const isPluggableBus = hotplug && !/^(?:ide|sata)/.test(name);
  if (!old || !next) return isPluggableBus;
  if (isCdrom(old)) return isCdrom(next);
  if (old.file !== next.file) return isPluggableBus;
  return COLD_DISK_OPTIONS.every((option) => old.options[option] === next.options[option]);
}

/** Detaches the old drive where a change removes or replaces it. */
function replaceDrive(cluster: Cluster, guest: Guest, name: string, value: ConfigValue | null): void {
  const old =
    isDriveKey(name) && guest.config[name] !== undefined ? parseDrive(String(guest.config[name])) : undefined;
  const next = value === null ? undefined : parseDrive(String(value));
  if (old && old.file !== next?.file) detach(cluster, guest, old);
}

/** Keeps the disk of a removed drive as `unused0`; the disk of a cloud-init drive is deleted. */
export function detach(cluster: Cluster, guest: Guest, drive: Drive): void {
  const id = volumeOf(drive);
  const volume = id === undefined ? undefined : cluster.volumes.find(id, guest.node);
  if (!volume) return;
  if (isCloudInitDrive(drive)) cluster.volumes.free(volume);
  else if (!isCdrom(drive) && volume.vmid === guest.vmid) addUnused(guest, volume.id);
}

export function addUnused(guest: Guest, volumeId: string): void {
  let index = 0;
  while (guest.config[`unused${index}`] !== undefined) index += 1;
  guest.config[`unused${index}`] = volumeId;
}

/** The features that can be hotplugged; `network,disk,usb` by default. */
function hotplugFeatures(value: ConfigValue | undefined): ReadonlySet<string> {
  const text = value === undefined || String(value) === "1" ? "network,disk,usb" : String(value);
  return new Set(text === "0" ? [] : text.split(","));
}

const isBalloonOn = (value: ConfigValue | null | undefined): boolean => value == null || Number(value) > 0;
