import type { Pattern } from "./pattern";
import type { Range } from "./range";

/*
 * What Proxmox VE takes for a VM. Where its API has no upper limit, the one of the provider counts: a plan would
 * refuse what is beyond.
 *
 * https://pve.proxmox.com/pve-docs/api-viewer/index.html#/nodes/{node}/qemu
 * https://github.com/bpg/terraform-provider-proxmox/blob/v0.111.1/proxmoxtf/resource/vm/vm.go
 */

/** Ids of guests: `pve_verify_vmid` of pve-common takes three to nine digits. */
export const VM_ID: Range = { min: 100, max: 999_999_999 };

/** Cores of each socket. Proxmox takes any number and starts no VM with more than its host has. */
export const CORES: Range = { min: 1, max: 2304 };

export const SOCKETS: Range = { min: 1, max: 16 };

/**
 * From what the provider takes to the 4 TiB that Proxmox gives a VM at most (`get_max_mem` in qemu-server,
 * `PVE/QemuServer/Memory.pm`). Talos needs more than the least; see `TALOS_MINIMUM`.
 */
export const MEMORY_MIB: Range = { min: 64, max: 4 * 1024 * 1024 };

/** The least that the balloon leaves to a VM in MiB; 0 turns it off. */
export const BALLOON_MIB: Range = { min: 0, max: MEMORY_MIB.max };

/** Place in the order in which a host starts its VMs, and delays in seconds: qemu-server takes digits. */
export const STARTUP: Range = { min: 0, max: 2 ** 31 - 1 };

export const MAX_PCI_DEVICES = 16;

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

/** Proxmox knows i440fx as `pc`. */
export const MACHINE: Pattern = {
  regex: /^(q35|pc|pc-(q35|i440fx)-\d+(\.\d+)+(\+pve\d+)?)$/,
  advice: "is not a machine type; use q35, pc or a versioned one such as pc-q35-9.2",
};

/** Only this machine has PCI Express. */
export function isQ35(machine: string): boolean {
  return machine.includes("q35");
}

/** The hardware of a VM where nothing else is said. */
export const VM_DEFAULTS = {
  bios: "ovmf",
  machine: "q35",
  cpuType: "host",
  numa: true,
  balloonMiB: 0,
  osType: "l26",
} as const;
