import type { ClusterNodeProps, ClusterStackProps } from "../../stacks/cluster-stack-props";

/** A node with what has no default; `n` numbers its id, address and MAC. */
export function node(
  name: string,
  n: number,
  more: Partial<ClusterNodeProps> & Pick<ClusterNodeProps, "role">,
): ClusterNodeProps {
  return {
    name,
    host: "pve1",
    vmId: 7000 + n,
    address: `10.20.1.${n}`,
    disk: { storage: "local-lvm", sizeGiB: 64 },
    networkInterfaces: [{ macAddress: `bc:24:11:20:00:${String(n).padStart(2, "0")}`, vlan: 7 }],
    ...more,
  };
}

export const controlPlane = (n: number, more: Partial<ClusterNodeProps> = {}) =>
  node(`cp-${n}`, 10 + n, { role: "controlplane", ...more });
export const worker = (n: number, more: Partial<ClusterNodeProps> = {}) =>
  node(`worker-${n}`, 20 + n, { role: "worker", ...more });

export function cluster(
  nodes: readonly ClusterNodeProps[],
  more: Partial<ClusterStackProps> = {},
): ClusterStackProps {
  return {
    talosVersion: "v1.13.0",
    proxmox: { endpoint: "https://pve.example.internal:8006", imageStorage: "local" },
    network: { nodeCidr: "10.20.0.0/22", gateway: "10.20.0.1" },
    nodes,
    ...more,
  };
}
