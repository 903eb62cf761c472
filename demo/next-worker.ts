import type { ClusterConfig } from "../config";
import { addressAfter } from "../config/expand-pools";
import { Cidr } from "../domain/ip";

/** An entry of `nodes`, as it stands in the file. */
export interface WorkerEntry {
  readonly name: string;
  readonly address: string;
  readonly [key: string]: unknown;
}

/** What no two nodes can have, and what would keep the node from going again. */
const NOT_COPIED = ["mac_addr", "networks", "pci", "usb", "renamed_from", "protection"];
const MAX_TRIES = 256;

/**
 * An entry for one worker more, as somebody would write it: that of the last worker, with the next name, address and VM id.
 * @param entries those of `nodes` in the files
 */
export function nextWorker(config: ClusterConfig, entries: readonly WorkerEntry[]): WorkerEntry {
  const { nodes, network } = config;
  const isWorker = ({ name }: { readonly name: string }) =>
    nodes.some((node) => node.name === name && node.role === "worker");
  const model = entries.findLast(isWorker);
  const last = nodes.findLast(isWorker) ?? nodes.at(-1);
  if (last === undefined) throw new Error("the cluster has no node");
  const names = nodes.map(({ name }) => name);
  const addresses = [network.vip, network.gateway, ...nodes.map(({ address }) => address)];
  const first = model?.address ?? last.address;
  const copied = Object.entries(model ?? { disk: last.installDisk }).filter(
    ([key]) => !NOT_COPIED.includes(key),
  );
  return {
    ...Object.fromEntries(copied),
    name: firstFree(names, (count) => nameAfter(last.name, count)),
    address: firstFree(addresses, (count) => addressAfter(first, count), withoutPrefix),
    controller: false,
    ...(model?.vm_id !== undefined && { vm_id: Math.max(...nodes.map(({ vmId }) => vmId)) + 1 }),
  };
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
