import type { Pattern } from "./pattern";
import type { Range } from "./range";

/*
 * Limits of a VM in Proxmox VE. If its API has no upper limit, the limit of the provider is used, because a plan refuses
 * more.
 *
 * https://pve.proxmox.com/pve-docs/api-viewer/index.html#/nodes/{node}/qemu
 * https://github.com/bpg/terraform-provider-proxmox/blob/v0.111.1/proxmoxtf/resource/vm/vm.go
 */

/** Ids of guests: `pve_verify_vmid` of pve-common accepts three to nine digits. */
export const VM_ID: Range = { min: 100, max: 999_999_999 };

/** Cores of each socket. Proxmox accepts any number, but does not start a VM with more cores than its host has. */
export const CORES: Range = { min: 1, max: 2304 };

export const SOCKETS: Range = { min: 1, max: 16 };

/**
 * The minimum of the provider, and the maximum of Proxmox, 4 TiB (`get_max_mem` in qemu-server,
 * `PVE/QemuServer/Memory.pm`). Talos needs more than the minimum: see `TALOS_MINIMUM`.
 */
export const MEMORY_MIB: Range = { min: 64, max: 4 * 1024 * 1024 };

/** Minimum memory with ballooning, in MiB; 0 turns ballooning off. */
export const BALLOON_MIB: Range = { min: 0, max: MEMORY_MIB.max };

/** Position in the start order of a host, and delays in seconds. qemu-server accepts any number of digits. */
export const STARTUP: Range = { min: 0, max: 2 ** 31 - 1 };

export const MAX_PCI_DEVICES = 16;

/**
 * The provider reads and writes `usb0` to `usb3` only, and a plan with more would never be empty. Proxmox itself has five ports, and
 * fourteen for guests of type l26 or a Windows after 7 on a machine of version 7.1 or newer.
 */
export const MAX_USB_DEVICES = 4;

export const BIOSES = ["ovmf", "seabios"] as const;
export type Bios = (typeof BIOSES)[number];

/** Types of guests. */
export const OS_TYPES = [
  "l26",
  "l24",
  "other",
  "solaris",
  "wxp",
  "w2k",
  "w2k3",
  "w2k8",
  "wvista",
  "win7",
  "win8",
  "win10",
  "win11",
] as const;
export type OsType = (typeof OS_TYPES)[number];

/** Proxmox calls i440fx `pc`. */
export const MACHINE: Pattern = {
  regex: /^(q35|pc|pc-(q35|i440fx)-\d+(\.\d+)+(\+pve\d+)?)$/,
  advice: "is not a machine type; use q35, pc or a versioned one such as pc-q35-9.2",
};

/** Only this machine has PCI Express. */
export function isQ35(machine: string): boolean {
  return machine.includes("q35");
}

/** What a VM is in the state and in a plan: the resource of the pinned provider. */
export const VM_RESOURCE_TYPE = "proxmox_virtual_environment_vm";

/** The name of a node's resources. An RFC 1123 label may start with a digit, an identifier of OpenTofu may not. */
export const resourceName = (node: string): string => (/^\d/.test(node) ? `_${node}` : node);

/** The node that {@link resourceName} was given. */
export const nodeOfResource = (name: string): string => name.replace(/^_(?=\d)/, "");

/** The address of a node's VM. */
export const vmAddress = (node: string): string => `${VM_RESOURCE_TYPE}.${resourceName(node)}`;

/** The default hardware of a VM. */
export const VM_DEFAULTS = {
  bios: "ovmf",
  machine: "q35",
  cpuType: "host",
  numa: true,
  balloonMiB: 0,
  osType: "l26",
} as const;
