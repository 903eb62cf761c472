import type { EncryptionKey } from "../constructs/state-encryption";
import type { TalosImageFormat } from "../constructs/talos-image";
import type {
  TalosDisk,
  TalosNetworkInterface,
  TalosPciDevice,
  TalosStartup,
} from "../constructs/talos-vm-props";
import type { Schematic } from "../domain/schematic";

/** A cluster, as `cluster.yaml` describes it; `loadCluster` gives an object of this shape. */
export interface ClusterStackProps {
  /** Prefix of the names of HA rules. @default the stack's id */
  readonly clusterName?: string;
  /** Release of the images, with its `v`. */
  readonly talosVersion: string;
  /** `iso` as clusters of the home-lab templates boot, `disk-image` for an imported qcow2. @default "disk-image" */
  readonly bootMode?: TalosImageFormat;
  readonly proxmox: ClusterProxmoxProps;
  readonly network: ClusterNetworkProps;
  readonly nodes: readonly ClusterNodeProps[];
  /** Where the state is kept. @default R2 with the settings of {@link StateProps} */
  readonly state?: StateProps;
  /** Resources of another program that are taken over as they are. @default none */
  readonly adopt?: AdoptProps;
  /** Nodes whose VM a plan may destroy or replace. @default none */
  readonly allowReplace?: "all" | readonly string[];
}

export interface ClusterProxmoxProps {
  /** https URL of the API. @default PROXMOX_VE_ENDPOINT */
  readonly endpoint?: string;
  /** File storage for images and ISO files. */
  readonly imageStorage: string;
  /** Storages that all hosts share: an image is downloaded to them once. @default none */
  readonly sharedStorages?: readonly string[];
  /** HA resources and anti-affinity, where nodes of a role stand on several hosts. @default false */
  readonly ha?: boolean;
}

export interface ClusterNetworkProps {
  /** Network of the nodes; its prefix length is that of their addresses. */
  readonly nodeCidr: string;
  readonly gateway: string;
  /** @default those of the Proxmox node */
  readonly dnsServers?: readonly string[];
}

export interface ClusterNodeProps {
  readonly name: string;
  readonly role: "controlplane" | "worker";
  /** The Proxmox node. */
  readonly host: string;
  readonly vmId: number;
  /** Address without a prefix length. */
  readonly address: string;
  /** What the node's image is made of, or its ID. @default the vanilla image */
  readonly schematic?: Schematic | { readonly id: string };
  /** @default false */
  readonly secureBoot?: boolean;
  readonly renamedFrom?: string;

  readonly cores?: number;
  readonly sockets?: number;
  readonly cpuType?: string;
  readonly numa?: boolean;
  readonly memoryMiB?: number;
  readonly balloonMiB?: number;
  readonly disk: TalosDisk;
  readonly dataDisks?: readonly TalosDisk[];
  readonly scsiHardware?: string;
  readonly networkInterfaces: readonly TalosNetworkInterface[];
  readonly pciDevices?: readonly TalosPciDevice[];
  readonly bios?: "ovmf" | "seabios";
  readonly machine?: string;
  readonly osType?: string;
  readonly tpm?: boolean;
  readonly agent?: boolean;
  readonly tags?: readonly string[];
  readonly pool?: string;
  readonly startup?: TalosStartup;
  readonly protection?: boolean;
}

export interface StateProps {
  readonly backend: "r2" | "worker" | "local";
  /** r2 @default "tfstate" */
  readonly bucket?: string;
  /** r2 @default "proxmox/terraform.tfstate" */
  readonly key?: string;
  /** r2: whether an apply locks the state; without it two at once can lose what one made. @default true */
  readonly lock?: boolean;
  readonly accountId?: string;
  readonly jurisdiction?: "eu" | "fedramp";
  /** worker */
  readonly url?: string;
  /** local: absolute path @default terraform.<stack>.tfstate in the working folder */
  readonly path?: string;
  /** @default pbkdf2 with the passphrase in TF_VAR_state_passphrase */
  readonly encryption?: StateEncryptionOptions;
}

export type StateEncryptionOptions =
  | { readonly provider: "off"; readonly reason: string }
  | (EncryptionKey & { readonly previous?: EncryptionKey; readonly migrateFromPlaintext?: boolean });

export interface AdoptProps {
  /** Address of the `for_each` VM resource. @default VMs are not adopted */
  readonly vms?: string;
  readonly images?: readonly {
    /** Address in state, with its key. */
    readonly from: string;
    readonly schematicId: string;
    readonly secureBoot: boolean;
  }[];
}
