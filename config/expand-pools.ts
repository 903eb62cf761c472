import { FIRST_DEVICE } from "../domain/disk";
import { Address, Cidr } from "../domain/ip";
import type { Path } from "./path";
import { instancePath } from "./pool-path";
import type { ClusterInput } from "./schema/cluster";
import type { NodeInput } from "./schema/node";
import type { PoolInput } from "./schema/pool";

/** A node, and its place in the file. */
export interface PlacedNode {
  readonly path: Path;
  readonly input: NodeInput;
}

/**
 * The nodes of all pools. What a node becomes depends on its number and on nothing that comes after it, so that more nodes,
 * pools or skipped numbers change none of the others.
 */
export function expandPools(input: ClusterInput): PlacedNode[] {
  const pools = input.node_pools;
  return pools.flatMap((pool, index) => {
    // Of two pools with one name, only the first is expanded: `checkPools` refuses the other, once for all of its nodes.
    const isFirst = pools.findIndex(({ name }) => name === pool.name) === index;
    return isFirst ? expandPool(pool, ["node_pools", index], input) : [];
  });
}

function expandPool(pool: PoolInput, path: Path, cluster: ClusterInput): PlacedNode[] {
  const { name, count: _, hosts: __, first_address, first_vm_id, skip, renamed_from, disk, ...shared } = pool;
  const skipped = new Set(skip);
  return hostsOfInstances(pool).flatMap((host, index): PlacedNode[] => {
    const number = index + 1;
    const address = addressAfter(first_address, index);
    if (skipped.has(number) || address === undefined) return [];
    const input: NodeInput = {
      ...shared,
      name: `${name}-${number}`,
      address,
      vm_id: first_vm_id === undefined ? undefined : first_vm_id + index,
      proxmox_node: host,
      disk: disk ?? FIRST_DEVICE[pool.disk_interface ?? cluster.proxmox_vm_advanced.disk_interface],
      renamed_from: renamed_from === undefined ? undefined : `${renamed_from}-${number}`,
    };
    return [{ path: instancePath(path, input.name), input }];
  });
}

/** The number of the last node. */
export function lastNumber({ count, hosts = [] }: PoolInput): number {
  return count ?? Math.max(hosts.length, 1);
}

/**
 * The host of each instance, of skipped ones too: the one with the fewest so far, the first in the list if there are several.
 * So they take turns, and a host that is added `from` a number on gets new nodes until it has as many as the others.
 */
function hostsOfInstances(pool: PoolInput): (string | undefined)[] {
  const hosts = hostEntries(pool).map((host) => ({ ...host, taken: 0 }));
  return Array.from({ length: lastNumber(pool) }, (_, index) => {
    const open = hosts.filter(({ from }) => from <= index + 1);
    const fewest = Math.min(...open.map(({ taken }) => taken));
    const host = open.find(({ taken }) => taken === fewest);
    if (host !== undefined) host.taken++;
    return host?.name;
  });
}

export function hostEntries({ hosts = [] }: PoolInput): { readonly name: string; readonly from: number }[] {
  return hosts.map((host) => (typeof host === "string" ? { name: host, from: 1 } : host));
}

/** @returns undefined past the end of all addresses */
export function addressAfter(first: string, count: number): string | undefined {
  if (Address.isValid(first)) return Address.parse(first).plus(count)?.text;
  const { address, prefixLength } = Cidr.parse(first);
  const next = address.plus(count);
  return next && `${next.text}/${prefixLength}`;
}
