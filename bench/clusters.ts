import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";

const EXAMPLE = join(__dirname, "../examples/six-nodes");
const HOSTS = ["pve1", "pve2", "pve3", "pve4", "pve5"];
/** The schematic with the guest agent. */
const SCHEMATIC = "ce4c980550dd2ab1b17bbf2b08801c7eb59418eafe8f279833297925d67c7515";

/**
 * Writes the cluster.yaml of a cluster of `size` nodes, three of them control planes, spread over five hosts.
 * @returns its folder, for CLUSTER_CONFIG
 */
export function writeCluster(size: number, parent: string): string {
  const folder = join(parent, `cluster-${size}`);
  mkdirSync(folder, { recursive: true });
  const nodes = Array.from({ length: size }, (_, index) => ({
    name: `node-${index + 1}`,
    address: `10.20.${1 + Math.floor(index / 200)}.${20 + (index % 200)}`,
    controller: index < 3,
    disk: "/dev/sda",
    vm_id: 7000 + index,
    mac_addr: `bc:24:11:20:${hex(index >> 8)}:${hex(index & 0xff)}`,
    schematic_id: SCHEMATIC,
    secureboot: true,
    vm_startup_order: index < 3 ? 1 : 2,
    proxmox_node: HOSTS[index % HOSTS.length],
  }));
  const cluster = {
    node_cidr: "10.20.0.0/16",
    node_vlan_tag: 7,
    cluster_api_addr: "10.20.0.10",
    proxmox_api_url: "https://pve.example.com:8006",
    nodes,
  };
  writeFileSync(join(folder, "cluster.yaml"), stringify(cluster));
  return folder;
}

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

/**
 * Copies the example without its `talos`, to compare it with programs that make VMs and nothing else.
 * @returns the folder
 */
export function copyExample(folder: string): string {
  cpSync(EXAMPLE, folder, { recursive: true });
  const file = join(folder, "cluster.yaml");
  const { talos: _, ...rest } = parse(readFileSync(file, "utf8"));
  writeFileSync(file, stringify(rest));
  return folder;
}
