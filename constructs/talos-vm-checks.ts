import { Token } from "cdktf";
import { CPU_TYPE, runsTalos } from "../domain/cpu-type";
import {
  DATA_DISK_SLOT,
  DISK_INTERFACES,
  DISK_SERIAL,
  DISK_SIZE_GIB,
  SCSI_CONTROLLERS,
  SCSI_SLOT,
} from "../domain/disk";
import { HOST_LABEL, UNRESERVED_NAME } from "../domain/host-name";
import { Address, Cidr } from "../domain/ip";
import {
  BRIDGE,
  MAC_ADDRESS,
  MAX_NETWORK_INTERFACES,
  MTU,
  QUEUES,
  UNICAST_MAC_ADDRESS,
  VLAN,
} from "../domain/network-interface";
import { POOL, PROXMOX_NODE, RESOURCE_MAPPING, STORAGE, TAG } from "../domain/proxmox-names";
import { TALOS_MINIMUM } from "../domain/talos";
import {
  BALLOON_MIB,
  BIOSES,
  CORES,
  isQ35,
  MACHINE,
  MAX_PCI_DEVICES,
  MAX_USB_DEVICES,
  MEMORY_MIB,
  OS_TYPES,
  SOCKETS,
  STARTUP,
  VM_DEFAULTS,
  VM_ID,
} from "../domain/virtual-machine";
import { PropChecks } from "./prop-checks";
import type { TalosVmProps } from "./talos-vm-props";

/** The role is unknown here, so this is the smaller minimum of both roles. */
const MINIMUM = TALOS_MINIMUM.worker;

/** @throws for the first prop that Proxmox, the provider or Talos would refuse. */
export function checkTalosVmProps(name: string, props: TalosVmProps): void {
  const checks = new PropChecks(`VM "${name}"`);
  checkIdentity(checks, name, props);
  checkHardware(checks, props);
  checkDisks(checks, props);
  checkNetwork(checks, props);
}

function checkIdentity(checks: PropChecks, name: string, props: TalosVmProps): void {
  checks.text("name", name, HOST_LABEL);
  checks.text("name", name, UNRESERVED_NAME);
  checks.text("renamedFrom", props.renamedFrom, HOST_LABEL);
  if (props.renamedFrom === name) checks.fail(`renamedFrom "${name}" is its name; leave it out`);
  checks.wholeNumber("vmId", props.vmId, VM_ID);
  checks.text("host", props.host, PROXMOX_NODE);
  checks.text("pool", props.pool, POOL);
  for (const tag of props.tags ?? []) checks.text("tag", tag, TAG);
  checks.wholeNumber("startup.order", props.startup?.order, STARTUP);
  checks.wholeNumber("startup.upDelaySeconds", props.startup?.upDelaySeconds, STARTUP);
  checks.wholeNumber("startup.downDelaySeconds", props.startup?.downDelaySeconds, STARTUP);
}

function checkHardware(checks: PropChecks, props: TalosVmProps): void {
  const { cpuType = VM_DEFAULTS.cpuType, machine = VM_DEFAULTS.machine, balloonMiB, memoryMiB } = props;
  checks.wholeNumber("cores", props.cores, CORES);
  checks.wholeNumber("sockets", props.sockets, SOCKETS);
  checks.wholeNumber("memoryMiB", memoryMiB, { ...MEMORY_MIB, min: MINIMUM.memoryMiB });
  checks.wholeNumber("balloonMiB", balloonMiB, BALLOON_MIB);
  if (memoryMiB !== undefined && balloonMiB !== undefined && balloonMiB > memoryMiB) {
    checks.fail(
      `balloonMiB ${balloonMiB} is more than memoryMiB ${memoryMiB}; use 0, or at most ${memoryMiB}`,
    );
  }
  checks.text("cpuType", cpuType, CPU_TYPE);
  if (!runsTalos(cpuType)) {
    checks.fail(`cpuType "${cpuType}" lacks x86-64-v2, which Talos needs; use host or x86-64-v2-AES`);
  }
  checks.choice("bios", props.bios, BIOSES);
  if (props.image.secureBoot && props.bios === "seabios") {
    checks.fail("Secure Boot needs bios ovmf, not seabios");
  }
  checks.text("machine", machine, MACHINE);
  checks.choice("osType", props.osType, OS_TYPES);
  if (props.ejectIso && props.image.format !== "iso") {
    checks.fail(
      "ejectIso true needs an image of format iso; with a disk image there is no ISO, so leave it out",
    );
  }
  checkPciDevices(checks, machine, props.pciDevices ?? []);
  checkUsbDevices(checks, props.usbDevices ?? []);
}

