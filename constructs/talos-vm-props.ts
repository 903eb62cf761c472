import type { TalosImage } from "./talos-image";
import type { VmIdGuard } from "./vm-id-guard";

export interface TalosVmProps {
  /** Proxmox' id of the VM, unique in the Proxmox cluster. Changing it would replace the VM. */
  readonly vmId: number;
  /** The Proxmox node it runs on. A change migrates the VM. */
  readonly host: string;
  /** What it boots. Its format decides between an imported disk and the installer ISO. */
  readonly image: TalosImage;
  /** Disks in order: `scsi0` is the one Talos is installed on. A disk can grow, never shrink. */
  readonly disks: readonly [TalosDisk, ...TalosDisk[]];
  /** Network interfaces in order; the first one carries `address`. */
  readonly networkInterfaces: readonly [TalosNetworkInterface, ...TalosNetworkInterface[]];
  /** Address that the image reads from a nocloud drive at first boot. @default DHCP */
  readonly address?: StaticAddress;

  /** Name of the VM and of its resource. @default the construct's id */
  readonly vmName?: string;
  /** Name that this VM had before: its resource moves along instead of being created anew. @default none */
  readonly renamedFrom?: string;
  /** Address of the VM in state under another program, taken over with a `moved` block. @default none */
  readonly adoptFrom?: string;

  /** @default 4 */
  readonly cores?: number;
  /** @default 1 */
  readonly sockets?: number;
  /** @default "host" */
  readonly cpuType?: string;
  /** @default true */
  readonly numa?: boolean;
  /** At least 1024, 2048 for a control plane. @default 8192 */
  readonly memoryMiB?: number;
  /** Lower limit of the balloon; 0 turns ballooning off, as Talos wants it. @default 0 */
  readonly balloonMiB?: number;
  /** @default "ovmf" */
  readonly bios?: "ovmf" | "seabios";
  /** @default "q35" */
  readonly machine?: string;
  /** @default "virtio-scsi-single", which gives every disk an I/O thread */
  readonly scsiHardware?: string;
  /** @default "l26" */
  readonly osType?: string;
  /** A TPM 2.0, for disk encryption bound to Secure Boot. @default whether the image is for Secure Boot */
  readonly tpm?: boolean;
  /** The QEMU guest agent; only where the schematic has the extension. @default false */
  readonly agent?: boolean;
  readonly pciDevices?: readonly TalosPciDevice[];

  /** Lower case; `talos` is always among them. @default none but `talos` */
  readonly tags?: readonly string[];
  /** @default none */
  readonly pool?: string;
  readonly startup?: TalosStartup;
  /** Proxmox' own protection against removal of the VM or a disk. @default false */
  readonly protection?: boolean;
  /**
   * Whether a plan may destroy or replace this VM while it stands in the program.
   * @default false: OpenTofu refuses such a plan
   */
  readonly allowReplace?: boolean;
  /**
   * Whether Proxmox may restart the VM by itself where a change (memory, cores) needs it. Several VMs would
   * restart at once and etcd would lose its quorum.
   * @default false: the change waits for the next restart
   */
  readonly rebootAfterUpdate?: boolean;
  /** Refuses a VM id that is taken. One guard serves all VMs of a stack. @default a guard of its own */
  readonly vmIdGuard?: VmIdGuard;
}

export interface TalosDisk {
  /** Storage for disk images. */
  readonly storage: string;
  /**
   * Place on the SCSI bus, 0 to 30. It is what a disk is known by: give it where disks may come and go, or those
   * after one that goes would take its volume. The first disk has 0.
   * @default the place in the list
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
  /** Serial number, by which Talos can find the disk whatever its device name. @default none */
  readonly serial?: string;
}

export interface TalosNetworkInterface {
  /** @default "vmbr0" */
  readonly bridge?: string;
  /** @default one that Proxmox makes up */
  readonly macAddress?: string;
  /** VLAN id, 1 to 4094. @default untagged */
  readonly vlan?: number;
  /** Bytes, 576 to 65520. @default that of the bridge */
  readonly mtu?: number;
  /** Packet queues of the virtio device, 0 to 64; 0 and 1 mean one. @default 1 */
  readonly queues?: number;
}

export interface StaticAddress {
  /** Address with its prefix length, for example `10.20.1.11/22`. */
  readonly cidr: string;
  readonly gateway: string;
  /** @default those of the Proxmox node */
  readonly dnsServers?: readonly string[];
}

export interface TalosPciDevice {
  /** Name of a PCI resource mapping in Proxmox. */
  readonly mapping: string;
  /** @default true */
  readonly pcie?: boolean;
  /** @default true */
  readonly rombar?: boolean;
}

export interface TalosStartup {
  /** Position in the order in which Proxmox starts its VMs. */
  readonly order?: number;
  /** Seconds until the next VM is started. */
  readonly upDelaySeconds?: number;
  /** Seconds until the next VM is shut down. */
  readonly downDelaySeconds?: number;
}
