import { hasNetworkDocuments } from "../../domain/talos-versions";
import type { TalosClusterNode, TalosClusterProps } from "../talos-cluster-props";
import type { ClusterFacts } from "./facts";
import { hostname, resolvers, timeServers } from "./host";
import { certificateNames, clusterNetwork, nodeAddresses } from "./kubernetes";
import { legacyNetwork } from "./legacy-network";
import { linkDocuments } from "./links";
import { install, kernel, nodeMetadata } from "./machine";
import { patchText } from "./patch-text";
import { registryMirrors } from "./registry-mirrors";
import { encryptedVolumes, userVolumes } from "./volumes";

export { type ClusterFacts, clusterFacts } from "./facts";

/**
 * The patches that make a node's machine config of the one that Talos generates for its role, in the order in which they are merged:
 * ours, then the user's for all nodes, for the role and for the node.
 */
export function machineConfigPatches(
  props: TalosClusterProps,
  node: TalosClusterNode,
  { contract, vip, nodeSubnets, certSans }: ClusterFacts,
): string[] {
  const role = (node.role === "controlplane" ? props.controlPlanes : props.workers) ?? {};
  const announced = node.role === "controlplane" ? vip : undefined;
  const network = hasNetworkDocuments(contract)
    ? [hostname(node.name), ...linkDocuments(node, announced), ...resolvers(props), ...timeServers(props)]
    : [legacyNetwork(props, node, announced)];
  const documents = [
    install(props.talosVersion, node),
    ...network,
    ...kernel(props, node),
    ...encryptedVolumes(node),
    ...userVolumes(node),
    ...registryMirrors(props, contract),
    ...nodeMetadata(role, node),
    nodeAddresses(nodeSubnets, node),
    ...certificateNames(certSans, node),
    clusterNetwork(props, node),
    ...[props, role, node].flatMap(({ patches = [] }) => patches),
  ];
  // The MAC address may be known only after Proxmox has made it up.
  const references = node.links.map(({ macAddress }) => macAddress).filter((each) => each.includes("${"));
  return documents.map((document) => patchText(document, references));
}