function checkPciDevices(
  checks: PropChecks,
  machine: string,
  devices: NonNullable<TalosVmProps["pciDevices"]>,
): void {
  if (devices.length > MAX_PCI_DEVICES) {
    checks.fail(`${devices.length} PCI devices are too many; Proxmox takes at most ${MAX_PCI_DEVICES}`);
  }
  for (const [index, { mapping, pcie }] of devices.entries()) {
    checks.text(`pciDevices[${index}].mapping`, mapping, RESOURCE_MAPPING);
    if (pcie && !isQ35(machine)) checks.fail(`pciDevices[${index}].pcie needs machine q35, not ${machine}`);
  }
}

function checkUsbDevices(checks: PropChecks, devices: NonNullable<TalosVmProps["usbDevices"]>): void {
  if (devices.length > MAX_USB_DEVICES) {
    checks.fail(`${devices.length} USB devices are too many; the provider takes at most ${MAX_USB_DEVICES}`);
  }
  for (const [index, { mapping }] of devices.entries()) {
    checks.text(`usbDevices[${index}].mapping`, mapping, RESOURCE_MAPPING);
  }
  checks.distinct(
    "mapping",
    devices.map(({ mapping }) => mapping),
    "a mapping has one USB device for each host",
  );
}

function checkDisks(checks: PropChecks, { disks, diskInterface, scsiHardware }: TalosVmProps): void {
  checks.choice("diskInterface", diskInterface, DISK_INTERFACES);
  checks.choice("scsiHardware", scsiHardware, SCSI_CONTROLLERS);
  checks.wholeNumber("disks[0].sizeGiB", disks[0].sizeGiB, { ...DISK_SIZE_GIB, min: MINIMUM.diskGiB });
  const slots = disks.map(({ slot }, index) => slot ?? index);
  for (const [index, { storage, sizeGiB, serial }] of disks.entries()) {
    checks.text(`disks[${index}].storage`, storage, STORAGE);
    checks.wholeNumber(`disks[${index}].sizeGiB`, sizeGiB, DISK_SIZE_GIB);
    checks.text(`disks[${index}].serial`, serial, DISK_SERIAL);
    const slot = index === 0 ? { ...SCSI_SLOT, max: SCSI_SLOT.min } : DATA_DISK_SLOT;
    checks.wholeNumber(`disks[${index}].slot`, slots[index], slot);
  }
  checks.distinct("slot", slots, "give each disk its own");
  checks.distinct(
    "serial",
    disks.map(({ serial }) => serial),
    "give each disk its own",
  );
}

function checkNetwork(checks: PropChecks, { networkInterfaces, address }: TalosVmProps): void {
  if (networkInterfaces.length > MAX_NETWORK_INTERFACES) {
    checks.fail(
      `${networkInterfaces.length} network interfaces are too many; Proxmox takes at most ${MAX_NETWORK_INTERFACES}`,
    );
  }
  for (const [index, { bridge, macAddress, vlan, mtu, queues }] of networkInterfaces.entries()) {
    const at = `networkInterfaces[${index}]`;
    checks.text(`${at}.bridge`, bridge, BRIDGE);
    checks.text(`${at}.macAddress`, macAddress, MAC_ADDRESS);
    checks.text(`${at}.macAddress`, macAddress, UNICAST_MAC_ADDRESS);
    checks.wholeNumber(`${at}.vlan`, vlan, VLAN);
    checks.wholeNumber(`${at}.mtu`, mtu, MTU);
    checks.wholeNumber(`${at}.queues`, queues, QUEUES);
  }
  if (address === undefined || Token.isUnresolved(address)) return;
  checks.textBy("address.cidr", address.cidr, (cidr) =>
    Cidr.isValid(cidr) ? undefined : "is not an address with its prefix length; write it like 10.20.1.11/22",
  );
  for (const [prop, value] of [
    ["address.gateway", address.gateway],
    ...(address.dnsServers ?? []).map((server) => ["address.dnsServers", server] as const),
  ] as const) {
    checks.textBy(prop, value, (text) =>
      Address.isValid(text) ? undefined : "is not an IP address; write it like 10.20.0.1",
    );
  }
}
