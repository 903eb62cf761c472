import type { DiskInterface } from "../domain/disk";
import type { DiskSetting, NetworkInterfaceSetting, VmSetting } from "../domain/vm-settings";
import type { TalosImage } from "./talos-image";
import type { VmIdGuard } from "./vm-id-guard";

/** Options of a {@link TalosVm} that do not depend on its image, disks and networks. */
export interface TalosVmOptions {
  /** Proxmox' id of the VM, unique in the Proxmox cluster. Changing it would replace the VM. */
  readonly vmId: number;
  /** The Proxmox node it runs on. A change migrates the VM. */
  readonly host: string;
  /** Old name of a renamed VM, so that the VM is kept. @default - no rename */
  readonly renamedFrom?: string;

  /** Cores of each socket. @default 4 */
  readonly cores?: number;
  /** CPU sockets. @default 1 */
  readonly sockets?: number;
  /** CPU model that the guest sees; `host` is the one of the Proxmox node. @default "host" */
  readonly cpuType?: string;
  /** Whether the guest sees NUMA nodes. @default true */
  readonly numa?: boolean;
  /** Memory. At least 1024, 2048 for a control plane. @default 8192 */
  readonly memoryMiB?: number;
  /** Minimum memory with ballooning; 0 turns ballooning off, as Talos recommends. @default 0 */
  readonly balloonMiB?: number;
  /** Firmware: `ovmf` is UEFI. @default "ovmf" */
  readonly bios?: "ovmf" | "seabios";
  /** Machine type of QEMU. @default "q35" */
  readonly machine?: string;
  /**
   * What the first disk is attached to, as `scsi0` or `virtio0`; the other disks are on the SCSI bus. A VM keeps what it was
   * made with: a plan that would move the disk that it starts from is refused.
   * @default "scsi"
   */
  readonly diskInterface?: DiskInterface;
  /** Model of the SCSI controller; `virtio-scsi-single` gives every disk an I/O thread. @default "virtio-scsi-single" */
  readonly scsiHardware?: string;
  /** Guest type in Proxmox; `l26` is Linux. @default "l26" */
  readonly osType?: string;
  /** A TPM 2.0, for disk encryption bound to Secure Boot. @default - a TPM where the image is for Secure Boot */
  readonly tpm?: boolean;
  /**
   * Whether the drive of the installer ISO is empty: only with an ISO, and only for a VM that exists and has Talos on its disk.
   * A VM with an ISO on local storage cannot move to another host.
   * @default false
   */
  readonly ejectIso?: boolean;
  /** The QEMU guest agent; only where the schematic has the extension. @default false */
  readonly agent?: boolean;
  /** PCI devices of the Proxmox node that are passed through. @default - what is attached stays; an empty list detaches it */
  readonly pciDevices?: readonly TalosPciDevice[];
  /**
   * USB devices of the Proxmox node that are passed through, at most four.
   * @default - what is attached stays; an empty list detaches it
   */
  readonly usbDevices?: readonly TalosUsbDevice[];

  /** Tags in Proxmox, in lower case, beside `talos` and those that the VM has already. @default - `talos` alone */
  readonly tags?: readonly string[];
  /** Resource pool of Proxmox. @default - no pool */
  readonly pool?: string;
  /** When Proxmox starts and stops the VM, relative to others. @default - in no particular order */
  readonly startup?: TalosStartup;
  /**
   * Proxmox' own protection against removal of the VM or a disk. A plan that destroys or replaces the VM is refused until the
   * VM has been deployed without it.
   * @default false
   */
  readonly protection?: boolean;
  /**
   * Those of these options whose values are for a new VM only: a VM that exists keeps what it has, as it does for every option
   * that is left out.
   * @default - every option that has a value is for a VM that exists too
   */
  readonly onlyForNew?: readonly VmSetting[];
}

