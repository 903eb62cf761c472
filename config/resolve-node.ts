import { derivedVmId } from "../domain/derived-vm-id";
import { Address, Cidr } from "../domain/ip";
import { lacksGuestAgent, VANILLA_SCHEMATIC_ID } from "../domain/schematic";
import { isQ35 } from "../domain/virtual-machine";
import type { DiskConfig, NetworkInterfaceConfig, NodeConfig, SchematicConfig } from "./cluster-config";
import type { NamedSettings } from "./named-settings";
import { type NodeSizes, roleOf } from "./resolve-sizes";
import { diskEncryption, type PatchReader, resolveNodeTalos } from "./resolve-talos";
import type { AdvancedInput, ClusterInput } from "./schema/cluster";
import type { NodeInput, SchematicInput } from "./schema/node";

/** Fills in the defaults of a node. The node matches the schema, but is not checked yet. */
export function resolveNode(
  cluster: ClusterInput,
  node: NodeInput,
  sizes: NodeSizes,
  named: NamedSettings,
  readPatches: PatchReader,
): NodeConfig {
  const advanced = cluster.proxmox_vm_advanced;
  const storage = node.disk_storage ?? cluster.proxmox_disk_storage;
  const schematic = resolveSchematic(cluster, node);
  const disk = (
    input: Partial<NodeInput["data_disks"][number]> & { size: number },
    onlyForNew: DiskConfig["onlyForNew"],
  ): DiskConfig => ({
    storage: input.storage ?? storage,
    sizeGiB: input.size,
    discard: input.discard ?? advanced.disk_discard,
    ssd: input.ssd ?? advanced.disk_ssd,
    backup: input.backup ?? advanced.disk_backup,
    replicate: input.replicate ?? advanced.disk_replicate,
    serial: input.serial,
    onlyForNew,
  });
  return {
    name: node.name,
    role: roleOf(node),
    host: node.proxmox_node ?? cluster.proxmox_node ?? "",
    vmId: node.vm_id ?? derivedVmId(addressOf(node)),
    address: addressOf(node).text,
    installDisk: node.disk,
    schematic,
    secureBoot: node.secureboot,
    // Talos seals the keys of its disks to it. A VM that exists is left alone.
    tpm: node.tpm ?? (node.secureboot || diskEncryption(cluster, node) === "tpm"),
    encryptDisk: node.encrypt_disk,
    diskEncryption: diskEncryption(cluster, node),
    kernelModules: node.kernel_modules,
    talos: resolveNodeTalos(node.talos, readPatches),
    renamedFrom: node.renamed_from,

    cores: sizes.cores.value,
    sockets: sizes.sockets.value,
    cpuType: advanced.cpu_type,
    numa: advanced.numa,
    memoryMiB: sizes.memory.value,
    balloonMiB: advanced.balloon,

    disk: disk({ size: sizes.disk_size.value }, named.onlyForNewRoot()),
    diskInterface: node.disk_interface ?? advanced.disk_interface,
    dataDisks: node.data_disks.map((each, index) => ({
      ...disk(each, named.onlyForNewDataDisk(index)),
      slot: each.slot,
      userVolume: each.volume,
    })),
    scsiHardware: advanced.scsi_hw,
    networkInterfaces: [
      firstInterface(cluster, node),
      ...node.networks.map((each) => furtherInterface(each, advanced)),
    ].map((each, index) => ({ ...each, onlyForNew: named.onlyForNewNetworkInterface(index) })),
    pciDevices: node.pci?.map(({ mapping, pcie, rombar }) => ({
      mapping,
      pcie: pcie ?? isQ35(advanced.machine),
      rombar,
    })),
    usbDevices: node.usb,

    bios: advanced.bios,
    // Proxmox knows i440fx as "pc".
    machine: advanced.machine === "i440fx" ? "pc" : advanced.machine,
    osType: advanced.ostype,
    agent: (node.qemu_agent ?? advanced.qemu_agent) && !lacksGuestAgent(schematic),
    ejectIso: node.eject_iso ?? cluster.proxmox_eject_iso,
    tags: node.tags ?? advanced.tags,
    pool: node.pool,
    startup: startupOf(node),
    protection: node.protection,
    onlyForNew: named.onlyForNewVm(),
  };
}

/** The address of the node, without a prefix length. */
export function addressOf(node: NodeInput): Address {
  return Address.isValid(node.address) ? Address.parse(node.address) : Cidr.parse(node.address).address;
}

function resolveSchematic(cluster: ClusterInput, node: NodeInput): SchematicConfig {
  if (node.schematic_id !== undefined) return { id: node.schematic_id };
  const described = node.talos_schematic ?? cluster.talos_schematic;
  return described === undefined ? { id: VANILLA_SCHEMATIC_ID } : describeSchematic(described);
}

function describeSchematic({
  extensions,
  kernel_args,
  overlay,
  bootloader,
}: SchematicInput): SchematicConfig {
  return { extensions, kernelArgs: kernel_args, overlay, bootloader };
}

type NetworkInterfaceInput = Omit<NetworkInterfaceConfig, "onlyForNew">;

function firstInterface(cluster: ClusterInput, node: NodeInput): NetworkInterfaceInput {
  const { network_bridge, net_queues } = cluster.proxmox_vm_advanced;
  const tag = cluster.proxmox_vlan_mode ? cluster.node_vlan_tag : undefined;
  return {
    bridge: network_bridge,
    macAddress: node.mac_addr,
    vlan: tag === undefined ? undefined : Number(tag),
    mtu: node.mtu,
    queues: net_queues,
    firewall: node.firewall,
  };
}

function furtherInterface(
  input: NodeInput["networks"][number],
  advanced: AdvancedInput,
): NetworkInterfaceInput {
  return {
    bridge: input.bridge ?? advanced.network_bridge,
    macAddress: input.mac_addr,
    vlan: input.vlan,
    mtu: input.mtu,
    queues: input.queues ?? advanced.net_queues,
    addresses: input.addresses,
    routes: input.routes.length > 0 ? input.routes : undefined,
    firewall: input.firewall,
  };
}

function startupOf(node: NodeInput): NodeConfig["startup"] {
  const { vm_startup_order: order, vm_startup_delay: up, vm_shutdown_delay: down } = node;
  if (order === undefined && up === undefined && down === undefined) return undefined;
  return { order, upDelaySeconds: up, downDelaySeconds: down };
}
