import type { ClusterConfig, NodeConfig } from "../config";
import { ownTags } from "../domain/proxmox-names";
import type { VmSetting } from "../domain/vm-settings";
import { cloudInitOf } from "./new-vm";
import {
  bit,
  diskParts,
  disksOf,
  mappedDevices,
  nicParts,
  nicsOf,
  type Parts,
  partsOf,
  startupParts,
} from "./property-strings";

/** What the files want of a VM: keys of its configuration in Proxmox, those of property strings as `scsi0.size`. */
export interface Wanted {
  readonly values: Readonly<Record<string, string>>;
  /** It may have more. */
  readonly tags: readonly string[];
}

/**
 * As with a plan, what the files do not name is not looked at: its default is for new VMs only.
 * @param image the volume id of the image that the VM boots from
 */
export function wantedOf(node: NodeConfig, cluster: ClusterConfig, image: string): Wanted {
  const isNamed = (setting: VmSetting) => !node.onlyForNew.includes(setting);
  const settings: Readonly<Record<Exclude<VmSetting, "tags" | "pciDevices" | "usbDevices">, Parts>> = {
    cores: { cores: node.cores },
    sockets: { sockets: node.sockets },
    memoryMiB: { memory: node.memoryMiB },
    balloonMiB: { balloon: node.balloonMiB },
    cpuType: { cpu: node.cpuType },
    numa: { numa: bit(node.numa) },
    bios: { bios: node.bios },
    machine: { machine: node.machine },
    osType: { ostype: node.osType },
    scsiHardware: { scsihw: node.scsiHardware },
    agent: { agent: bit(node.agent) },
    tpm: { "tpmstate0.version": node.tpm ? "v2.0" : undefined },
    protection: { protection: bit(node.protection) },
    pool: { pool: node.pool },
    startup: within("startup", startupParts(node)),
    address: within("ipconfig0", cloudInitOf(node, cluster) ?? {}),
  };
  const values: Parts = {
    name: node.name,
    // HA chooses the hosts of what it can move.
    host: cluster.proxmox.ha ? undefined : node.host,
    ...partsOf(settings, node.onlyForNew),
    ...(cluster.bootMode === "iso" && { ide2: node.ejectIso ? "none" : image }),
    // As they are found, while VMs are adopted.
    ...(cluster.adopt?.vms === undefined && devicesOf(node, cluster)),
  };
  const given = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)] as const],
  );
  return {
    values: Object.fromEntries(given),
    tags: ownTags(isNamed("tags") ? node.tags : []),
  };
}

function devicesOf(node: NodeConfig, cluster: ClusterConfig): Parts {
  const disks = disksOf(node).map(([device, disk]) =>
    within(
      device,
      partsOf(
        {
          storage: { storage: disk.storage },
          sizeGiB: { size: `${disk.sizeGiB}G` },
          ...diskParts(disk, device),
        },
        disk.onlyForNew,
      ),
    ),
  );
  const nics = nicsOf(node, cluster).map((nic, index) =>
    within(`net${index}`, { mac: nic.macAddress, ...partsOf(nicParts(nic), nic.onlyForNew) }),
  );
  const { pci, usb } = mappedDevices(node);
  const mapped = [...pci, ...usb].map(([device, parts]) => within(device, parts));
  return Object.assign({}, ...disks, ...nics, ...mapped);
}

const within = (key: string, parts: Parts): Parts =>
  Object.fromEntries(Object.entries(parts).map(([part, value]) => [`${key}.${part}`, value]));