/** What a {@link TalosVm} is made of. */
export interface TalosVmProps extends TalosVmOptions {
  /** What it boots. Its format decides between an imported disk and the installer ISO. */
  readonly image: TalosImage;
  /** Disks in order: the first is the one Talos is installed on. A disk can grow, never shrink. */
  readonly disks: readonly [TalosDisk, ...TalosDisk[]];
  /** Network interfaces in order; the first one carries `address`. */
  readonly networkInterfaces: readonly [TalosNetworkInterface, ...TalosNetworkInterface[]];
  /** Address that the image reads from a nocloud drive at first boot. @default - an address by DHCP */
  readonly address?: StaticAddress;
  /** Name of the VM and of its resource. @default - the construct's id */
  readonly vmName?: string;
  /**
   * Address of the VM in state under another program, taken over with a `moved` block. While it is set, the disks and NICs of
   * the VM are left alone.
   * @default - nothing is taken over
   */
  readonly adoptFrom?: string;
  /**
   * Whether a plan may destroy or replace this VM while it is in the program, or give a NIC of it another MAC address.
   * @default false
   */
  readonly allowReplace?: boolean;
  /**
   * Whether Proxmox may restart the VM by itself where a change (memory, cores) needs it. Several VMs would
   * restart at once and etcd would lose its quorum. Without it the change waits for the next restart.
   * @default false
   */
  readonly rebootAfterUpdate?: boolean;
  /** Refuses a VM id that is taken. One guard serves all VMs of a stack. @default - a guard of its own */
  readonly vmIdGuard?: VmIdGuard;
}

/** A disk of a VM. */
export interface TalosDisk {
  /** Storage for disk images. */
  readonly storage: string;
  /**
   * Slot on its bus, 0 to 30. It identifies the disk: set it if disks may be removed later. Otherwise the disks
   * after a removed one get its volume. The first disk has slot 0.
   * @default - the position in the list
   */
  readonly slot?: number;
  /** At least 10 for the first disk. */
  readonly sizeGiB: number;
  /** Passes TRIM on to the storage. @default true */
  readonly discard?: boolean;
  /** Presents the disk as an SSD. @default true */
  readonly ssd?: boolean;
  /** Part of Proxmox backups. @default false */
  readonly backup?: boolean;
  /** Part of Proxmox replication. @default false */
  readonly replicate?: boolean;
  /** Serial number in QEMU. Talos' disk selector does not see it. @default - no serial number */
  readonly serial?: string;
  /** Those of these options whose values are for a new VM only. @default - none */
  readonly onlyForNew?: readonly DiskSetting[];
}

/** A virtio network interface of a VM. */
export interface TalosNetworkInterface {
  /** Bridge of the Proxmox node. @default "vmbr0" */
  readonly bridge?: string;
  /**
   * MAC address, in either case: a VM keeps the case that it was made with. Another address is refused at plan, unless
   * {@link TalosVmProps.allowReplace} is set.
   * @default - one that Proxmox makes up
   */
  readonly macAddress?: string;
  /** VLAN id, 1 to 4094. @default - untagged */
  readonly vlan?: number;
  /** Bytes, 576 to 65520. @default - that of the bridge */
  readonly mtu?: number;
  /** Packet queues of the virtio device, 0 to 64; 0 and 1 mean one. @default 1 */
  readonly queues?: number;
  /**
   * Whether Proxmox' firewall filters what passes through it; it also needs the firewall of the VM and of the datacenter.
   * @default - as it is set in Proxmox; false for a new one
   */
  readonly firewall?: boolean;
  /** Those of these options whose values are for a new VM only. @default - none */
  readonly onlyForNew?: readonly NetworkInterfaceSetting[];
}

/** An address that does not come from DHCP. */
export interface StaticAddress {
  /** Address with its prefix length, for example `10.20.1.11/22`. */
  readonly cidr: string;
  /** Address of the router. */
  readonly gateway: string;
  /** Addresses of the DNS servers. @default - those of the Proxmox node */
  readonly dnsServers?: readonly string[];
}

/** A PCI device of the Proxmox node that is passed through to the VM. */
export interface TalosPciDevice {
  /** Name of a PCI resource mapping in Proxmox. */
  readonly mapping: string;
  /** Whether the guest sees a PCI Express device; needs machine q35. @default - true on machine q35 */
  readonly pcie?: boolean;
  /** Whether the guest sees the ROM of the device. @default true */
  readonly rombar?: boolean;
}

/** A USB device of the Proxmox node that is passed through to the VM. */
export interface TalosUsbDevice {
  /** Name of a USB resource mapping in Proxmox. */
  readonly mapping: string;
  /** Whether it is on a USB 3 controller. Proxmox ignores it for current guests, which have all devices on one. @default false */
  readonly usb3?: boolean;
}

/** When Proxmox starts and stops a VM, as its host starts and stops. */
export interface TalosStartup {
  /** Position in the order in which Proxmox starts its VMs. @default - after those that have one */
  readonly order?: number;
  /** Seconds until the next VM is started. @default - no wait */
  readonly upDelaySeconds?: number;
  /** Seconds until the next VM is shut down. @default - the time-out of Proxmox, 180 seconds */
  readonly downDelaySeconds?: number;
}
