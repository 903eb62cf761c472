import { Annotations } from "cdktf";
import { Construct } from "constructs";
import {
  VirtualEnvironmentVm,
  type VirtualEnvironmentVmConfig,
  type VirtualEnvironmentVmDisk,
} from "../.gen/providers/proxmox/virtual-environment-vm";
import { DISK_DEFAULTS } from "../domain/disk";
import { Cidr } from "../domain/ip";
import { DEFAULT_BRIDGE } from "../domain/network-interface";
import { ownTags } from "../domain/proxmox-names";
import { DEFAULT_SIZE } from "../domain/talos";
import { isQ35, VM_DEFAULTS, VM_RESOURCE_TYPE } from "../domain/virtual-machine";
import { AdoptedDevices } from "./adopted-devices";
import { storagesOf } from "./guest-storages";
import { logicalId } from "./logical-id";
import { Moved } from "./moved";
import { newVolume } from "./new-volume";
import { checkTalosVmProps } from "./talos-vm-checks";
import { macAddressesStay, postconditionsFor, rootDiskStays, rootInterface } from "./talos-vm-guards";
import { hasNoIso, isNamed, leftAlone } from "./talos-vm-left-alone";
import type { StaticAddress, TalosDisk, TalosNetworkInterface, TalosVmProps } from "./talos-vm-props";
import { VmIdGuard } from "./vm-id-guard";

/**
 * A Talos node as a VM on Proxmox VE, as Sidero recommends: UEFI on q35, no ballooning, virtio everywhere, a
 * serial console, Secure Boot keys left for Talos to enrol.
 *
 * A new image does not replace it, and OpenTofu refuses any plan that would replace it ({@link TalosVmProps.allowReplace}).
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

  /** @throws if a prop is not valid. */
  constructor(scope: Construct, id: string, props: TalosVmProps) {
    super(scope, id);
    this.vmName = props.vmName ?? id;
    this.vmId = props.vmId;
    this.host = props.host;
    checkTalosVmProps(this.vmName, props);

    const guard = props.vmIdGuard ?? new VmIdGuard(this, "vm-id-guard", { storages: storagesOf([props]) });
    const wanted = ownTags(props.tags);
    const answer = guard.guard({
      name: this.vmName,
      renamedFrom: props.renamedFrom,
      vmId: props.vmId,
      tags: wanted,
      // A VM that exists keeps its tags, and gets those that are named.
      tagsOfExisting: isNamed(props, "tags") ? wanted : ownTags(),
      mustExist: hasNoIso(props),
    });
    const isProtected = props.protection ?? false;
    const stays = [rootDiskStays(this.vmName, props), ...macAddressesStay(this.vmName, props)];
    const ignoredOfLists = [
      ...(props.image.format === "iso" ? [] : ["disk[0].import_from"]),
      ...stays.flatMap(({ ignoreChanges }) => ignoreChanges),
    ];
    this.resource = new VirtualEnvironmentVm(this, "Resource", {
      name: this.vmName,
      vmId: props.vmId,
      nodeName: props.host,
      // Without it, a change of the host would replace the VM.
      migrate: true,
      tags: answer.tags,
      poolId: props.pool,
      protection: isProtected,
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
        preventDestroy: !props.allowReplace || isProtected,
        // An apply must not start a node that is stopped for maintenance. A new image is only for new nodes.
        ignoreChanges: ["started", ...leftAlone(props), ...(props.adoptFrom ? [] : ignoredOfLists)],
        precondition: [answer.precondition],
        postcondition: [postconditionsFor(this, stays)],
      },
    });
    this.resource.overrideLogicalId(logicalId(this.vmName));
    // In the provider's schema this is an attribute and not a block. Every key must be present, null if it is not set,
    // but cdktf's own property leaves null out.
    this.resource.addOverride("network_device", props.networkInterfaces.map(networkDevice));
    this.addMoves(props);
    if (props.adoptFrom) {
      new AdoptedDevices(this, "devices", {
        vmName: this.vmName,
        address: `${VM_RESOURCE_TYPE}.${logicalId(this.vmName)}`,
        vm: props,
      });
    }
    if (isProtected && props.allowReplace) this.warnOfProtection();
  }

  /** From now on, no plan moves the VM: its host is where it is made, and HA chooses the hosts after that. */
  leaveHostToProxmox(): void {
    const { lifecycle } = this.resource;
    const ignored = [lifecycle?.ignoreChanges ?? []].flat();
    this.resource.lifecycle = { ...lifecycle, ignoreChanges: [...ignored, "node_name"] };
  }

  /** Proxmox refuses to delete it, but only after the provider has stopped it: no plan may get so far. */
  private warnOfProtection(): void {
    Annotations.of(this).addWarning(
      `VM "${this.vmName}" is protected, so a plan that destroys or replaces it is refused. to do so, set protection: false, ` +
        "deploy, and try again",
    );
  }

  private addMoves({ adoptFrom, renamedFrom }: TalosVmProps): void {
    const previous = renamedFrom && logicalId(renamedFrom);
    if (adoptFrom) {
      const to = `${VM_RESOURCE_TYPE}.${previous ?? logicalId(this.vmName)}`;
      new Moved(this, "adopted", { from: adoptFrom, to });
    }
    if (previous) {
      new Moved(this, "renamed", {
        from: `${VM_RESOURCE_TYPE}.${previous}`,
        to: `${VM_RESOURCE_TYPE}.${logicalId(this.vmName)}`,
      });
    }
  }
}

