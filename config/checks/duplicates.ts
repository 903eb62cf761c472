import type { Problem } from "../diagnostic";
import { formatPath, type Path } from "../path";
import type { ResolvedCluster, ResolvedNode } from "../resolve-cluster";
import { addressOf } from "../resolve-node";
import type { NodeInput } from "../schema/node";

interface Claim {
  readonly path: Path;
  /** The value that must be unique. */
  readonly value: string;
  /** The value as it is written in the file. */
  readonly written: string;
  /** Who uses the value, for the message. */
  readonly owner: string;
}

/** Names, addresses, VM ids, MAC addresses over all NICs, and slots and serial numbers of a VM's disks. */
export function* checkDuplicates({ nodes, isSound }: ResolvedCluster): Iterable<Problem> {
  const repetitions = (claims: readonly Claim[], advice: string) =>
    repeated(
      claims.filter(({ path }) => isSound(path)),
      advice,
    );
  const claims = (key: "name" | "address", identify: (node: NodeInput) => string) =>
    nodes.map(({ path, label, input }): Claim => {
      // Two nodes with the same name are identified by their position in the list.
      const owner = key === "name" ? formatPath(path) : label;
      return { path: [...path, key], value: identify(input), written: String(input[key]), owner };
    });
  yield* repetitions(
    claims("name", ({ name }) => name),
    "give each node its own name",
  );
  yield* repetitions(
    claims("address", (node) => addressOf(node).text),
    "give each node its own address",
  );
  yield* repetitions(idClaims(nodes, isSound), "give each node its own id");
  yield* repetitions(nodes.flatMap(macClaims), "give each NIC its own address");
  for (const node of nodes) {
    yield* repetitions(diskClaims(node, "slot"), "give each disk its own slot");
    yield* repetitions(diskClaims(node, "serial"), "give each disk its own serial number");
  }
}

function* repeated(claims: readonly Claim[], advice: string): Iterable<Problem> {
  const owners = new Map<string, string>();
  for (const { path, value, written, owner } of claims) {
    const first = owners.get(value);
    if (first === undefined) owners.set(value, owner);
    else yield { path, text: `${written} is already used by ${first}; ${advice}` };
  }
}

/** Given ids, and those that are made of an address. An address that is used twice is one mistake, not two. */
function idClaims(nodes: readonly ResolvedNode[], isSound: ResolvedCluster["isSound"]): Claim[] {
  const addresses = new Set<string>();
  return nodes.flatMap(({ path, label, input, config: { vmId, address } }): Claim[] => {
    const claim = { path: [...path, "vm_id"], value: String(vmId), owner: label };
    if (input.vm_id !== undefined) return [{ ...claim, written: claim.value }];
    if (!isSound([...path, "address"]) || addresses.has(address)) return [];
    addresses.add(address);
    return [{ ...claim, written: `is missing, and ${vmId}, made of the address,` }];
  });
}

function macClaims({ path, label, input }: ResolvedNode): Claim[] {
  const nics = [
    { mac: input.mac_addr, at: [...path, "mac_addr"] },
    ...input.networks.map(({ mac_addr }, index) => ({
      mac: mac_addr,
      at: [...path, "networks", index, "mac_addr"],
    })),
  ];
  return nics.flatMap(({ mac, at }): Claim[] => {
    if (mac === undefined) return [];
    return [{ path: at, value: mac.toLowerCase(), written: mac, owner: label }];
  });
}

function diskClaims({ path, input }: ResolvedNode, key: "slot" | "serial"): Claim[] {
  return input.data_disks.flatMap((each, index): Claim[] => {
    if (each[key] === undefined) return [];
    const value = String(each[key]);
    const disk: Path = [...path, "data_disks", index];
    return [{ path: [...disk, key], value, written: value, owner: formatPath(disk) }];
  });
}
