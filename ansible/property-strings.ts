import type { ClusterConfig, DiskConfig, NetworkInterfaceConfig, NodeConfig } from "../config";
import type { DiskSetting, NetworkInterfaceSetting } from "../domain/vm-settings";

/* What is in Proxmox' property strings of the devices of a node, such as `net0`. */

/** Parts of a property string; one that is undefined is left out. */
export type Parts = Readonly<Record<string, string | number | undefined>>;

/** The parts of each setting. */
type PartsOf<Setting extends string> = Readonly<Record<Setting, Parts>>;

/** The parts of all settings but some. */
export function partsOf<Setting extends string>(
  parts: PartsOf<Setting>,
  without: readonly string[] = [],
): Parts {
  const kept = Object.entries<Parts>(parts).filter(([setting]) => !without.includes(setting));
  return Object.assign({}, ...kept.map(([, each]) => each));
}

/** `key=value,…` */
export function propertyString(parts: Parts): string {
  const given = Object.entries(parts).filter(([, value]) => value !== undefined);
  return given.map(([key, value]) => `${key}=${value}`).join(",");
}

export const bit = (flag: boolean): string => (flag ? "1" : "0");

/** The disks of a node by what they are attached to; the first one is first. */
export function disksOf(node: NodeConfig): readonly (readonly [device: string, disk: DiskConfig])[] {
  return [
    [`${node.diskInterface}0`, node.disk],
    ...node.dataDisks.map((disk) => [`scsi${disk.slot}`, disk] as const),
  ];
}

/** Without its volume. */
export function diskParts(
  disk: DiskConfig,
  device: string,
): PartsOf<Exclude<DiskSetting, "storage" | "sizeGiB">> {
  return {
    discard: { discard: disk.discard ? "on" : "ignore" },
    // Proxmox knows no SSDs on virtio.
    ssd: { ssd: device.startsWith("virtio") ? undefined : bit(disk.ssd) },
    backup: { backup: bit(disk.backup) },
    replicate: { replicate: bit(disk.replicate) },
    serial: { serial: disk.serial },
  };
}

/** Proxmox filters only the NICs that say so: the first one, unless the files say it of others. */
export function nicsOf(node: NodeConfig, { firewall }: ClusterConfig): readonly NetworkInterfaceConfig[] {
  return node.networkInterfaces.map((nic, index) => ({
    ...nic,
    firewall: nic.firewall ?? (index === 0 && firewall?.enabled ? true : undefined),
  }));
}

/** Without model and MAC address. */
export function nicParts(nic: NetworkInterfaceConfig): PartsOf<NetworkInterfaceSetting> {
  return {
    bridge: { bridge: nic.bridge },
    vlan: { tag: nic.vlan },
    mtu: { mtu: nic.mtu },
    queues: { queues: nic.queues },
    firewall: { firewall: nic.firewall === undefined ? undefined : bit(nic.firewall) },
  };
}

/** PCI and USB devices, by their keys in the configuration of a VM. */
export function mappedDevices({ pciDevices, usbDevices }: NodeConfig) {
  const pci = pciDevices?.map(({ mapping, pcie, rombar }) => ({
    mapping,
    pcie: bit(pcie),
    rombar: bit(rombar),
  }));
  const usb = usbDevices?.map(({ mapping, usb3 }) => ({ mapping, usb3: bit(usb3) }));
  const byKey = (name: string, devices: readonly Parts[] = []) =>
    devices.map((each, index) => [`${name}${index}`, each] as const);
  return { pci: byKey("hostpci", pci), usb: byKey("usb", usb) };
}

export function startupParts({ startup }: NodeConfig): Parts {
  return { order: startup?.order, up: startup?.upDelaySeconds, down: startup?.downDelaySeconds };
}