type VmConfig = Partial<VirtualEnvironmentVmConfig>;

function hardware(props: TalosVmProps): VmConfig {
  const { bios = VM_DEFAULTS.bios, machine = VM_DEFAULTS.machine } = props;
  const { cores, sockets, memoryMiB } = DEFAULT_SIZE.any;
  const storageId = props.disks[0].storage;
  return {
    bios,
    machine,
    operatingSystem: { type: props.osType ?? VM_DEFAULTS.osType },
    cpu: {
      cores: props.cores ?? cores,
      sockets: props.sockets ?? sockets,
      type: props.cpuType ?? VM_DEFAULTS.cpuType,
      numa: props.numa ?? VM_DEFAULTS.numa,
    },
    memory: { dedicated: props.memoryMiB ?? memoryMiB, floating: props.balloonMiB ?? VM_DEFAULTS.balloonMiB },
    // Talos enrols its own Secure Boot keys. That needs firmware in setup mode, which has no keys.
    efiDisk: bios === "ovmf" ? { datastoreId: storageId, type: "4m", preEnrolledKeys: false } : undefined,
    tpmState: (props.tpm ?? props.image.secureBoot) ? { datastoreId: storageId, version: "v2.0" } : undefined,
    serialDevice: [{}],
    vga: { type: "std" },
    hostpci: props.pciDevices?.map((pci, index) => ({
      device: `hostpci${index}`,
      mapping: pci.mapping,
      pcie: pci.pcie ?? isQ35(machine),
      rombar: pci.rombar ?? true,
    })),
    usb: props.usbDevices?.map(({ mapping, usb3 = false }) => ({ mapping, usb3 })),
  };
}

function storage(props: TalosVmProps): VmConfig {
  const scsiHardware = props.scsiHardware ?? "virtio-scsi-single";
  const root = rootInterface(props);
  const importFrom = props.image.format === "disk-image" ? props.image.fileId : undefined;
  const disk = (each: TalosDisk, index: number): VirtualEnvironmentVmDisk => ({
    interface: index === 0 ? root : `scsi${each.slot ?? index}`,
    datastoreId: each.storage,
    pathInDatastore: index === 0 ? undefined : newVolume(each),
    size: each.sizeGiB,
    importFromAttribute: index === 0 ? importFrom : undefined,
    discard: (each.discard ?? DISK_DEFAULTS.discard) ? "on" : "ignore",
    // Proxmox knows no SSDs on virtio.
    ssd: index === 0 && root !== "scsi0" ? undefined : (each.ssd ?? DISK_DEFAULTS.ssd),
    backup: each.backup ?? DISK_DEFAULTS.backup,
    replicate: each.replicate ?? DISK_DEFAULTS.replicate,
    iothread: scsiHardware === "virtio-scsi-single",
    serial: each.serial,
  });
  const iso = props.image.format === "iso";
  return {
    scsiHardware,
    disk: props.disks.map(disk),
    // Without the block, or without the drive in the boot order, a plan would never be empty.
    cdrom: iso ? { fileId: hasNoIso(props) ? "none" : props.image.fileId, interface: "ide2" } : undefined,
    bootOrder: iso ? [root, "ide2"] : [root],
    // A disk that somebody attached by hand must not be deleted.
    deleteUnreferencedDisksOnDestroy: false,
  };
}

function networkDevice(nic: TalosNetworkInterface): object {
  return {
    bridge: nic.bridge ?? DEFAULT_BRIDGE,
    model: "virtio",
    firewall: nic.firewall ?? false,
    disconnected: false,
    // As given: Proxmox keeps the case, and takes another one for another NIC.
    mac_address: nic.macAddress ?? null,
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
  return isIPv6(cidr) ? { ipv6: family } : { ipv4: family };
}

function isIPv6(cidr: string): boolean {
  return Cidr.isValid(cidr) && Cidr.parse(cidr).family === "IPv6";
}

function powerPolicy(props: TalosVmProps): VmConfig {
  return {
    rebootAfterUpdate: props.rebootAfterUpdate ?? false,
    // Otherwise the provider waits half an hour for a shutdown, then removes the VM from the state while it runs.
    stopOnDestroy: true,
    // A destroy stops the VM first, and only then hears from Proxmox that it is protected. In no time at all it stops nothing.
    timeoutStopVm: props.protection && !props.rebootAfterUpdate ? 0 : undefined,
    agent: {
      enabled: props.agent ?? false,
      // In maintenance mode no agent runs: waiting for it would hold up every apply and every plan.
      waitForIp: { disabled: true },
    },
  };
}
