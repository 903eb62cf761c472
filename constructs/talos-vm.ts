import { isIPv6 } from "node:net";
import { Token } from "cdktf";
import { Construct } from "constructs";
import {
  VirtualEnvironmentVm,
  type VirtualEnvironmentVmConfig,
  type VirtualEnvironmentVmDisk,
} from "../.gen/providers/proxmox/virtual-environment-vm";
import { Moved } from "./moved";
import type { StaticAddress, TalosDisk, TalosNetworkInterface, TalosVmProps } from "./talos-vm-props";
import { OWNERSHIP_TAG, VmIdGuard } from "./vm-id-guard";

const RESOURCE_TYPE = "proxmox_virtual_environment_vm";

/**
 * A Talos node as a VM on Proxmox VE, by Sidero's advice: UEFI on q35, no ballooning, virtio everywhere, a
 * serial console, Secure Boot keys left for Talos to enrol.
 *
 * No change of image replaces it, and OpenTofu refuses any plan that would ({@link TalosVmProps.allowReplace}).
 *
 * @see https://www.talos.dev/latest/talos-guides/install/virtualized-platforms/proxmox/
 */
export class TalosVm extends Construct {
  /** Name of the VM. */
  readonly vmName: string;
  /** Proxmox' id of the VM. */
  readonly vmId: number;
  /** The Proxmox node it runs on. */
  readonly host: string;
  /** The resource; its address is `proxmox_virtual_environment_vm.<name>`. */
  readonly resource: VirtualEnvironmentVm;

  /** @throws where a prop is out of its range. */
  constructor(scope: Construct, id: string, props: TalosVmProps) {
    super(scope, id);
    this.vmName = props.vmName ?? id;
    this.vmId = props.vmId;
    this.host = props.host;
    checkProps(this.vmName, props);

    const guard = props.vmIdGuard ?? new VmIdGuard(this, "vm-id-guard");
    const names = [this.vmName, ...(props.renamedFrom ? [props.renamedFrom] : [])];
    this.resource = new VirtualEnvironmentVm(this, "Resource", {
      name: this.vmName,
      vmId: props.vmId,
      nodeName: props.host,
      // Without it another host would mean another VM.
      migrate: true,
      tags: [...new Set([...(props.tags ?? []), OWNERSHIP_TAG])].sort(),
      poolId: props.pool,
      protection: props.protection ?? false,
      startup: props.startup && {
        order: props.startup.order,
        upDelay: props.startup.upDelaySeconds,
        downDelay: props.startup.downDelaySeconds,
      },
      ...hardware(props),
      ...storage(props),
      ...cloudInit(props),
      ...powerPolicy(props),
      lifecycle: {
        preventDestroy: !props.allowReplace,
        // Who stops a node for maintenance does not want a plan to start it; a new image is for new nodes.
        ignoreChanges: ["started", ...(props.image.format === "iso" ? [] : ["disk[0].import_from"])],
        precondition: [guard.precondition(props.vmId, names)],
      },
    });
    this.resource.overrideLogicalId(logicalId(this.vmName));
    // An attribute and not a block in the provider's schema: every key must be there, null where it is not set,
    // and cdktf's own property would leave null out.
    this.resource.addOverride("network_device", props.networkInterfaces.map(networkDevice));
    this.addMoves(props);
  }

  private addMoves({ adoptFrom, renamedFrom }: TalosVmProps): void {
    const previous = renamedFrom && logicalId(renamedFrom);
    if (adoptFrom) {
      const to = `${RESOURCE_TYPE}.${previous ?? logicalId(this.vmName)}`;
      new Moved(this, "adopted", { from: adoptFrom, to });
    }
    if (previous) {
      new Moved(this, "renamed", {
        from: `${RESOURCE_TYPE}.${previous}`,
        to: `${RESOURCE_TYPE}.${logicalId(this.vmName)}`,
      });
    }
  }
}

type VmConfig = Partial<VirtualEnvironmentVmConfig>;

function hardware(props: TalosVmProps): VmConfig {
  const bios = props.bios ?? "ovmf";
  const storageId = props.disks[0].storage;
  return {
    bios,
    machine: props.machine ?? "q35",
    operatingSystem: { type: props.osType ?? "l26" },
    cpu: {
      cores: props.cores ?? 4,
      sockets: props.sockets ?? 1,
      type: props.cpuType ?? "host",
      numa: props.numa ?? true,
    },
    memory: { dedicated: props.memoryMiB ?? 8192, floating: props.balloonMiB ?? 0 },
    // Talos enrols its own Secure Boot keys: that needs the firmware in setup mode, without any.
    efiDisk: bios === "ovmf" ? { datastoreId: storageId, type: "4m", preEnrolledKeys: false } : undefined,
    tpmState: (props.tpm ?? props.image.secureBoot) ? { datastoreId: storageId, version: "v2.0" } : undefined,
    serialDevice: [{}],
    vga: { type: "std" },
    hostpci: props.pciDevices?.map((pci, index) => ({
      device: `hostpci${index}`,
      mapping: pci.mapping,
      pcie: pci.pcie ?? true,
      rombar: pci.rombar ?? true,
    })),
  };
}

