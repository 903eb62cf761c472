import { DEFAULT_SIZE, type NodeRole } from "../domain/talos";
import type { Path } from "./path";
import type { ClusterInput } from "./schema/cluster";
import type { NodeInput, SizeDefaults } from "./schema/node";

/** Units as in the file: memory in MiB, disk_size in GiB. */
export type Sizes = Required<SizeDefaults>;

/** A size and the key that it comes from, for errors. */
export interface Sized {
  readonly value: number;
  readonly path: Path;
  /** The keys that it can come from. */
  readonly sources: readonly Path[];
}

export type NodeSizes = Readonly<Record<keyof Sizes, Sized>>;

export function roleOf(node: NodeInput): NodeRole {
  return node.controller ? "controlplane" : "worker";
}

/** Each size comes from the node, else from the defaults of its role, else from those of all nodes, else it is built in. */
export function resolveSizes(cluster: ClusterInput, node: NodeInput, path: Path): NodeSizes {
  const roleKey = node.controller ? "proxmox_vm_controller_defaults" : "proxmox_vm_worker_defaults";
  const { cores, sockets, memoryMiB, diskGiB } = DEFAULT_SIZE[roleOf(node)];
  const builtIn: Sizes = { cores, sockets, memory: memoryMiB, disk_size: diskGiB };
  const resolve = (size: keyof Sizes): Sized => {
    const nodeKey = `vm_${size}` as const;
    const own: Path = [...path, nodeKey];
    const sources = [own, [roleKey, size], ["proxmox_vm_defaults", size]];
    const given = node[nodeKey];
    if (given !== undefined) return { value: given, path: own, sources };
    for (const key of [roleKey, "proxmox_vm_defaults"] as const) {
      const value = cluster[key][size];
      if (value !== undefined) return { value, path: [key, size], sources };
    }
    return { value: builtIn[size], path, sources };
  };
  return {
    cores: resolve("cores"),
    sockets: resolve("sockets"),
    memory: resolve("memory"),
    disk_size: resolve("disk_size"),
  };
}
