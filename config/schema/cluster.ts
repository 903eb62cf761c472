import { z } from "zod";
import { CPU_TYPE } from "../../domain/cpu-type";
import { DISK_DEFAULTS, DISK_INTERFACES, SCSI_CONTROLLERS } from "../../domain/disk";
import { DEFAULT_BRIDGE, QUEUES } from "../../domain/network-interface";
import { OWNERSHIP_TAG } from "../../domain/proxmox-names";
import { BOOT_MODES, CLUSTER_NAME, TALOS_VERSION } from "../../domain/talos";
import { BALLOON_MIB, BIOSES, MACHINE, OS_TYPES, VM_DEFAULTS } from "../../domain/virtual-machine";
import { bootstrap } from "./bootstrap";
import { firewall } from "./firewall";
import { NODE_EXAMPLE, node, schematic, sizeDefaults } from "./node";
import { pool } from "./pool";
import { adopt, state } from "./state";
import { talos } from "./talos";
import {
  bridge,
  cidr,
  cidrs,
  host,
  httpsUrl,
  ipAddress,
  proxmoxNode,
  queues,
  rangeText,
  storage,
  tags,
  text,
  vlanTag,
  wholeNumber,
} from "./values";

/** The template writes i440fx for what Proxmox calls pc. */
const machine = z.union([z.literal("i440fx"), text(MACHINE)], MACHINE.advice);

/** The template writes it without the v. */
const talosVersion = text({
  regex: new RegExp(TALOS_VERSION.regex.source.replace("^v", "^v?")),
  advice: TALOS_VERSION.advice,
});

const advanced = z.strictObject({
  bios: z.enum(BIOSES).default(VM_DEFAULTS.bios).describe("Firmware."),
  machine: machine.default(VM_DEFAULTS.machine).describe("Machine type: q35, i440fx or a version of one."),
  cpu_type: text(CPU_TYPE).default(VM_DEFAULTS.cpuType).describe("CPU type."),
  scsi_hw: z.enum(SCSI_CONTROLLERS).default("virtio-scsi-pci").describe("SCSI controller."),
  disk_interface: z
    .enum(DISK_INTERFACES)
    .default("scsi")
    .describe(
      "What the first disk is attached to. Only for new VMs: no plan moves the disk that a VM starts from.",
    ),
  balloon: wholeNumber(BALLOON_MIB)
    .default(VM_DEFAULTS.balloonMiB)
    .describe("Minimum memory with ballooning, in MiB; 0 turns ballooning off."),
  numa: z.boolean().default(VM_DEFAULTS.numa).describe("NUMA."),
  qemu_agent: z.boolean().default(true).describe("QEMU guest agent, where the schematic has it."),
  net_queues: queues.default(4).describe(`Packet queues of a NIC, ${rangeText(QUEUES)}; 0 and 1 mean one.`),
  disk_discard: z.boolean().default(DISK_DEFAULTS.discard).describe("Pass TRIM on to the storage."),
  disk_ssd: z.boolean().default(DISK_DEFAULTS.ssd).describe("Show disks as SSDs."),
  disk_backup: z.boolean().default(DISK_DEFAULTS.backup).describe("Include disks in Proxmox' backups."),
  disk_replicate: z
    .boolean()
    .default(DISK_DEFAULTS.replicate)
    .describe("Include disks in Proxmox' replication."),
  tags: tags.default(["kubernetes", "linux", OWNERSHIP_TAG]).describe("Tags in Proxmox."),
  network_bridge: bridge.default(DEFAULT_BRIDGE).describe("Bridge of the NICs."),
  ostype: z.enum(OS_TYPES).default(VM_DEFAULTS.osType).describe("Guest type."),
});

