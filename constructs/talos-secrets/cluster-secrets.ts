import type { TerraformResource } from "cdktf";
import type { Construct } from "constructs";
import type { MachineBootstrapConfig } from "../../.gen/providers/talos/machine-bootstrap";
import type { MachineConfigurationApplyConfig } from "../../.gen/providers/talos/machine-configuration-apply";
import type { ConfigContract } from "../../domain/talos-versions";

/** What the machine config of a node is generated from, besides the secrets. */
export interface MachineConfigSource {
  readonly clusterName: string;
  readonly clusterEndpoint: string;
  readonly machineType: "controlplane" | "worker";
  readonly contract: ConfigContract;
  /** Without a `v`. */
  readonly kubernetesVersion: string;
  readonly configPatches: string[];
  /** Whether the config is applied to the node, and not only made for a comparison. */
  readonly isApplied: boolean;
}

/** The attributes with which the apply of a config gets it. */
export type ConfigInputs = Pick<
  MachineConfigurationApplyConfig,
  "machineConfigurationInput" | "machineConfigurationInputWo" | "configPatches"
>;

/** The attributes with which a resource calls a node. */
export type ClientInputs = Pick<MachineBootstrapConfig, "clientConfiguration" | "clientConfigurationWo">;

/** Where the secrets of a cluster are, and how its resources get at them. */
export interface ClusterSecrets {
  /** What must not be destroyed: the secrets, or what tells which ones they are. */
  readonly resource: TerraformResource;
  /** What has to be there before a config is applied. */
  readonly before: readonly TerraformResource[];
  /** What a change of the bootstrap must not come from. */
  readonly ignoredByBootstrap: string[];
  readonly client: ClientInputs;
  /** Makes the machine config of a node. @param name of the resource */
  generate(scope: Construct, name: string, source: MachineConfigSource): ConfigInputs;
}

/** The address that a resource of the state would be moved to, which OpenTofu refuses: {@link MachineSecrets} cannot become anything else. */
export const secretsAddress = (clusterId: string) => ({
  inState: `talos_machine_secrets.${clusterId}`,
  outOfState: `terraform_data.${clusterId}_secrets`,
});
