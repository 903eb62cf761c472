import { z } from "zod";
import { DATA_DISK_SLOT, DISK_INTERFACES, DISK_SERIAL, DISK_SIZE_GIB, USER_VOLUME } from "../../domain/disk";
import { UNRESERVED_NAME } from "../../domain/host-name";
import { MAX_NETWORK_INTERFACES, MTU, QUEUES, VLAN } from "../../domain/network-interface";
import { POOL } from "../../domain/proxmox-names";
import { BOOTLOADERS, EXTENSION, KERNEL_ARGUMENT, OVERLAY_IMAGE, OVERLAY_NAME } from "../../domain/schematic";
import {
  CORES,
  MAX_PCI_DEVICES,
  MAX_USB_DEVICES,
  MEMORY_MIB,
  SOCKETS,
  STARTUP,
  VM_ID,
} from "../../domain/virtual-machine";
import { nodeTalos, route } from "./talos";
import {
  bridge,
  cidr,
  hostLabel,
  macAddress,
  mtu,
  nodeAddress,
  proxmoxNode,
  queues,
  rangeText,
  resourceMapping,
  schematicId,
  storage,
  tags,
  text,
  vlan,
  wholeNumber,
} from "./values";

const cores = wholeNumber(CORES);
const sockets = wholeNumber(SOCKETS);
const memory = wholeNumber(MEMORY_MIB);
const diskSize = wholeNumber(DISK_SIZE_GIB);
const startup = wholeNumber(STARTUP);

/** `proxmox_vm_defaults` and the two for roles. */
export const sizeDefaults = z.strictObject({
  cores: cores.optional().describe(`CPU cores of each socket, ${rangeText(CORES)}.`),
  sockets: sockets.optional().describe(`CPU sockets, ${rangeText(SOCKETS)}.`),
  memory: memory.optional().describe(`Memory in MiB, ${rangeText(MEMORY_MIB)}.`),
  disk_size: diskSize.optional().describe(`Size of the first disk in GiB, ${rangeText(DISK_SIZE_GIB)}.`),
});

export const schematic = z.strictObject({
  extensions: z.array(text(EXTENSION)).default([]).describe("Official system extensions."),
  kernel_args: z.array(text(KERNEL_ARGUMENT)).default([]).describe("Extra kernel arguments, in order."),
  overlay: z
    .strictObject({
      image: text(OVERLAY_IMAGE).describe("Overlay image, for example siderolabs/sbc-raspberrypi."),
      name: text(OVERLAY_NAME).describe("Overlay within the image."),
      options: z.record(z.string(), z.json()).optional().describe("Options that the overlay itself defines."),
    })
    .optional()
    .describe("Board overlay; it cannot be combined with Secure Boot."),
  bootloader: z.enum(BOOTLOADERS).optional().describe("Boot loader. Default: chosen by the Image Factory."),
});

const dataDisk = z.strictObject({
  slot: wholeNumber(DATA_DISK_SLOT).meta({
    description: `Slot on the SCSI bus, ${rangeText(DATA_DISK_SLOT)}. It identifies the disk: another slot means another disk.`,
    examples: [1],
  }),
  size: diskSize.meta({ description: `Size in GiB, ${rangeText(DISK_SIZE_GIB)}.`, examples: [100] }),
  storage: storage.optional().describe("Proxmox storage. Default: `disk_storage` of the node."),
  discard: z.boolean().optional().describe("Pass TRIM on. Default: `proxmox_vm_advanced.disk_discard`."),
  ssd: z.boolean().optional().describe("Show the disk as an SSD. Default: `proxmox_vm_advanced.disk_ssd`."),
  backup: z.boolean().optional().describe("Include in backups. Default: `proxmox_vm_advanced.disk_backup`."),
  replicate: z.boolean().optional().describe("Replicate. Default: `proxmox_vm_advanced.disk_replicate`."),
  serial: text(DISK_SERIAL)
    .optional()
    .describe(
      "Serial number of the disk in QEMU. Talos' `serial` selector does not see it; select by `size` or `bus_path`.",
    ),
  volume: text(USER_VOLUME)
    .optional()
    .describe(
      "Name of a Talos user volume on the disk, mounted at `/var/mnt/<name>`. Default: the disk is left alone.",
    ),
});

