import type { Pattern } from "./pattern";

/** What a node is for. */
export const NODE_ROLES = ["controlplane", "worker"] as const;
/** One of {@link NODE_ROLES}. */
export type NodeRole = (typeof NODE_ROLES)[number];

/** How a node gets Talos: from the installer ISO, or from an imported disk image. */
export const BOOT_MODES = ["iso", "disk-image"] as const;
/** One of {@link BOOT_MODES}. */
export type BootMode = (typeof BOOT_MODES)[number];

/** The name of the cluster. It is also the prefix of HA rules in Proxmox, which must begin with a letter. */
export const CLUSTER_NAME: Pattern = {
  regex: /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
  advice: "is not a cluster name; use at most 63 of a-z, 0-9 and -, with a letter first",
};

/** A release of Talos, with its `v`. */
export const TALOS_VERSION: Pattern = {
  regex: /^v1\.\d{1,3}\.\d{1,3}(-(alpha|beta|rc)\.\d{1,3})?$/,
  advice: "is not a Talos release; write it like v1.13.0",
};

/** What can connect the pods; `none` is for one that this program does not know. */
export const CNIS = ["flannel", "none", "cilium"] as const;

/** What the key of an encrypted disk is made of; `auto` is the best that the node has. */
export const DISK_ENCRYPTION_KEYS = ["auto", "tpm", "node-id"] as const;

export const CILIUM_VERSION: Pattern = {
  regex: /^\d{1,3}\.\d{1,3}\.\d{1,3}(-[a-z0-9.]{1,20})?$/,
  advice: "is not a release of Cilium; write it like 1.18.2",
};

export const IMAGE_REFERENCE: Pattern = {
  regex:
    /^[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9][a-z0-9._-]*)+(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?(@sha256:[0-9a-f]{64})?$/,
  advice: "is not an image; write it like quay.io/cilium/cilium-cli:v0.18.7",
};

/** The host of a registry; `*` stands for all that have no mirror of their own. */
export const REGISTRY: Pattern = {
  regex: /^(\*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?)$/,
  advice: "is not a registry; write it like docker.io or registry.example.com:5000",
};

export const SYSCTL: Pattern = {
  regex: /^[a-z0-9_]+([./][A-Za-z0-9_-]+)+$/,
  advice: "is not a kernel parameter; write it like net.core.somaxconn",
};

/** What a machine has: cores of all sockets, memory in MiB, disk in GiB. */
export interface MachineSize {
  readonly cores: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
}

/**
 * The least that Talos runs with.
 * @see https://www.talos.dev/latest/introduction/system-requirements/
 */
export const TALOS_MINIMUM: Readonly<Record<NodeRole, MachineSize>> = {
  controlplane: { cores: 2, memoryMiB: 2048, diskGiB: 10 },
  worker: { cores: 1, memoryMiB: 1024, diskGiB: 10 },
};

/**
 * Default sizes by role. `any` is for a VM whose role is not known. Control planes get small disks, because they hold only
 * etcd. The numbers come from the home-lab template of existing clusters.
 */
export const DEFAULT_SIZE: Readonly<Record<NodeRole | "any", MachineSize & { readonly sockets: number }>> = {
  any: { cores: 4, sockets: 1, memoryMiB: 8192, diskGiB: 128 },
  controlplane: { cores: 4, sockets: 1, memoryMiB: 8192, diskGiB: 64 },
  worker: { cores: 8, sockets: 1, memoryMiB: 16_384, diskGiB: 256 },
};
