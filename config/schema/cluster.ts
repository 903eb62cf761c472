import { z } from "zod";
import { bootstrap } from "./bootstrap";
import { node, schematic, sizeDefaults } from "./node";
import { adopt, state } from "./state";
import {
  bridge,
  cidr,
  cidrs,
  host,
  hostLabel,
  httpsUrl,
  ipAddress,
  proxmoxName,
  queues,
  tags,
  text,
  vlanTag,
} from "./values";

const advanced = z.strictObject({
  bios: z.enum(["ovmf", "seabios"]).default("ovmf").describe("Firmware."),
  machine: text(
    /^(q35|pc|i440fx|pc-(q35|i440fx)-\d+(\.\d+)+(\+pve\d+)?)$/,
    "is not a machine type; use q35, i440fx or a versioned one such as pc-q35-9.2",
  )
    .default("q35")
    .describe("Machine type."),
  cpu_type: text(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "is not a CPU type; write it like host or x86-64-v3")
    .default("host")
    .describe("CPU type."),
  scsi_hw: z
    .enum(["virtio-scsi-pci", "virtio-scsi-single", "lsi", "lsi53c810", "megasas", "pvscsi"])
    .default("virtio-scsi-pci")
    .describe("SCSI controller."),
  balloon: z.int().min(0).default(0).describe("Smallest memory of a balloon in MiB; 0 turns ballooning off."),
  numa: z.boolean().default(true).describe("NUMA."),
  qemu_agent: z.boolean().default(true).describe("QEMU guest agent, where the schematic has it."),
  net_queues: queues.default(4).describe("Packet queues of a NIC, 0 to 64."),
  disk_discard: z.boolean().default(true).describe("Pass TRIM on to the storage."),
  disk_ssd: z.boolean().default(true).describe("Show disks as SSDs."),
  disk_backup: z.boolean().default(false).describe("Include disks in Proxmox' backups."),
  disk_replicate: z.boolean().default(false).describe("Include disks in Proxmox' replication."),
  tags: tags.default(["kubernetes", "linux", "talos"]).describe("Tags in Proxmox."),
  network_bridge: bridge.default("vmbr0").describe("Bridge of the NICs."),
  ostype: z
    .enum([
      "l26",
      "l24",
      "other",
      "solaris",
      "wxp",
      "w2k",
      "w2k3",
      "w2k8",
      "wvista",
      "win7",
      "win8",
      "win10",
      "win11",
    ])
    .default("l26")
    .describe("Guest type."),
});

/** All keys of the file. Other keys are let through here and judged by `unknown-keys.ts`. */
export const clusterSchema = z.looseObject({
  cluster_name: text(
    /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "is not a cluster name; use at most 63 of a-z, 0-9 and -, with a letter first",
  )
    .default("talos")
    .describe("Name of the cluster."),
  talos_version: text(/^v?1\.\d{1,3}\.\d{1,3}$/, "is not a Talos release; write it like v1.13.0")
    .default("v1.13.0")
    .describe("Version of Talos."),
  talos_schematic: schematic.optional().describe("Schematic of every node that has none of its own."),
  boot_mode: z
    .enum(["iso", "disk-image"])
    .default("iso")
    .describe("Install from an ISO, or start from an imported disk image."),

  node_cidr: cidr.meta({ description: "Network that the nodes are in.", examples: ["10.20.0.0/22"] }),
  node_default_gateway: ipAddress.optional().describe("Gateway. Default: the first address of `node_cidr`."),
  node_vlan_tag: vlanTag.optional().describe("VLAN of the nodes' first NIC. Default: untagged."),
  node_dns_servers: z.array(ipAddress).min(1).default(["1.1.1.1", "1.0.0.1"]).describe("DNS servers."),
  node_ntp_servers: z
    .array(host)
    .min(1)
    .default(["162.159.200.1", "162.159.200.123"])
    .describe("Time servers."),
  cluster_api_addr: ipAddress.meta({
    description: "Virtual address of the Kubernetes API, free and in `node_cidr`.",
    examples: ["10.20.1.10"],
  }),
  cluster_pod_cidr: cidrs
    .default("10.42.0.0/16")
    .describe("Network of the pods; two for dual stack, as a list or separated by a comma."),
  cluster_svc_cidr: cidrs.default("10.43.0.0/16").describe("Network of the services; likewise."),

  proxmox_api_url: httpsUrl.meta({
    description: "Address of the Proxmox API.",
    examples: ["https://pve.example.com:8006"],
  }),
  proxmox_node: hostLabel.optional().describe("Proxmox node of every VM that names none itself."),
  proxmox_iso_storage: proxmoxName.default("local").describe("Storage of ISO files and disk images."),
  proxmox_disk_storage: proxmoxName.default("local-lvm").describe("Storage of the VMs' disks."),
  proxmox_shared_storages: z
    .array(proxmoxName)
    .default([])
    .describe("Storages that every Proxmox node sees as one, such as NFS or Ceph."),
  proxmox_ha: z
    .boolean()
    .optional()
    .describe(
      "HA resources and rules. Default: true where the VMs are on several hosts and on shared storages only.",
    ),
  proxmox_vm_defaults: sizeDefaults.prefault({}).describe("Sizes of every VM."),
  proxmox_vm_controller_defaults: sizeDefaults.prefault({}).describe("Sizes of control plane VMs."),
  proxmox_vm_worker_defaults: sizeDefaults.prefault({}).describe("Sizes of worker VMs."),
  proxmox_vm_advanced: advanced.prefault({}).describe("Hardware of every VM."),

  state: state.prefault({}).describe("Where the state is kept and how it is encrypted."),
  bootstrap: bootstrap
    .optional()
    .describe(
      "The buckets, the Worker and the token that keep the states. Default: all defaults, where an account id is known.",
    ),
  adopt: adopt.optional().describe("Resources of an earlier program to take over."),
  nodes: z
    .array(node, {
      error: ({ input }) =>
        input === undefined ? "is missing; list the nodes, here or in nodes.yaml" : undefined,
    })
    .min(1)
    .describe("The nodes; here or in `nodes.yaml`."),
});

export type ClusterInput = z.output<typeof clusterSchema>;
export type AdvancedInput = z.output<typeof advanced>;
