import type { ClusterConfig, NodeConfig } from "../config";
import { Cidr } from "../domain/ip";
import { ownTags } from "../domain/proxmox-names";
import {
  bit,
  diskParts,
  disksOf,
  mappedDevices,
  nicParts,
  nicsOf,
  type Parts,
  partsOf,
  propertyString,
  startupParts,
} from "./property-strings";

/** Talos enrols its own Secure Boot keys. That needs firmware in setup mode, which has no keys. */
const EFI = {
  efitype: "4m",
  pre_enrolled_keys: false,
  // The module sends what is left out as None.
  format: "raw",
} as const;

/**
 * A new VM in the words of the module `community.proxmox.proxmox_kvm`: the one that OpenTofu would make.
 * @param image the volume id of the image that it boots from
 */
export function newVm(node: NodeConfig, cluster: ClusterConfig, image: string): object {
  const isIso = cluster.bootMode === "iso";
  const disks = disksOf(node).map(([device, disk], index) => {
    // An imported disk is as big as its image, and grown after that.
    const [size, from] = index === 0 && !isIso ? [0, image] : [disk.sizeGiB, undefined];
    const iothread = node.scsiHardware === "virtio-scsi-single" ? 1 : undefined;
    const parts = { "import-from": from, ...partsOf(diskParts(disk, device)), iothread };
    return [device, `${disk.storage}:${size},${propertyString(parts)}`] as const;
  });
  const nics = nicsOf(node, cluster).map((nic, index) => {
    const model = nic.macAddress === undefined ? "virtio" : `virtio=${nic.macAddress}`;
    return [`net${index}`, `${model},${propertyString(partsOf(nicParts(nic)))}`] as const;
  });
  const { pci, usb } = mappedDevices(node);
  const root = `${node.diskInterface}0`;
  const { storage } = node.disk;
  const cloudInit = cloudInitOf(node, cluster);
  return {
    cores: node.cores,
    sockets: node.sockets,
    memory: node.memoryMiB,
    balloon: node.balloonMiB,
    cpu: node.cpuType,
    numa_enabled: node.numa,
    bios: node.bios,
    machine: node.machine,
    ostype: node.osType,
    scsihw: node.scsiHardware,
    // In full, as the provider writes it: a shorter form is a change to it.
    agent: `enabled=${bit(node.agent)},fstrim_cloned_disks=0,type=virtio`,
    onboot: true,
    protection: node.protection,
    pool: node.pool,
    startup: node.startup && propertyString(startupParts(node)),
    tags: ownTags(node.tags),
    vga: "std",
    serial: { serial0: "socket" },
    boot: `order=${isIso ? `${root};ide2` : root}`,
    efidisk0: node.bios === "ovmf" ? { storage, ...EFI } : undefined,
    tpmstate0: node.tpm ? { storage, version: "2.0" } : undefined,
    scsi: devices(disks.filter(([device]) => device.startsWith("scsi"))),
    virtio: devices(disks.filter(([device]) => device.startsWith("virtio"))),
    ide: devices([
      ...(isIso ? [["ide2", `${image},media=cdrom`] as const] : []),
      // ide2 is where the installer ISO would be.
      ...(cloudInit ? [[isIso ? "ide0" : "ide2", `${storage}:cloudinit`] as const] : []),
    ]),
    net: devices(nics),
    hostpci: devices(pci.map(([key, parts]) => [key, propertyString(parts)])),
    usb: devices(usb.map(([key, parts]) => [key, propertyString(parts)])),
    citype: cloudInit && "nocloud",
    ipconfig: cloudInit && { ipconfig0: propertyString(cloudInit) },
    nameservers: cloudInit && cluster.network.dnsServers,
  };
}

/** The installer ISO gets its address by DHCP, unless the program configures Talos. */
export function cloudInitOf(
  { address }: NodeConfig,
  { bootMode, talos, network }: ClusterConfig,
): Parts | undefined {
  if (bootMode === "iso" && !talos) return undefined;
  const { family, prefixLength } = Cidr.parse(network.nodeCidr);
  const cidr = `${address}/${prefixLength}`;
  return family === "IPv6" ? { ip6: cidr, gw6: network.gateway } : { ip: cidr, gw: network.gateway };
}

/** Undefined if there is none: an empty mapping would count as one. */
function devices(entries: readonly (readonly [string, string])[]): object | undefined {
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
