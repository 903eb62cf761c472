import type { TerraformResource } from "cdktf";
import type { NodeRole } from "../domain/talos";
import type { SecretsPlace } from "../domain/talos-secrets";
import type { ConfigContract } from "../domain/talos-versions";

/** A document of a machine config, or a part of its main document, as data. */
export type MachineConfigPatch = Readonly<Record<string, unknown>>;

/** What a {@link TalosCluster} is made of. */
export interface TalosClusterProps extends TalosClusterOptions {
  /** Name of the cluster, also in kubeconfig and talosconfig. */
  readonly clusterName: string;
  /** Release of Talos that new nodes install, with its `v`. */
  readonly talosVersion: string;
  /** The networks of the cluster. */
  readonly network: TalosClusterNetwork;
  /** At least one control plane. */
  readonly nodes: readonly TalosClusterNode[];
}

/** Options of a {@link TalosCluster} that do not depend on its nodes and networks. */
export interface TalosClusterOptions {
  /** Release of Kubernetes, one that `talosVersion` supports. */
  readonly kubernetesVersion: string;
  /**
   * The form of the machine configs, which is that of the Talos version that the cluster was made with. Never raise it with
   * `talosVersion`: the keys of etcd's encryption can depend on it.
   * @default "v1.12"
   */
  readonly configContract?: ConfigContract;
  /** URL of the Kubernetes API, with its port: a load balancer or a DNS name. @default - port 6443 of the virtual address */
  readonly endpoint?: string;
  /** Whether the control planes announce the virtual address; turn it off where a load balancer has it. @default true */
  readonly announceVip?: boolean;
  /** Further names and addresses in the certificates of the APIs. @default - none */
  readonly certSans?: readonly string[];
  /** What connects the pods; `none` leaves it to you. @default "flannel" */
  readonly cni?: "flannel" | "none" | "cilium";
  /** What is installed with `cni: "cilium"`. @default - required with it, else unused */
  readonly cilium?: CiliumOptions;
  /** Whether kube-proxy runs. @default true */
  readonly kubeProxy?: boolean;
  /** Whether pods may run on control planes. @default - only if there are no workers */
  readonly scheduleOnControlPlanes?: boolean;
  /** Networks in which kubelet and etcd look for the node's own address. @default - those of the first link's addresses */
  readonly nodeSubnets?: readonly string[];
  /** Kernel parameters of all nodes. @default - none */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** URLs that images of a registry are pulled from, by the registry's name, such as `docker.io`. @default - no mirrors */
  readonly registryMirrors?: Readonly<Record<string, readonly string[]>>;
  /**
   * How a changed config gets to a running node. With `no_reboot`, a change that needs a reboot fails and names the key; `staged` waits
   * for the next reboot.
   * @default "no_reboot"
   */
  readonly applyMode?: "no_reboot" | "staged";
  /** What is only for control planes. @default - nothing */
  readonly controlPlanes?: TalosRoleOptions;
  /** What is only for workers. @default - nothing */
  readonly workers?: TalosRoleOptions;
  /** Patches of all nodes, merged over everything else. @default - none */
  readonly patches?: readonly MachineConfigPatch[];
  /**
   * Where the secrets of the cluster are: in the state, or in a file that sops has encrypted. Then they are given to OpenTofu in
   * `TF_VAR_talos_secrets`, and it writes them nowhere. It is decided when the cluster is made.
   * @default "in-state"
   */
  readonly secrets?: SecretsPlace;
  /**
   * Whether a plan may destroy the secrets of the cluster. Whatever is made in their place has another CA, and no node accepts it.
   * @default false
   */
  readonly allowNewSecrets?: boolean;
  /**
   * The cluster runs already. Its secrets have to be imported before the first apply, and a plan that finds none fails; etcd is not
   * bootstrapped again.
   * @default - a new cluster
   */
  readonly adopted?: AdoptedTalosCluster;
}

/** A cluster that was made by other means. */
export interface AdoptedTalosCluster {
  /** Names of the nodes whose machine config an apply may change. The others are left as they are. @default - no node */
  readonly configuredNodes?: readonly string[];
}

/** What the nodes of one role have. Patches are merged after those of all nodes. */
export interface TalosRoleOptions {
  /** Labels of the nodes in Kubernetes. @default - none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Taints as kubectl writes them, such as `dedicated=gpu:NoSchedule`. @default - none */
  readonly taints?: readonly string[];
  /** Patches of their machine configs. @default - none */
  readonly patches?: readonly MachineConfigPatch[];
}

