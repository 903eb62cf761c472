import { HOST_LABEL } from "../../domain/host-name";
import { VM_ID } from "../../domain/virtual-machine";
import type { Problem } from "../diagnostic";
import { addressAfter, hostEntries, lastNumber } from "../expand-pools";
import type { Path } from "../path";
import type { ResolvedCluster } from "../resolve-cluster";
import type { PoolInput } from "../schema/pool";

/** There are nodes, and every pool can be expanded. The nodes of pools are checked as all others are. */
export function* checkPools({ input, isSound }: ResolvedCluster): Iterable<Problem> {
  const pools = input.node_pools;
  if (input.nodes.length === 0 && pools.length === 0 && isSound(["node_pools"])) {
    yield { path: ["nodes"], text: "is missing; list the nodes, here or in nodes.yaml" };
  }
  for (const [index, pool] of pools.entries()) {
    const path = ["node_pools", index];
    const first = pools.findIndex(({ name }) => name === pool.name);
    if (first !== index && isSound(["node_pools", first, "name"])) {
      const text = `${pool.name} is already used by node_pools[${first}]; give each pool its own name`;
      yield { path: [...path, "name"], text };
    }
    if (pool.count === undefined && pool.hosts === undefined && isSound([...path, "hosts"])) {
      yield { path: [...path, "count"], text: "is missing; add it, or hosts for one node on each" };
    }
    // With another count, the rest may be right.
    if (isSound([...path, "count"], [...path, "hosts"])) yield* checkEnds(pool, path);
    yield* checkHosts(pool, path);
  }
}

/** What the last node gets is still a name, an address and an id, and something is left if numbers are skipped. */
function* checkEnds(pool: PoolInput, path: Path): Iterable<Problem> {
  const { name, first_address, first_vm_id, skip } = pool;
  const last = lastNumber(pool);
  if (!HOST_LABEL.regex.test(`${name}-${last}`)) {
    const text = `${name} makes ${name}-${last}, which has more than 63 characters; use a shorter name`;
    yield { path: [...path, "name"], text };
  }
  if (addressAfter(first_address, last - 1) === undefined) {
    const text = `${first_address} is too near the end of all addresses for ${last} nodes; use a lower one`;
    yield { path: [...path, "first_address"], text };
  }
  if (first_vm_id !== undefined && first_vm_id + last - 1 > VM_ID.max) {
    const text = `${first_vm_id} is too high for ${last} nodes; use ${VM_ID.max - last + 1} or less`;
    yield { path: [...path, "first_vm_id"], text };
  }
  for (const [index, number] of skip.entries()) {
    const at = [...path, "skip", index];
    if (number > last) {
      yield { path: at, text: `${number} is not a number of this pool, which ends with ${last}; remove it` };
    } else if (skip.indexOf(number) !== index) {
      yield { path: at, text: `${number} is listed twice; keep one` };
    }
  }
  if (new Set(skip).size === last && Math.max(...skip) <= last) {
    yield { path: [...path, "skip"], text: `leaves none of the ${last} nodes; remove the pool instead` };
  }
}

function* checkHosts(pool: PoolInput, path: Path): Iterable<Problem> {
  const hosts = hostEntries(pool);
  for (const [index, { name }] of hosts.entries()) {
    if (hosts.findIndex((each) => each.name === name) === index) continue;
    yield { path: [...path, "hosts", index], text: `${name} is listed twice; keep one` };
  }
  if (hosts.length > 0 && hosts.every(({ from }) => from > 1)) {
    const text = "has no host for number 1; at least one of them needs no from";
    yield { path: [...path, "hosts"], text };
  }
}
