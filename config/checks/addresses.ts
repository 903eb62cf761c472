import { Address, Cidr } from "../../domain/ip";
import type { Problem } from "../diagnostic";
import type { Path } from "../path";
import type { ResolvedCluster } from "../resolve-cluster";
import { addressOf } from "../resolve-node";

/** The addresses of the gateway, the Kubernetes API and every node are in `node_cidr`, usable and different. */
export function* checkAddresses({ input, nodes, config, isSound }: ResolvedCluster): Iterable<Problem> {
  const network = isSound(["node_cidr"]) ? Cidr.parse(input.node_cidr) : undefined;
  const gatewayKey = input.node_default_gateway === undefined ? "node_cidr" : "node_default_gateway";
  const isGatewayKnown = isSound([gatewayKey], ["node_default_gateway"]);
  const gateway = isGatewayKnown ? Address.parse(config.network.gateway) : undefined;
  const vip = isSound(["cluster_api_addr"]) ? Address.parse(input.cluster_api_addr) : undefined;

  if (input.node_default_gateway !== undefined && gateway !== undefined) {
    yield* checkMember(network, gateway, ["node_default_gateway"], input.node_default_gateway);
  }
  if (vip !== undefined) yield* checkMember(network, vip, ["cluster_api_addr"], input.cluster_api_addr);
  if (vip !== undefined && gateway?.equals(vip)) {
    yield {
      path: ["cluster_api_addr"],
      text: `${vip.text} is the address of the gateway; choose a free one`,
    };
  }

  for (const { path, input: node } of nodes) {
    const at: Path = [...path, "address"];
    const address = addressOf(node);
    yield* checkMember(network, address, at, node.address);
    if (gateway?.equals(address))
      yield { path: at, text: `${node.address} is the address of the gateway; choose a free one` };
    if (vip?.equals(address)) {
      yield {
        path: at,
        text: `${node.address} is cluster_api_addr, which moves between nodes; choose a free address`,
      };
    }
    yield* checkPrefixLength(network, node.address, at);
  }
}

function* checkMember(
  network: Cidr | undefined,
  address: Address,
  path: Path,
  written: string,
): Iterable<Problem> {
  if (network === undefined) return;
  if (!network.contains(address)) {
    yield { path, text: `${written} is outside node_cidr ${network.text}; choose an address in it` };
    return;
  }
  for (const [what, reserved] of network.reserved()) {
    if (address.equals(reserved)) {
      yield { path, text: `${written} is the ${what} of node_cidr ${network.text}; choose another` };
    }
  }
}

function* checkPrefixLength(network: Cidr | undefined, written: string, path: Path): Iterable<Problem> {
  if (network === undefined || !Cidr.isValid(written)) return;
  const { prefixLength, address } = Cidr.parse(written);
  if (prefixLength === network.prefixLength || address.family !== network.family) return;
  yield {
    path,
    text: `${written} has another prefix length than node_cidr ${network.text}; write ${address.text}/${network.prefixLength}`,
  };
}
