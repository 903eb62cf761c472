import { Address, Cidr } from "../../domain/ip";
import { type ConfigContract, DEFAULT_CONFIG_CONTRACT } from "../../domain/talos-versions";
import type { TalosClusterNode, TalosClusterProps } from "../talos-cluster-props";

/** What the machine configs of a cluster have in common, derived from its props. */
export interface ClusterFacts {
  readonly contract: ConfigContract;
  /** URL of the Kubernetes API. */
  readonly endpoint: string;
  /** Announced by the control planes; undefined if something else has it. */
  readonly vip: string | undefined;
  /** In which nodes look for their own address. */
  readonly nodeSubnets: readonly string[];
  /** In the certificates of the control planes. */
  readonly certSans: readonly string[];
}

export function clusterFacts(props: TalosClusterProps): ClusterFacts {
  const { network, nodes, announceVip = true, certSans = [] } = props;
  const endpoint = props.endpoint ?? `https://${urlHost(network.vip ?? "")}:6443`;
  const names = [hostOf(endpoint), ...(network.vip ? [network.vip] : []), ...certSans];
  return {
    contract: props.configContract ?? DEFAULT_CONFIG_CONTRACT,
    endpoint,
    vip: announceVip ? network.vip : undefined,
    nodeSubnets: props.nodeSubnets ?? firstNetworks(nodes),
    certSans: [...new Set(names)],
  };
}

/** The networks of the first links' addresses, each once. */
function firstNetworks(nodes: readonly TalosClusterNode[]): string[] {
  const addresses = nodes.flatMap(({ links }) => links[0].addresses ?? []);
  return [...new Set(addresses.filter(Cidr.isValid).map((address) => Cidr.parse(address).text))];
}

function urlHost(address: string): string {
  return Address.isValid(address) && Address.parse(address).family === "IPv6" ? `[${address}]` : address;
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}
