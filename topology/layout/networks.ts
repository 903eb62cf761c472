import type { ClusterConfig, NetworkInterfaceConfig, NodeConfig } from "../../config";

/** A bridge, or a VLAN on it. */
export interface Network {
  readonly bridge: string;
  readonly vlan?: number;
  readonly label: string;
  /** Its addresses, where they are known. */
  readonly cidr?: string;
}

/** All networks that a NIC is in. The network of the nodes' own addresses comes first. */
export function networksOf({ nodes, network }: ClusterConfig): Network[] {
  const found = new Map<string, Network>();
  const firstNics = nodes.flatMap(({ networkInterfaces }) => networkInterfaces.slice(0, 1));
  for (const nic of [...firstNics, ...nodes.flatMap(({ networkInterfaces }) => networkInterfaces)]) {
    const label = labelOf(nic);
    if (found.has(label)) continue;
    const cidr = found.size === 0 ? network.nodeCidr : undefined;
    found.set(label, { bridge: nic.bridge, vlan: nic.vlan, label, cidr });
  }
  return [...found.values()];
}

/** The numbers of a node's networks, with the number of NICs that it has in each. */
export function networksOfNode(node: NodeConfig, networks: readonly Network[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const nic of node.networkInterfaces) {
    const index = networks.findIndex(({ label }) => label === labelOf(nic));
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  return counts;
}

function labelOf({ bridge, vlan }: NetworkInterfaceConfig): string {
  return vlan === undefined ? `${bridge}, untagged` : `${bridge}, VLAN ${vlan}`;
}
