import type { EncryptionKey } from "../constructs/state-encryption";
import type {
  AdoptedTalosCluster,
  TalosClusterOptions,
  TalosRoleOptions,
  TalosRoute,
} from "../constructs/talos-cluster-props";
import type { TalosImageFormat } from "../constructs/talos-image";
import type { TalosTrafficProps } from "../constructs/talos-traffic";
import type { TalosDisk, TalosNetworkInterface, TalosVmOptions } from "../constructs/talos-vm-props";
import type { R2Jurisdiction } from "../domain/r2";
import type { Schematic } from "../domain/schematic";

/** A cluster, as `cluster.yaml` describes it; `loadCluster` gives an object of this shape. */
export interface ClusterStackProps {
  /** Prefix of the names of HA rules. @default - the stack's id */
  readonly clusterName?: string;
  /** Release of the images, with its `v`. */
  readonly talosVersion: string;
  /** `iso` as clusters of the home-lab templates boot, `disk-image` for an imported qcow2. @default "disk-image" */
  readonly bootMode?: TalosImageFormat;
  /** The Proxmox cluster that the VMs run on. */
  readonly proxmox: ClusterProxmoxProps;
  /** The network that the nodes have their addresses in. */
  readonly network: ClusterNetworkProps;
  /** Proxmox' firewall of every VM. @default - it is left as it is */
  readonly firewall?: ClusterFirewallProps;
  /** At least one. Each becomes a VM, whose resource has the node's name. */
  readonly nodes: readonly ClusterNodeProps[];
  /** How Talos is configured, bootstrapped and reached. @default - it is left alone */
  readonly talos?: ClusterTalosProps;
  /** Where the state is kept. @default - R2 with the settings of {@link StateProps} */
  readonly state?: StateProps;
  /** Resources of another program that are taken over as they are. @default - nothing is taken over */
  readonly adopt?: AdoptProps;
  /** Nodes whose VM a plan may destroy or replace. @default - no node */
  readonly allowReplace?: "all" | readonly string[];
  /**
   * Names of Proxmox hosts that are down; also of nodes that are on one of them although their `host` is another. What is there
   * is left as it is, if OpenTofu is run with `-exclude=terraform_data.hosts_down`.
   * @default - all hosts are up
   */
  readonly hostsDown?: readonly string[];
}

/** The Proxmox cluster that a Talos cluster runs on. */
export interface ClusterProxmoxProps {
  /** https URL of the API. @default - the environment's PROXMOX_VE_ENDPOINT */
  readonly endpoint?: string;
  /**
   * Whether any certificate of the API is accepted, so that whoever is in between can read the token. Safer: add the CA of
   * Proxmox to the file in SSL_CERT_FILE.
   * @default - the environment's PROXMOX_VE_INSECURE, else false
   */
  readonly insecure?: boolean;
  /** File storage for images and ISO files. */
  readonly imageStorage: string;
  /**
   * First part of the names of image files. Two clusters with the same storage need two: each removes its files when it needs
   * them no longer.
   * @default "talos"
   */
  readonly imagePrefix?: string;
  /** Storages that all hosts share: an image is downloaded to them once. @default - no storage is shared */
  readonly sharedStorages?: readonly string[];
  /** HA resources for every VM that can move, and anti-affinity rules as far as Proxmox can keep them. @default false */
  readonly ha?: boolean;
}

/** The network that the nodes of a cluster have their addresses in. */
export interface ClusterNetworkProps {
  /** Network of the nodes; its prefix length is that of their addresses. */
  readonly nodeCidr: string;
  /** Address of the router. */
  readonly gateway: string;
  /** Addresses of the DNS servers. @default - those of the Proxmox node */
  readonly dnsServers?: readonly string[];
  /** Time servers, with `talos`. @default - Talos' own */
  readonly ntpServers?: readonly string[];
  /** VLAN of the first NIC, where Talos tags the frames, with `talos`. @default - untagged */
  readonly talosVlan?: number;
  /** Virtual address of the Kubernetes API, with `talos`. @default - none */
  readonly vip?: string;
  /** Networks of the pods, with `talos`. @default - Talos' own */
  readonly podCidrs?: readonly string[];
  /** Networks of the services, with `talos`. @default - Talos' own */
  readonly serviceCidrs?: readonly string[];
}

/** How the Talos of a cluster is configured. */
export interface ClusterTalosProps extends TalosClusterOptions {
  /** Why the secrets of Talos may be in a state that is not encrypted; every synth shows it in a warning. @default - they may not */
  readonly plaintextSecrets?: string;
}

/** What only one node has. */
export interface ClusterNodeTalosProps extends TalosRoleOptions {
  /** More addresses of the first interface, with their prefix lengths. @default - none */
  readonly addresses?: readonly string[];
  /** More routes through it. @default - none */
  readonly routes?: readonly TalosRoute[];
  /** Where its Talos API is reached, if not at its address: a host with a port. @default - port 50000 of the address */
  readonly apiEndpoint?: string;
}

