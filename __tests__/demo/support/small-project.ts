import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const CLUSTER = `node_cidr: 10.0.0.0/24
node_default_gateway: 10.0.0.1
cluster_api_addr: 10.0.0.12
proxmox_api_url: https://pve.example.internal:8006
proxmox_node: pve1
proxmox_iso_storage: local
proxmox_disk_storage: local-lvm
cluster_pod_cidr: 10.42.0.0/16
cluster_svc_cidr: 10.43.0.0/16
talos_schematic: {}
talos: { kubernetes_version: v1.36.0, patches: [patches/all.yaml] }
`;

/** A control plane and a worker. The address after theirs is that of the Kubernetes API. */
export const SMALL_NODES = `nodes:
  - { name: cp-1, address: 10.0.0.10/24, controller: true, disk: /dev/sda }
  - { name: w-1, address: 10.0.0.11/24, controller: false, disk: /dev/sda }
`;

/** Writes a project with a patch beside it. @returns its folder */
export function writeSmallProject(folder: string, nodes: string): string {
  mkdirSync(join(folder, "patches"), { recursive: true });
  writeFileSync(join(folder, "patches/all.yaml"), "machine:\n  sysctls:\n    vm.swappiness: '1'\n");
  writeFileSync(join(folder, "cluster.yaml"), CLUSTER + nodes);
  return folder;
}