const network = z.strictObject({
  bridge: bridge.optional().describe("Bridge. Default: `proxmox_vm_advanced.network_bridge`."),
  vlan: vlan.optional().describe(`VLAN, ${rangeText(VLAN)}. Default: untagged.`),
  mtu: mtu.optional().describe(`MTU, ${rangeText(MTU)}. Default: that of the bridge.`),
  mac_addr: macAddress.optional().describe("MAC address. Default: Proxmox makes one up."),
  queues: queues
    .optional()
    .describe(
      `Packet queues, ${rangeText(QUEUES)}; 0 and 1 mean one. Default: \`proxmox_vm_advanced.net_queues\`.`,
    ),
  addresses: z
    .array(cidr)
    .min(1)
    .optional()
    .describe("Static addresses with their prefix lengths. Default: an address by DHCP."),
  routes: z.array(route).default([]).describe("Routes through the NIC."),
  firewall: z
    .boolean()
    .optional()
    .describe("Proxmox' firewall on this NIC. Default: as it is set in Proxmox; off for a new NIC."),
});

const pciDevice = z.strictObject({
  mapping: resourceMapping.meta({
    description: "PCI resource mapping in Proxmox; needs no root login, unlike a raw address.",
    examples: ["gpu"],
  }),
  pcie: z.boolean().optional().describe("PCI Express; needs machine q35. Default: true on q35."),
  rombar: z.boolean().default(true).describe("Show the device's ROM to the firmware."),
});

const usbDevice = z.strictObject({
  mapping: resourceMapping.meta({
    description: "USB resource mapping in Proxmox; needs no root login, unlike a raw device.",
    examples: ["zigbee"],
  }),
  usb3: z
    .boolean()
    .default(false)
    .describe(
      "USB 3. Proxmox ignores it for guests of type l26 on a current machine, which have USB 3 anyway.",
    ),
});

/** What a node must have. Shown for a missing key, and used instead of a refused one while the rest is checked. */
export const NODE_EXAMPLE = {
  name: "cp-1",
  address: "10.20.1.11",
  controller: true,
  disk: "/dev/sda",
};