/** A disk besides the first one. */
export interface ClusterDataDisk extends TalosDisk {
  /** Name of a Talos user volume on it, with `talos`. @default - the disk is left alone */
  readonly userVolume?: string;
}

/** A network interface of a node. */
export interface ClusterNetworkInterface extends TalosNetworkInterface {
  /** Static addresses with their prefix lengths, with `talos`; not for the first one. @default - an address by DHCP */
  readonly addresses?: readonly string[];
  /** Routes through it, with `talos`; not for the first one. @default - none */
  readonly routes?: readonly TalosRoute[];
}

/**
 * Proxmox' firewall of the VMs of a cluster. It is also switched on for the first network interface of each VM, unless
 * that says otherwise.
 */
export interface ClusterFirewallProps extends TalosTrafficProps {
  /** Whether it filters. @default true */
  readonly enabled?: boolean;
  /** Whether what is dropped is in the firewall's log. @default false */
  readonly logDrops?: boolean;
}

/** A node of a cluster, and its VM. */
export interface ClusterNodeProps extends TalosVmOptions {
  /** Host name, and name of the VM and its resource. */
  readonly name: string;
  /** Whether it runs the control plane, with etcd, or workloads. */
  readonly role: "controlplane" | "worker";
  /** Address without a prefix length. */
  readonly address: string;
  /** What the node's image is made of, or the image factory's ID of it. @default - the vanilla image */
  readonly schematic?: Schematic | SchematicReference;
  /** Whether it boots a signed image, with Secure Boot. @default false */
  readonly secureBoot?: boolean;
  /** The disk that Talos is installed on. */
  readonly disk: TalosDisk;
  /** The device of it, with `talos`. @default "/dev/sda" */
  readonly installDisk?: string;
  /** Disks besides it. @default - no other disks */
  readonly dataDisks?: readonly ClusterDataDisk[];
  /** At least one; the first one carries `address`. */
  readonly networkInterfaces: readonly ClusterNetworkInterface[];
  /** Where the keys of the encrypted disk are, with `talos`. @default - no encryption */
  readonly diskEncryption?: "tpm" | "node-id";
  /** Kernel modules to load, with `talos`. @default - none */
  readonly kernelModules?: readonly string[];
  /** What Talos has on this node only. @default - nothing */
  readonly talos?: ClusterNodeTalosProps;
}

/** A schematic that the image factory knows already. */
export interface SchematicReference {
  /** Its ID at the image factory, 64 hex digits. */
  readonly id: string;
}

/** Where a stack keeps its state, and how the state is encrypted. */
export interface StateProps {
  /** `r2` is a bucket, `worker` the tfstate Worker, `local` a file. */
  readonly backend: "r2" | "worker" | "local";
  /** r2: name of the bucket. @default "tfstate" */
  readonly bucket?: string;
  /** r2: key of the state object. @default "proxmox/terraform.tfstate" */
  readonly key?: string;
  /** r2: whether an apply locks the state; without a lock, one of two applies at the same time can lose its resources. @default true */
  readonly lock?: boolean;
  /** r2: id of the Cloudflare account, 32 hex digits. @default - the endpoint in AWS_ENDPOINT_URL_S3 */
  readonly accountId?: string;
  /** r2: jurisdiction of the bucket. @default - a bucket that is not restricted to one */
  readonly jurisdiction?: R2Jurisdiction;
  /** worker: address of the state, `https://…/states/<name>`. @default - required with `worker`, else unused */
  readonly url?: string;
  /** local: absolute path. @default - terraform.<stack>.tfstate in the working folder */
  readonly path?: string;
  /** What state and plan are encrypted with. @default - pbkdf2 with the passphrase in TF_VAR_state_passphrase */
  readonly encryption?: StateEncryptionOptions;
}

/** The encryption key of a state, or the reason for no encryption. */
export type StateEncryptionOptions =
  | {
      /** No encryption: state and plan are in plain text. */
      readonly provider: "off";
      /** The reason; every synth shows it in a warning. */
      readonly reason: string;
    }
  | (EncryptionKey & {
      /** The key before a rotation: still read, no longer written. @default - no rotation is under way */
      readonly previous?: EncryptionKey;
      /** Also reads a state in plain text, for the one apply that encrypts it. @default false */
      readonly migrateFromPlaintext?: boolean;
    });

/** Resources of another program that a cluster takes over. */
export interface AdoptProps {
  /** Address of the `for_each` VM resource. @default - no VM is taken over */
  readonly vms?: string;
  /** Downloads of images. @default - no download is taken over */
  readonly images?: readonly AdoptImageProps[];
  /** The Talos of the nodes runs already. @default - a new cluster */
  readonly talos?: AdoptedTalosCluster;
}

/** A download of another program that a cluster takes over, for the image that it is. */
export interface AdoptImageProps {
  /** Address in state, with its key. */
  readonly from: string;
  /** The image factory's ID of the schematic. */
  readonly schematicId: string;
  /** Whether it is a signed image. */
  readonly secureBoot: boolean;
}
