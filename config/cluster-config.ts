import type { DiskInterface, ScsiController } from "../domain/disk";
import type { R2Jurisdiction, R2Location } from "../domain/r2";
import type { Schematic } from "../domain/schematic";
import type { StateBackend } from "../domain/state";
import type { BootMode, NodeRole } from "../domain/talos";
import type { WorkerCredential, WorkerEncryption, WorkerScope } from "../domain/tfstate-worker";
import type { Bios, OsType } from "../domain/virtual-machine";
import type { DiskSetting, NetworkInterfaceSetting, VmSetting } from "../domain/vm-settings";
import type { FirewallConfig } from "./firewall-config";
import type { NodeTalosConfig, RouteConfig, TalosConfig } from "./talos-config";

export type { BootMode, NodeRole, StateBackend };

/**
 * The configuration in `cluster.yaml`, with all defaults filled in and all checks passed. It is plain data without CDKTF,
 * and the props of the stacks. The compiler checks that in `__tests__/config/cluster-config.types.ts`.
 */
export interface ClusterConfig {
  /** `cluster_name`; also the prefix of HA rules. */
  readonly clusterName: string;
  /** `talos_version`, with its `v`. */
  readonly talosVersion: string;
  /** `boot_mode`: `iso` as existing clusters boot, `disk-image` for an imported qcow2. */
  readonly bootMode: BootMode;
  readonly proxmox: ProxmoxConfig;
  readonly network: ClusterNetworkConfig;
  /** `proxmox_firewall`; undefined if the firewall of the VMs is left as it is. */
  readonly firewall?: FirewallConfig;
  /** In the order of the file; the nodes of pools come last. */
  readonly nodes: readonly NodeConfig[];
  /** `node_pools`, for pictures: a node of a pool is like any other. */
  readonly nodePools: readonly NodePoolConfig[];
  /** `talos`; undefined if the program makes the VMs only. */
  readonly talos?: TalosConfig;
  readonly state: StateConfig;
  /** `bootstrap`; undefined if no account id is set. */
  readonly bootstrap?: BootstrapConfig;
  /** `adopt`: Terraform addresses that this program takes over with `moved` blocks. */
  readonly adopt?: AdoptConfig;
}

/** How Proxmox is reached, and settings for the VMs on all its hosts. */
export interface ProxmoxConfig {
  /** `proxmox_api_url`, an https URL. */
  readonly endpoint: string;
  /** `proxmox_insecure`: whether any certificate of the API is accepted. */
  readonly insecure: boolean;
  /** `proxmox_iso_storage`: where ISO files and disk images are downloaded to. */
  readonly imageStorage: string;
  /** `proxmox_shared_storages`: storages that all hosts share (NFS, Ceph, …). */
  readonly sharedStorages: readonly string[];
  /** `proxmox_ha`: HA resources for every VM that can move, and anti-affinity rules. */
  readonly ha: boolean;
}

/** The networks of the nodes, the pods and the services. */
export interface ClusterNetworkConfig {
  /** `node_cidr` */
  readonly nodeCidr: string;
  /** `node_default_gateway`, or the first address of `node_cidr`. */
  readonly gateway: string;
  /** `node_vlan_tag`, if Talos tags the frames and not Proxmox. */
  readonly talosVlan?: number;
  readonly dnsServers: readonly string[];
  readonly ntpServers: readonly string[];
  /** `cluster_api_addr`: the virtual address of the Kubernetes API. */
  readonly vip: string;
  /** One CIDR, or one of each family for dual stack. */
  readonly podCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
}

/** A pool of nodes that are alike. */
export interface NodePoolConfig {
  readonly name: string;
  /** The names of its nodes. */
  readonly nodes: readonly string[];
}

/** A node: its VM, and what Talos is told about it. */
export interface NodeConfig {
  readonly name: string;
  readonly role: NodeRole;
  /** The Proxmox node that the VM runs on: `proxmox_node` of the node, else of the cluster. */
  readonly host: string;
  readonly vmId: number;
  /** Address without a prefix length. */
  readonly address: string;
  /** `disk`: the device that Talos installs to. */
  readonly installDisk: string;
  /** `schematic_id`, or the schematic that `talos_schematic` describes. */
  readonly schematic: SchematicConfig;
  readonly secureBoot: boolean;
  readonly tpm: boolean;
  readonly encryptDisk: boolean;
  /** Where the key of the encrypted disk is; undefined if it is not encrypted, or not by this program. */
  readonly diskEncryption?: "tpm" | "node-id";
  readonly kernelModules: readonly string[];
  /** `talos` of the node. */
  readonly talos?: NodeTalosConfig;
  /** Old name of a renamed node (`renamed_from`). */
  readonly renamedFrom?: string;