/** All keys of the file. The schema accepts unknown keys; `unknown-keys.ts` checks them. */
export const clusterSchema = z.looseObject({
  cluster_name: text(CLUSTER_NAME).default("talos").describe("Name of the cluster."),
  talos_version: talosVersion.default("v1.13.0").describe("Version of Talos."),
  talos_schematic: schematic.optional().describe("Schematic of every node that does not set its own."),
  boot_mode: z
    .enum(BOOT_MODES)
    .default("iso")
    .describe("Install from an ISO, or start from an imported disk image."),

  node_cidr: cidr.meta({ description: "Network that the nodes are in.", examples: ["10.20.0.0/22"] }),
  node_default_gateway: ipAddress.optional().describe("Gateway. Default: the first address of `node_cidr`."),
  node_vlan_tag: vlanTag.optional().describe("VLAN of the nodes' first NIC. Default: untagged."),
  proxmox_vlan_mode: z
    .boolean()
    .default(true)
    .describe(
      "Whether Proxmox tags the frames of `node_vlan_tag`; false if Talos does, on a trunk port: the NIC is then untagged.",
    ),
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
  cluster_svc_cidr: cidrs
    .default("10.43.0.0/16")
    .describe("Network of the services; two for dual stack, as for the pods."),

  proxmox_api_url: httpsUrl.meta({
    description: "Address of the Proxmox API.",
    examples: ["https://pve.example.com:8006"],
  }),
  proxmox_insecure: z
    .boolean()
    .default(false)
    .describe("Accept any certificate of the Proxmox API. Safer: trust its CA, see A self-signed Proxmox."),
  proxmox_node: proxmoxNode.optional().describe("Proxmox node of every VM that does not set its own."),
  proxmox_iso_storage: storage.default("local").describe("Storage of ISO files and disk images."),
  proxmox_disk_storage: storage.default("local-lvm").describe("Storage of the VMs' disks."),
  proxmox_shared_storages: z
    .array(storage)
    .default([])
    .describe("Storages that every Proxmox node sees as one, such as NFS or Ceph."),
  proxmox_ha: z
    .boolean()
    .optional()
    .describe(
      "HA resources for every VM that can move, and anti-affinity rules. Default: true if the VMs are on several hosts and only on shared storages.",
    ),
  proxmox_eject_iso: z
    .boolean()
    .default(false)
    .describe(
      "Take the installer ISO out of the VMs, all of which have Talos on their disks, so that they can move to other hosts.",
    ),
  proxmox_firewall: firewall
    .optional()
    .describe("Proxmox' firewall of the VMs, see Firewall. Default: it is left as it is."),
  proxmox_vm_defaults: sizeDefaults.prefault({}).describe("Sizes of every VM."),
  proxmox_vm_controller_defaults: sizeDefaults.prefault({}).describe("Sizes of control plane VMs."),
  proxmox_vm_worker_defaults: sizeDefaults.prefault({}).describe("Sizes of worker VMs."),
  proxmox_vm_advanced: advanced.prefault({}).describe("Hardware of every VM."),

  talos: talos
    .optional()
    .describe(
      "Machine configs, bootstrap and credentials. Default: the program makes the VMs and leaves Talos to you.",
    ),

  state: state.prefault({}).describe("Where the state is kept and how it is encrypted."),
  bootstrap: bootstrap
    .optional()
    .describe(
      "The buckets, the Worker and the token for the states. Default: all defaults, if an account id is set.",
    ),
  adopt: adopt.optional().describe("Resources of another Terraform program to adopt."),
  nodes: z
    .array(node)
    .min(1)
    // `checks/pools.ts` requires nodes if there are none from pools either.
    .default([])
    .meta({
      description: "The nodes; here or in `nodes.yaml`. Required without `node_pools`.",
      examples: [[NODE_EXAMPLE]],
    }),
  node_pools: z
    .array(pool)
    .min(1)
    .default([])
    .describe(
      "Nodes that are alike, see Node pools; here or in `nodes.yaml`. A pool also has every key of a node that all its nodes can share.",
    ),
});

export type ClusterInput = z.output<typeof clusterSchema>;
export type AdvancedInput = z.output<typeof advanced>;