function storage(props: TalosVmProps): VmConfig {
  const scsiHardware = props.scsiHardware ?? "virtio-scsi-single";
  const importFrom = props.image.format === "disk-image" ? props.image.fileId : undefined;
  const disk = (each: TalosDisk, index: number): VirtualEnvironmentVmDisk => ({
    interface: `scsi${each.slot ?? index}`,
    datastoreId: each.storage,
    size: each.sizeGiB,
    importFromAttribute: index === 0 ? importFrom : undefined,
    discard: (each.discard ?? true) ? "on" : "ignore",
    ssd: each.ssd ?? true,
    backup: each.backup ?? false,
    replicate: each.replicate ?? false,
    iothread: scsiHardware === "virtio-scsi-single",
    serial: each.serial,
  });
  const iso = props.image.format === "iso";
  return {
    scsiHardware,
    disk: props.disks.map(disk),
    cdrom: iso ? { fileId: props.image.fileId, interface: "ide2" } : undefined,
    bootOrder: iso ? ["scsi0", "ide2"] : ["scsi0"],
    // What somebody attached by hand is not ours to delete.
    deleteUnreferencedDisksOnDestroy: false,
  };
}

function networkDevice(nic: TalosNetworkInterface): object {
  return {
    bridge: nic.bridge ?? "vmbr0",
    model: "virtio",
    firewall: false,
    disconnected: false,
    // As Proxmox gives it back; in lower case every plan would want to change it.
    mac_address: nic.macAddress?.toUpperCase() ?? null,
    vlan_id: nic.vlan ?? null,
    mtu: nic.mtu ?? null,
    queues: nic.queues ?? null,
    enabled: null,
    rate_limit: null,
    trunks: null,
  };
}

function cloudInit(props: TalosVmProps): VmConfig {
  return {
    initialization: props.address && {
      type: "nocloud",
      datastoreId: props.disks[0].storage,
      // ide2 is where the installer ISO would be.
      interface: props.image.format === "iso" ? "ide0" : "ide2",
      dns: props.address.dnsServers && { servers: [...props.address.dnsServers] },
      ipConfig: [ipConfig(props.address)],
    },
  };
}

function ipConfig({ cidr, gateway }: StaticAddress) {
  const family = { address: cidr, gateway };
  return isIPv6(cidr.split("/", 1)[0] ?? "") ? { ipv6: family } : { ipv4: family };
}

function powerPolicy(props: TalosVmProps): VmConfig {
  return {
    rebootAfterUpdate: props.rebootAfterUpdate ?? false,
    // A guest that does not answer a shutdown would be dropped from state after half an hour, still running.
    stopOnDestroy: true,
    agent: {
      enabled: props.agent ?? false,
      // In maintenance mode no agent runs: waiting for it would hold up every apply and every plan.
      waitForIp: { disabled: true },
    },
  };
}

/** An RFC 1123 label may start with a digit, an identifier of OpenTofu may not. */
function logicalId(name: string): string {
  return /^\d/.test(name) ? `_${name}` : name;
}

function checkProps(name: string, props: TalosVmProps): void {
  const fail = (what: string): never => {
    throw new Error(`VM "${name}": ${what}`);
  };
  const inRange = (label: string, value: number | undefined, min: number, max: number): void => {
    if (value === undefined || Token.isUnresolved(value)) return;
    if (!Number.isInteger(value) || value < min || value > max) {
      fail(`${label} ${value} is not a whole number from ${min} to ${max}`);
    }
  };
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
    fail("its name is not a host name; use lower case letters, digits and hyphens (RFC 1123), at most 63");
  }
  inRange("vmId", props.vmId, 100, 999_999_999);
  inRange("cores", props.cores, 1, 128);
  inRange("sockets", props.sockets, 1, 4);
  // The minima are Talos': https://www.talos.dev/latest/introduction/system-requirements/
  inRange("memoryMiB", props.memoryMiB, 1024, 4 * 1024 * 1024);
  inRange("disks[0].sizeGiB", props.disks[0].sizeGiB, 10, 128 * 1024);
  for (const [index, disk] of props.disks.entries()) {
    inRange(`disks[${index}].sizeGiB`, disk.sizeGiB, 1, 128 * 1024);
  }
  const slots = props.disks.map((disk, index) => disk.slot ?? index);
  for (const [index, slot] of slots.entries()) {
    inRange(`disks[${index}].slot`, slot, index === 0 ? 0 : 1, index === 0 ? 0 : 30);
    if (slots.indexOf(slot) < index)
      fail(`disks[${index}].slot ${slot} is taken by another disk; give each its own`);
  }
  if (props.disks.length > 31) fail(`${props.disks.length} disks; Proxmox has 31 SCSI slots`);
  for (const [index, nic] of props.networkInterfaces.entries()) {
    inRange(`networkInterfaces[${index}].vlan`, nic.vlan, 1, 4094);
    inRange(`networkInterfaces[${index}].mtu`, nic.mtu, 576, 65_520);
    inRange(`networkInterfaces[${index}].queues`, nic.queues, 1, 64);
  }
  for (const tag of props.tags ?? []) {
    // Proxmox lower-cases tags, and the next plan would want them back.
    if (!/^[a-z0-9_][a-z0-9_\-+.]*$/.test(tag))
      fail(`tag "${tag}" is not lower case letters, digits, _ - + .`);
  }
  if (props.image.secureBoot && props.bios === "seabios") fail("Secure Boot needs bios ovmf, not seabios");
}