  readonly cores: number;
  readonly sockets: number;
  readonly cpuType: string;
  readonly numa: boolean;
  readonly memoryMiB: number;
  /** 0 turns ballooning off. */
  readonly balloonMiB: number;

  readonly disk: DiskConfig;
  /** `disk_interface`: what the first disk is attached to. */
  readonly diskInterface: DiskInterface;
  /** Disks besides the first. */
  readonly dataDisks: readonly DataDiskConfig[];
  readonly scsiHardware: ScsiController;
  /** The first one carries `address`. */
  readonly networkInterfaces: readonly NetworkInterfaceConfig[];
  /** Undefined for what is attached in Proxmox. */
  readonly pciDevices?: readonly PciDeviceConfig[];
  /** Undefined for what is attached in Proxmox. */
  readonly usbDevices?: readonly UsbDeviceConfig[];

  readonly bios: Bios;
  readonly machine: string;
  readonly osType: OsType;
  /** The QEMU guest agent; false if the schematic certainly lacks it. */
  readonly agent: boolean;
  /** `eject_iso`, else `proxmox_eject_iso`: whether the drive of the installer ISO is empty. */
  readonly ejectIso: boolean;
  readonly tags: readonly string[];
  readonly pool?: string;
  readonly startup?: StartupConfig;
  /** Proxmox' own delete protection. */
  readonly protection: boolean;
  /** Settings that the files do not name: their defaults are for a new VM, and a VM that exists keeps what it has. */
  readonly onlyForNew: readonly VmSetting[];
}

/** A schematic of the image factory: its ID, or what it is made of. */
export type SchematicConfig =
  | { readonly id: string }
  | (Required<Pick<Schematic, "extensions" | "kernelArgs">> & Pick<Schematic, "overlay" | "bootloader">);

/** A disk of a VM. */
export interface DiskConfig {
  readonly storage: string;
  readonly sizeGiB: number;
  readonly discard: boolean;
  readonly ssd: boolean;
  readonly backup: boolean;
  readonly replicate: boolean;
  readonly serial?: string;
  /** As in {@link NodeConfig}. */
  readonly onlyForNew: readonly DiskSetting[];
}

/** A disk besides the first. */
export interface DataDiskConfig extends DiskConfig {
  /** Slot on the SCSI bus; the first disk has slot 0. */
  readonly slot: number;
  /** `volume`: the Talos user volume on it. */
  readonly userVolume?: string;
}

/** A NIC of a VM. */
export interface NetworkInterfaceConfig {
  readonly bridge: string;
  readonly macAddress?: string;
  readonly vlan?: number;
  readonly mtu?: number;
  readonly queues?: number;
  /** Static addresses with their prefix lengths. The first interface has the address of the node. */
  readonly addresses?: readonly string[];
  readonly routes?: readonly RouteConfig[];
  /** Undefined for what is set in Proxmox. */
  readonly firewall?: boolean;
  /** As in {@link NodeConfig}. */
  readonly onlyForNew: readonly NetworkInterfaceSetting[];
}

/** A PCI device of the host that a VM has. */
export interface PciDeviceConfig {
  /** Name of the PCI resource mapping in Proxmox. */
  readonly mapping: string;
  readonly pcie: boolean;
  readonly rombar: boolean;
}

/** A USB device of the host that a VM has. */
export interface UsbDeviceConfig {
  /** Name of the USB resource mapping in Proxmox. */
  readonly mapping: string;
  readonly usb3: boolean;
}

/** When Proxmox starts and stops a VM, among the VMs of its host. */
export interface StartupConfig {
  readonly order?: number;
  readonly upDelaySeconds?: number;
  readonly downDelaySeconds?: number;
}

