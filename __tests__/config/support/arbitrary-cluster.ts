import fc from "fast-check";
import { talosOfCluster, talosOfNode } from "./arbitrary-talos";
import { WITH_AGENT } from "./cluster";

export type Node = Readonly<Record<string, unknown>>;

/** A cluster in /24 networks: hosts are numbered, so that a mutation can put two on one number. */
export interface Cluster {
  readonly network: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly nodes: readonly Node[];
}

const optionalSettings = fc.record(
  {
    talos_version: fc.constantFrom("v1.13.0", "1.12.4"),
    boot_mode: fc.constantFrom("iso", "disk-image"),
    node_vlan_tag: fc.oneof(fc.integer({ min: 1, max: 4094 }), fc.integer({ min: 1, max: 4094 }).map(String)),
    node_dns_servers: fc.array(fc.ipV4(), { minLength: 1, maxLength: 3 }),
    cluster_pod_cidr: fc.constantFrom("172.16.0.0/16", "172.16.0.0/16,fd00:42::/56", [
      "172.16.0.0/16",
      "fd00:42::/56",
    ]),
    cluster_svc_cidr: fc.constantFrom("172.17.0.0/16", ["172.17.0.0/16"]),
    proxmox_shared_storages: fc.uniqueArray(fc.constantFrom("local-lvm", "ceph", "nfs")),
    proxmox_vm_defaults: fc.record({ cores: fc.integer({ min: 2, max: 64 }) }, { requiredKeys: [] }),
    proxmox_vm_worker_defaults: fc.record(
      { memory: fc.integer({ min: 1024, max: 65536 }) },
      { requiredKeys: [] },
    ),
    repository_name: fc.string(),
    proxmox_vlan_mode: fc.boolean(),
    talos: talosOfCluster,
  },
  { requiredKeys: [] },
);

const optionalOfNode = fc.record(
  {
    mtu: fc.integer({ min: 576, max: 65520 }),
    secureboot: fc.boolean(),
    encrypt_disk: fc.boolean(),
    kernel_modules: fc.array(fc.constantFrom("nvme_tcp", "zfs", "i915")),
    vm_cores: fc.integer({ min: 2, max: 64 }),
    vm_memory: fc.integer({ min: 2048, max: 262144 }),
    vm_disk_size: fc.integer({ min: 10, max: 4096 }),
    vm_startup_order: fc.integer({ min: 1, max: 100 }),
    proxmox_node: fc.constantFrom("pve1", "pve2", "pve3"),
    data_disks: fc.uniqueArray(
      fc.record({ slot: fc.integer({ min: 1, max: 30 }), size: fc.integer({ min: 1, max: 1000 }) }),
      { maxLength: 3, selector: ({ slot }) => slot },
    ),
    tags: fc.uniqueArray(fc.constantFrom("lab", "gpu", "talos")),
    labels: fc.constant({ zone: "a" }),
  },
  { requiredKeys: [] },
);

/** Any valid cluster, with some keys of the template in it. */
export const cluster: fc.Arbitrary<Cluster> = fc
  .record({
    controlPlanes: fc.constantFrom(1, 3, 5),
    workers: fc.integer({ min: 0, max: 4 }),
    subnet: fc.integer({ min: 0, max: 255 }),
    settings: optionalSettings,
    numbers: fc.uniqueArray(fc.integer({ min: 2, max: 254 }), { minLength: 10, maxLength: 10 }),
    extras: fc.array(optionalOfNode, { minLength: 9, maxLength: 9 }),
    talosExtras: fc.array(talosOfNode, { minLength: 9, maxLength: 9 }),
  })
  .map(({ controlPlanes, workers, subnet, settings, numbers, extras, talosExtras }) => {
    const network = `10.7.${subnet}`;
    const [vip, ...hosts] = numbers;
    const nodes = hosts.slice(0, controlPlanes + workers).map((number, index): Node => {
      return {
        name: `n${number}`,
        address: index % 2 === 0 ? `${network}.${number}` : `${network}.${number}/24`,
        controller: index < controlPlanes,
        disk: "/dev/sda",
        mac_addr: `bc:24:11:00:00:${number.toString(16).padStart(2, "0")}`,
        schematic_id: WITH_AGENT,
        vm_id: 100 + number,
        ...extras[index],
        ...(settings.talos && talosExtras[index]),
      };
    });
    const required = {
      node_cidr: `${network}.0/24`,
      cluster_api_addr: `${network}.${vip}`,
      proxmox_api_url: "https://pve.example.com:8006",
      proxmox_node: "pve1",
    };
    return { network, settings: { ...required, ...settings }, nodes };
  });

/** One line for each key; JSON is YAML. */
export function settingsText({ settings }: Cluster): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join("");
}

/** One line for each node, the first on line 2. */
export function nodesText({ nodes }: Cluster): string {
  return `nodes:\n${nodes.map((node) => `  - ${JSON.stringify(node)}\n`).join("")}`;
}
