import type { SecretsPlace } from "../domain/talos-secrets";
import type { ConfigContract } from "../domain/talos-versions";

/** What the program configures in Talos, and not only in Proxmox. */
export interface TalosConfig extends TalosRoleConfigs {
  /** `kubernetes_version`, with its `v`. */
  readonly kubernetesVersion: string;
  /** `config_contract` */
  readonly configContract: ConfigContract;
  /** `endpoint`; undefined if it is the virtual address. */
  readonly endpoint?: string;
  /** `vip` */
  readonly announceVip: boolean;
  /** `cert_sans` */
  readonly certSans: readonly string[];
  readonly cni: "flannel" | "none" | "cilium";
  readonly cilium?: {
    readonly version: string;
    readonly cliImage?: string;
    readonly values: Readonly<Record<string, unknown>>;
  };
  readonly kubeProxy: boolean;
  /** `schedule_on_control_planes`; undefined: where there are no workers. */
  readonly scheduleOnControlPlanes?: boolean;
  /** `node_subnets` */
  readonly nodeSubnets?: readonly string[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly registryMirrors: Readonly<Record<string, readonly string[]>>;
  readonly applyMode: "no_reboot" | "staged";
  readonly secrets: SecretsPlace;
  /** `plaintext_secrets`: the reason. */
  readonly plaintextSecrets?: string;
  /** Of all nodes: the documents in the files. */
  readonly patches: readonly MachineConfigPatchConfig[];
}

interface TalosRoleConfigs {
  readonly controlPlanes: TalosRoleConfig;
  readonly workers: TalosRoleConfig;
}

/** What the nodes of one role have, or one node. */
export interface TalosRoleConfig {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly string[];
  readonly patches: readonly MachineConfigPatchConfig[];
}

/** `talos` of a node. */
export interface NodeTalosConfig extends TalosRoleConfig {
  /** More addresses of the first NIC, with their prefix lengths. */
  readonly addresses: readonly string[];
  /** More routes through it. */
  readonly routes: readonly RouteConfig[];
}

/** A route through a NIC; without a destination, the default route. */
export interface RouteConfig {
  readonly destination?: string;
  readonly gateway: string;
  readonly metric?: number;
}

/** A document of a machine config, as data. */
export type MachineConfigPatchConfig = Readonly<Record<string, unknown>>;
