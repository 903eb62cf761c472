import type { Pattern } from "./pattern";

/*
 * Names in Proxmox VE. Its own rules are in pve-common (`PVE/JSONSchema.pm`), pve-access-control
 * (`PVE/AccessControl.pm`) and pve-guest-common (`PVE/Tags.pm`).
 */

/** A host of the Proxmox cluster: `pve_verify_node_name`, and at most as long as a DNS label. */
export const PROXMOX_NODE: Pattern = {
  regex: /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/,
  advice:
    "is not the name of a Proxmox node; use at most 63 of A-Z, a-z, 0-9 and -, with a letter or digit at both ends",
};

/** A datastore: `parse_storage_id`. */
export const STORAGE: Pattern = {
  regex: /^[A-Za-z][A-Za-z0-9_.-]{0,98}[A-Za-z0-9]$/,
  advice:
    "is not the name of a storage; use two or more of A-Z, a-z, 0-9, -, _ and ., with a letter first and a letter or digit last",
};

/** First part of the name of an image's file. Proxmox makes another name of one with other characters. */
export const IMAGE_PREFIX: Pattern = {
  regex: /^[a-z]([a-z0-9-]{0,78}[a-z0-9])?$/,
  advice: "is not the first part of a file name; use at most 80 of a-z, 0-9 and -, with a letter first",
};

/** A resource mapping of PCI or USB devices: `pve_verify_configid`. */
export const RESOURCE_MAPPING: Pattern = {
  regex: /^[A-Za-z][A-Za-z0-9_-]{1,98}$/,
  advice:
    "is not the name of a resource mapping; use two or more of A-Z, a-z, 0-9, - and _, with a letter first",
};

/** A resource pool with at most three levels: `verify_poolname`. */
export const POOL: Pattern = {
  regex: /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+){0,2}$/,
  advice: "is not a pool; use A-Z, a-z, 0-9, -, _ and ., with / between at most three levels",
};

/** Proxmox stores tags in lower case. With upper case, every plan would have a change. */
export const TAG: Pattern = {
  regex: /^[a-z0-9_][a-z0-9_+.-]*$/,
  advice: "is not a Proxmox tag; use a-z, 0-9, _, -, + and ., in lower case",
};

/** The tag of the VMs that this program manages. A VM without it is foreign. */
export const OWNERSHIP_TAG = "talos";

/** The tags of a VM of ours: those that are named, and {@link OWNERSHIP_TAG}, each once and sorted as Proxmox keeps them. */
export const ownTags = (named: readonly string[] = []): string[] =>
  [...new Set([...named, OWNERSHIP_TAG])].sort();