/** Where the state is kept, and how it is encrypted. */
export interface StateConfig {
  readonly backend: StateBackend;
  /** r2 */
  readonly bucket: string;
  /** r2 */
  readonly key: string;
  /** r2: whether an apply locks the state. */
  readonly lock: boolean;
  /** r2: without it, the endpoint is AWS_ENDPOINT_URL_S3. */
  readonly accountId?: string;
  /** r2: the jurisdiction of the bucket is part of its endpoint. */
  readonly jurisdiction?: R2Jurisdiction;
  /** worker: the address of the state, `https://…/states/<name>`. */
  readonly url?: string;
  /** local: path of the state file; relative to the working folder. */
  readonly path?: string;
  readonly encryption: EncryptionConfig;
}

/** The buckets, the Worker and the token for the states, in the account and jurisdiction of `state`. */
export interface BootstrapConfig {
  readonly accountId: string;
  /** That of `state`. */
  readonly bucketName: string;
  readonly jurisdiction?: R2Jurisdiction;
  /** `location` */
  readonly locationHint?: R2Location;
  readonly backupBucketName: string;
  readonly historyLockDays: number;
  readonly historyDays: number;
  readonly backupDays: number;
  /** Undefined if `worker.enabled` is false. */
  readonly worker?: WorkerConfig;
  readonly token: {
    readonly tokenName: string;
    readonly access: "read" | "write";
    readonly expiresOn?: string;
  };
}

/** The tfstate Worker: its addresses, and its settings. */
export interface WorkerConfig {
  readonly workerName: string;
  readonly domain?: { readonly hostname: string; readonly zoneId: string; readonly clientsMoved: boolean };
  readonly workersDevSubdomain?: string;
  readonly cron: string;
  readonly observability: boolean;
  /** The TFSTATE_… variables of the Worker. */
  readonly settings: {
    readonly credentials: readonly WorkerCredential[];
    readonly pskNamespace?: string;
    readonly oidc: readonly {
      readonly issuer?: string;
      readonly audience: string;
      readonly rules: readonly (WorkerGrantConfig & { readonly subject: string })[];
    }[];
    readonly mtls: readonly (WorkerGrantConfig & {
      readonly fingerprint?: string;
      readonly subject?: string;
    })[];
    readonly encryption: WorkerEncryption;
    readonly servesS3Clients: boolean;
    readonly keepVersions: number;
    readonly keepDays: number;
    readonly basePath?: string;
  };
}

/** What somebody may do at the Worker, and with which states. */
export interface WorkerGrantConfig {
  readonly namespace: string;
  readonly scopes: readonly WorkerScope[];
  readonly states?: readonly string[];
}

/** How a state is encrypted; `off` needs a reason. */
export type EncryptionConfig =
  | { readonly provider: "off"; readonly reason: string }
  | ({
      /** `migrate: from-plaintext` for the one apply that encrypts an existing state. */
      readonly migrateFromPlaintext: boolean;
      /** `previous`: the key before this one, kept as a fallback (pbkdf2: TF_VAR_state_passphrase_previous). */
      readonly previous?: KeyProviderConfig;
    } & KeyProviderConfig);

/** Where the key of a state is from. */
export type KeyProviderConfig = {
  /** `key_id`: the name of the key in the state. */
  readonly keyId: string;
} & (
  | {
      readonly provider: "pbkdf2";
      readonly iterations?: number;
      /** `generated_passphrase` */
      readonly generatedPassphrase?: boolean;
    }
  | { readonly provider: "aws_kms"; readonly kmsKeyId: string; readonly region: string }
  | { readonly provider: "gcp_kms"; readonly kmsEncryptionKey: string }
  | { readonly provider: "openbao"; readonly keyName: string; readonly address?: string }
);

/** What another Terraform program has made, and this one takes over. */
export interface AdoptConfig {
  /** Address of the `for_each` VM resource, for example `proxmox_virtual_environment_vm.talos_node`. */
  readonly vms?: string;
  /** Address of the download resource, with its key, for each image of the cluster. */
  readonly images?: readonly {
    readonly from: string;
    readonly schematicId: string;
    readonly secureBoot: boolean;
  }[];
  /** `adopt.talos`: the Talos of the nodes runs already. */
  readonly talos?: { readonly configuredNodes: readonly string[] };
}
