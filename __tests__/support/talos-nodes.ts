import type { TalosClusterNode, TalosClusterProps } from "../../constructs/talos-cluster-props";
import { VANILLA_SCHEMATIC_ID } from "../../domain/schematic";

/** A node with what has no default; `n` numbers its addresses. */
function talosNode(name: string, n: number, more: Partial<TalosClusterNode>): TalosClusterNode {
  return {
    name,
    role: "worker",
    address: `10.20.1.${n}`,
    installer: { schematicId: VANILLA_SCHEMATIC_ID },
    links: [
      {
        macAddress: `bc:24:11:20:00:${n}`,
        addresses: [`10.20.1.${n}/22`],
        routes: [{ gateway: "10.20.0.1" }],
      },
    ],
    ...more,
  };
}

export const talosControlPlane = (n: number, more: Partial<TalosClusterNode> = {}) =>
  talosNode(`cp-${n}`, 10 + n, { role: "controlplane", ...more });
export const talosWorker = (n: number, more: Partial<TalosClusterNode> = {}) =>
  talosNode(`worker-${n}`, 20 + n, more);

export function talosCluster(
  nodes: readonly TalosClusterNode[],
  more: Partial<TalosClusterProps> = {},
): TalosClusterProps {
  return {
    clusterName: "lab",
    talosVersion: "v1.13.0",
    kubernetesVersion: "v1.36.0",
    network: { vip: "10.20.1.10" },
    nodes,
    ...more,
  };
}
