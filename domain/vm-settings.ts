/*
 * The settings of a VM, of its disks and of its NICs that a file may leave out. Then their defaults are for new VMs only: a VM
 * that exists keeps what it has.
 */

/** A setting of a VM itself. */
export type VmSetting =
  | "cores"
  | "sockets"
  | "cpuType"
  | "numa"
  | "memoryMiB"
  | "balloonMiB"
  | "bios"
  | "machine"
  | "scsiHardware"
  | "osType"
  | "tpm"
  | "agent"
  | "pciDevices"
  | "usbDevices"
  | "tags"
  | "pool"
  | "startup"
  | "protection"
  | "address";

/** A setting of one of its disks. */
export type DiskSetting = "storage" | "sizeGiB" | "discard" | "ssd" | "backup" | "replicate" | "serial";

/** A setting of one of its network interfaces. */
export type NetworkInterfaceSetting = "bridge" | "vlan" | "mtu" | "queues" | "firewall";
