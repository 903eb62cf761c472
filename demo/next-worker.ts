import type { ClusterConfig } from "../config";
import { addressAfter } from "../config/expand-pools";
import { Cidr } from "../domain/ip";

/** An entry of `nodes`, as it stands in the file. */
export interface WorkerEntry {
  readonly name: string;
  readonly address: string;
  readonly [key: string]: unknown;
}

/** What the files say of nodes. */
export interface WrittenNodes {
  readonly nodes?: readonly WorkerEntry[];
  readonly node_pools?: readonly { readonly name: string; readonly [key: string]: unknown }[];
}

/** What no two nodes can have, what would keep the node from going again, and what only a pool has. */
const NOT_COPIED = [
  ...["mac_addr", "networks", "pci", "usb", "renamed_from", "protection"],
  ...["count", "hosts", "first_address", "first_vm_id", "skip"],
];
const MAX_TRIES = 256;

/**
 * An entry for one worker more, as somebody would write it: that of the last worker or of its pool, with the next name, address and
 * VM id.
 */
export function nextWorker(config: ClusterConfig, { nodes: entries, node_pools }: WrittenNodes): WorkerEntry {
  const { nodes, network } = config;
  const isWorker = ({ name }: { readonly name: string }) =>
    nodes.some((node) => node.name === name && node.role === "worker");
  const last = nodes.findLast(isWorker) ?? nodes.at(-1);
  if (last === undefined) throw new Error("the cluster has no node");
  const entry = entries?.findLast(isWorker);
  const model = entry ?? node_pools?.find(({ name }) => last.name.replace(/-\d+$/, "") === name) ?? {};
  const copied = Object.entries(model).filter(([key]) => !NOT_COPIED.includes(key));
  const names = nodes.map(({ name }) => name);
  const addresses = [network.vip, network.gateway, ...nodes.map(({ address }) => address)];
  const first = entry?.address ?? last.address;
  const own = {
    name: firstFree(names, (count) => nameAfter(last.name, count)),
    address: firstFree(addresses, (count) => addressAfter(first, count), withoutPrefix),
    controller: false,
    disk: last.installDisk,
    ...(entry?.vm_id !== undefined && { vm_id: Math.max(...nodes.map(({ vmId }) => vmId)) + 1 }),
  };
  return { ...own, ...Object.fromEntries(copied.filter(([key]) => !(key in own))) };
}

/** `worker-4` after `worker-3`. */
function nameAfter(name: string, count: number): string {
  const [, stem = name, number = "1"] = /^(.*?)-?(\d+)$/.exec(name) ?? [];
  return `${stem}-${Number(number) + count}`;
}

const withoutPrefix = (address: string): string =>
  Cidr.isValid(address) ? Cidr.parse(address).address.text : address;

function firstFree(
  taken: readonly string[],
  candidate: (count: number) => string | undefined,
  comparable = (text: string) => text,
): string {
  for (let count = 1; count < MAX_TRIES; count++) {
    const found = candidate(count);
    if (found !== undefined && !taken.includes(comparable(found))) return found;
  }
  throw new Error(`nothing is free after ${taken.at(-1)}`);
}
