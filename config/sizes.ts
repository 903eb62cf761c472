import type { NodeRole } from "./cluster-config";
import type { Path } from "./path";
import type { ClusterInput } from "./schema/cluster";
import type { NodeInput, SizeDefaults } from "./schema/node";

/** Units as in the file: memory in MiB, disk_size in GiB. */
export type Sizes = Required<SizeDefaults>;

/**
 * What a node gets that nothing in the file sizes: small disks for control planes, which hold etcd alone.
 * The home-lab template's numbers. It has some for "any" role too, which no node ever falls back to.
 */
export const BUILT_IN_SIZES: Readonly<Record<NodeRole, Sizes>> = {
  controlplane: { cores: 4, sockets: 1, memory: 8192, disk_size: 64 },
  worker: { cores: 8, sockets: 1, memory: 16384, disk_size: 256 },
};

/** A size and the key that it comes from, for errors. */
export interface Sized {
  readonly value: number;
  readonly path: Path;
}

export type NodeSizes = Readonly<Record<keyof Sizes, Sized>>;

export function roleOf(node: NodeInput): NodeRole {
  return node.controller ? "controlplane" : "worker";
}

/** Takes each size from the node, else from the defaults of its role, else from those of all, else built in. */
export function resolveSizes(cluster: ClusterInput, node: NodeInput, path: Path): NodeSizes {
  const roleKey = node.controller ? "proxmox_vm_controller_defaults" : "proxmox_vm_worker_defaults";
  const resolve = (size: keyof Sizes): Sized => {
    const nodeKey = `vm_${size}` as const;
    const own = node[nodeKey];
    if (own !== undefined) return { value: own, path: [...path, nodeKey] };
    for (const key of [roleKey, "proxmox_vm_defaults"] as const) {
      const value = cluster[key][size];
      if (value !== undefined) return { value, path: [key, size] };
    }
    return { value: BUILT_IN_SIZES[roleOf(node)][size], path };
  };
  return {
    cores: resolve("cores"),
    sockets: resolve("sockets"),
    memory: resolve("memory"),
    disk_size: resolve("disk_size"),
  };
}