/** Cilium, installed by a job in the cluster when it is born. Later upgrades are yours, with Helm or the cilium command. */
export interface CiliumOptions {
  /** Release of Cilium, without a `v`. */
  readonly version: string;
  /** Image with the `cilium` command that the job runs. @default "quay.io/cilium/cilium-cli:v0.18.7" */
  readonly cliImage?: string;
  /** Helm values, over those that Talos needs. @default - only those */
  readonly values?: Readonly<Record<string, unknown>>;
}

/** The networks of a cluster. */
export interface TalosClusterNetwork {
  /** Virtual address of the Kubernetes API. @default - none; then `endpoint` is required */
  readonly vip?: string;
  /** One network for pods, or one of each family. @default - Talos' own */
  readonly podCidrs?: readonly string[];
  /** One network for services, or one of each family. @default - Talos' own */
  readonly serviceCidrs?: readonly string[];
  /** Addresses of the DNS servers. @default - those of DHCP, else Talos' own */
  readonly dnsServers?: readonly string[];
  /** Time servers. @default - Talos' own */
  readonly ntpServers?: readonly string[];
}

/** A node of a {@link TalosCluster}. */
export interface TalosClusterNode extends TalosRoleOptions {
  /** Host name, and name of its resources. */
  readonly name: string;
  /** Old name of a renamed node, so that its config is changed and not applied again. @default - no rename */
  readonly renamedFrom?: string;
  /** Whether it runs the control plane, with etcd, or workloads. */
  readonly role: NodeRole;
  /** Address of its Talos API. */
  readonly address: string;
  /** Where its Talos API is reached, if not at its address: a host with a port. @default - port 50000 of the address */
  readonly apiEndpoint?: string;
  /** What runs the node. Its config is applied once this exists, and again after it was replaced. @default - nothing to wait for */
  readonly machine?: TerraformResource;
  /** The installer, whose schematic is that of the image that the node boots from. */
  readonly installer: TalosInstaller;
  /** The disk that Talos is installed on: a device, or the only disk of this size. @default "/dev/sda" */
  readonly installDisk?: string | TalosDiskOfSize;
  /** The first one has the node's address and the virtual one. */
  readonly links: readonly [TalosLink, ...TalosLink[]];
  /** Where the keys are that STATE and EPHEMERAL are encrypted with; `tpm` needs Secure Boot. @default - no encryption */
  readonly diskEncryption?: "tpm" | "node-id";
  /** Kernel modules to load. @default - none */
  readonly kernelModules?: readonly string[];
  /** Volumes on further disks, mounted below /var/mnt. @default - none */
  readonly userVolumes?: readonly TalosUserVolume[];
}

/** The only disk of a size. */
export interface TalosDiskOfSize {
  /** Its exact size. */
  readonly sizeGiB: number;
}

/** The installer of a node, in the registry of the image factory. */
export interface TalosInstaller {
  /** The image factory's ID of the schematic. */
  readonly schematicId: string;
  /** Whether it is for Secure Boot. @default false */
  readonly secureBoot?: boolean;
  /** Host of the registry. @default "factory.talos.dev" */
  readonly registry?: string;
}

/** A network interface of a node, as Talos configures it. */
export interface TalosLink {
  /** MAC address that it is found by. */
  readonly macAddress: string;
  /** Addresses with their prefix lengths. @default - an address by DHCP */
  readonly addresses?: readonly string[];
  /** Routes through it. @default - none */
  readonly routes?: readonly TalosRoute[];
  /** Bytes. @default - that of the interface */
  readonly mtu?: number;
  /** VLAN that Talos tags itself; the addresses and routes are in it. @default - untagged */
  readonly vlan?: number;
}

/** A route through a link. */
export interface TalosRoute {
  /** Network that it leads to. @default - everywhere: the default route */
  readonly destination?: string;
  /** Address of the router. */
  readonly gateway: string;
  /** Lower wins. @default - Talos' own */
  readonly metric?: number;
}

/** A volume of its own, mounted at `/var/mnt/<name>`. */
export interface TalosUserVolume {
  /** Letters, digits and -, at most 34. */
  readonly name: string;
  /** Talos' expression for its disk, such as `disk.transport == "nvme"`. */
  readonly match: string;
}