/** An entry of `nodes`. The schema accepts unknown keys; `unknown-keys.ts` checks them. */
export const node = z
  .looseObject({
    name: hostLabel.regex(UNRESERVED_NAME.regex, UNRESERVED_NAME.advice).meta({
      description: "Name of the VM and host name of the node.",
      examples: [NODE_EXAMPLE.name],
    }),
    address: nodeAddress.meta({
      description: "Static address in `node_cidr`, with its prefix length or without.",
      examples: [NODE_EXAMPLE.address],
    }),
    controller: z.boolean().meta({
      description: "true for a control plane node, false for a worker.",
      examples: [NODE_EXAMPLE.controller],
    }),
    disk: text({ regex: /^\S+$/, advice: "is not a disk; write it like /dev/sda" }).meta({
      description:
        "Device that Talos installs to: the first disk, `/dev/sda`, or `/dev/vda` with `disk_interface: virtio`.",
      examples: [NODE_EXAMPLE.disk],
    }),
    vm_id: wholeNumber(VM_ID)
      .optional()
      .describe(`Id of the VM in Proxmox, ${rangeText(VM_ID)}. Default: made of the address, see VM ids.`),
    mac_addr: macAddress.optional().describe("MAC address of the first NIC. Default: Proxmox makes one up."),
    schematic_id: schematicId
      .optional()
      .describe("Schematic at the Talos Image Factory. Default: the cluster's `talos_schematic`."),
    talos_schematic: schematic.optional().describe("The schematic itself, instead of `schematic_id`."),
    mtu: mtu.optional().describe(`MTU of the first NIC, ${rangeText(MTU)}. Default: that of the bridge.`),
    secureboot: z.boolean().default(false).describe("UEFI Secure Boot."),
    encrypt_disk: z.boolean().default(false).describe("Encrypt the disk of Talos."),
    kernel_modules: z
      .array(
        text({
          regex: /^[A-Za-z0-9_-]+$/,
          advice: "is not the name of a kernel module; write it like nvme_tcp",
        }),
      )
      .default([])
      .describe("Kernel modules to load."),
    vm_cores: cores.optional().describe("CPU cores of each socket. Default: by role, see Precedence."),
    vm_sockets: sockets.optional().describe("CPU sockets. Default: by role, see Precedence."),
    vm_memory: memory.optional().describe("Memory in MiB. Default: by role, see Precedence."),
    vm_disk_size: diskSize
      .optional()
      .describe("Size of the first disk in GiB. Default: by role, see Precedence."),
    vm_startup_order: startup.optional().describe("Position in the start order of the host, lowest first."),
    vm_startup_delay: startup.optional().describe("Seconds to wait before the next VM starts."),
    vm_shutdown_delay: startup.optional().describe("Seconds to wait for a shutdown."),
    proxmox_node: proxmoxNode.optional().describe("Proxmox node of this VM. Default: that of the cluster."),
    disk_interface: z
      .enum(DISK_INTERFACES)
      .optional()
      .describe("What the first disk is attached to. Default: `proxmox_vm_advanced.disk_interface`."),
    disk_storage: storage.optional().describe("Storage of the disks. Default: `proxmox_disk_storage`."),
    data_disks: z.array(dataDisk).max(DATA_DISK_SLOT.max).default([]).describe("More disks."),
    networks: z
      .array(network)
      .max(MAX_NETWORK_INTERFACES - 1)
      .default([])
      .describe("More NICs, from net1 on."),
    firewall: z
      .boolean()
      .optional()
      .describe(
        "Proxmox' firewall on the first NIC. Default: true with `proxmox_firewall`, else as it is set in Proxmox.",
      ),
    pci: z
      .array(pciDevice)
      .max(MAX_PCI_DEVICES)
      .optional()
      .describe("PCI devices to pass through. Default: what is attached stays; `[]` detaches it."),
    usb: z
      .array(usbDevice)
      .max(MAX_USB_DEVICES)
      .optional()
      .describe("USB devices to pass through. Default: what is attached stays; `[]` detaches it."),
    tpm: z
      .boolean()
      .optional()
      .describe(
        "Virtual TPM 2.0, which disk encryption with Secure Boot needs. Default: true for a new VM with Secure Boot, else false; a VM that exists is left alone.",
      ),
    qemu_agent: z
      .boolean()
      .optional()
      .describe(
        "QEMU guest agent. Default: `proxmox_vm_advanced.qemu_agent`; off if the schematic does not have the extension.",
      ),
    eject_iso: z
      .boolean()
      .optional()
      .describe("Whether the drive of the installer ISO is empty. Default: `proxmox_eject_iso`."),
    tags: tags.optional().describe("Tags in Proxmox. Default: `proxmox_vm_advanced.tags`."),
    pool: text(POOL).optional().describe("Resource pool in Proxmox."),
    protection: z.boolean().default(false).describe("Proxmox refuses to delete the VM or its disks."),
    talos: nodeTalos.optional().describe("What Talos has on this node only."),
    renamed_from: hostLabel.optional().describe("Old name of a renamed node, so that its VM is kept."),
  })
  .meta({ examples: [NODE_EXAMPLE] });

export type NodeInput = z.output<typeof node>;
export type SizeDefaults = z.output<typeof sizeDefaults>;
export type SchematicInput = z.output<typeof schematic>;
