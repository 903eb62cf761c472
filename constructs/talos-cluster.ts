import type { TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { ClusterKubeconfig } from "../.gen/providers/talos/cluster-kubeconfig";
import { DataTalosClientConfiguration } from "../.gen/providers/talos/data-talos-client-configuration";
import { MachineBootstrap } from "../.gen/providers/talos/machine-bootstrap";
import { MachineConfigurationApply } from "../.gen/providers/talos/machine-configuration-apply";
import type { MachineSecrets } from "../.gen/providers/talos/machine-secrets";
import { logicalId } from "./logical-id";
import { type ClusterFacts, clusterFacts, machineConfigPatches } from "./machine-config";
import { Moved } from "./moved";
import { checkTalosClusterProps } from "./talos-cluster-checks";
import type { TalosClusterNode, TalosClusterProps } from "./talos-cluster-props";
import type { ClusterSecrets } from "./talos-secrets/cluster-secrets";
import { SecretsInState } from "./talos-secrets/in-state";
import { SecretsOutOfState } from "./talos-secrets/out-of-state";
import { waitFor } from "./wait-for";

/**
 * A Talos cluster on machines that run already: its secrets, a machine config for each node, the bootstrap of etcd on one of them, and
 * the credentials for Talos and Kubernetes.
 *
 * A plan talks to no node, so it works with all of them off. An apply talks to the nodes whose config has changed: control planes one
 * by one, then workers. The secrets are in the state, which has to be encrypted, or in nothing that OpenTofu writes.
 *
 * @see https://registry.terraform.io/providers/siderolabs/talos/0.11.0
 */
export class TalosCluster extends Construct {
  /** URL of the Kubernetes API. */
  readonly endpoint: string;
  /** Credentials for `talosctl`, with all rights; sensitive. Undefined if the secrets are out of the state. */
  readonly talosconfig?: string;
  /** Credentials for Kubernetes, with all rights; sensitive. Undefined if the secrets are out of the state. */
  readonly kubeconfig?: string;
  /** All secrets of the cluster; its address is `talos_machine_secrets.<id>`. Undefined if they are out of the state. */
  readonly secrets?: MachineSecrets;
  /** By node name. Of a cluster that is adopted, only of the nodes that may be changed. */
  readonly configurations: ReadonlyMap<string, MachineConfigurationApply>;
  /** etcd begins on one node, and must not begin twice. */
  readonly bootstrap: MachineBootstrap;
  private readonly place: ClusterSecrets;

  /** @throws if a prop is not valid. */
  constructor(
    scope: Construct,
    id: string,
    private readonly props: TalosClusterProps,
  ) {
    super(scope, id);
    checkTalosClusterProps(id, props);
    const { nodes } = props;
    const facts = clusterFacts(props);
    this.endpoint = facts.endpoint;

    const inState = props.secrets === "out-of-state" ? undefined : new SecretsInState(this, props, facts);
    this.place = inState ?? new SecretsOutOfState(this, props);
    this.secrets = inState?.resource;

    const controlPlanes = nodes.filter(({ role }) => role === "controlplane");
    const workers = nodes.filter(({ role }) => role === "worker");
    const applied = new Map<string, MachineConfigurationApply>();
    let last: MachineConfigurationApply | undefined;
    for (const node of [...controlPlanes, ...workers]) {
      const apply = this.configure(node, facts, last);
      if (apply === undefined) continue;
      applied.set(node.name, apply);
      if (node.role === "controlplane") last = apply;
    }
    this.configurations = new Map(nodes.flatMap(({ name }) => entryOf(applied, name)));

    // checkTalosClusterProps has seen a control plane.
    const [first] = controlPlanes as [TalosClusterNode];
    this.bootstrap = this.begin(first);
    if (props.adopted) this.bootstrap.importFrom("machine_bootstrap");
    if (inState === undefined) return;
    this.talosconfig = this.addTalosconfig(inState, controlPlanes);
    this.kubeconfig = this.addKubeconfig(inState, first);
  }

  private configure(
    node: TalosClusterNode,
    facts: ClusterFacts,
    after: MachineConfigurationApply | undefined,
  ): MachineConfigurationApply | undefined {
    const scope = new Construct(this, node.name);
    const name = logicalId(node.name);
    const isApplied = isConfigured(node, this.props);
    const config = this.place.generate(scope, name, {
      clusterName: this.props.clusterName,
      clusterEndpoint: this.endpoint,
      machineType: node.role,
      contract: facts.contract,
      kubernetesVersion: this.props.kubernetesVersion.replace(/^v/, ""),
      configPatches: machineConfigPatches(this.props, node, facts),
      isApplied,
    });
    if (!isApplied) return undefined;
    const machine = waitFor(this, node.machine);
    const before = [...this.place.before, ...(machine ?? []), ...(after ? [after] : [])];
    const apply = new MachineConfigurationApply(scope, "applied", {
      ...apiOf(node),
      ...this.place.client,
      ...config,
      applyMode: this.props.applyMode ?? "no_reboot",
      dependsOn: before.length > 0 ? before : undefined,
      // A machine that was replaced is in maintenance again.
      lifecycle: machine && { replaceTriggeredBy: machine.map(replacementOf) },
    });
    apply.overrideLogicalId(name);
    if (node.renamedFrom) {
      const type = "talos_machine_configuration_apply";
      new Moved(scope, "renamed", { from: `${type}.${logicalId(node.renamedFrom)}`, to: `${type}.${name}` });
    }
    return apply;
  }

  /** The node only matters until etcd runs, so that a change of it is ignored. */
  private begin(node: TalosClusterNode): MachineBootstrap {
    const bootstrap = new MachineBootstrap(this, "bootstrap", {
      ...apiOf(node),
      ...this.place.client,
      dependsOn: entryOf(this.configurations, node.name).map(([, apply]) => apply),
      lifecycle: { ignoreChanges: this.place.ignoredByBootstrap },
    });
    bootstrap.overrideLogicalId(this.node.id);
    return bootstrap;
  }

  /** No nodes in it, so that a command never acts on all of them because none was named. */
  private addTalosconfig({ client }: SecretsInState, controlPlanes: readonly TalosClusterNode[]): string {
    const data = new DataTalosClientConfiguration(this, "talosconfig", {
      ...client,
      clusterName: this.props.clusterName,
      endpoints: controlPlanes.map(({ address }) => address),
    });
    data.overrideLogicalId(this.node.id);
    return data.talosConfig;
  }

  private addKubeconfig({ client }: SecretsInState, node: TalosClusterNode): string {
    const kubeconfig = new ClusterKubeconfig(this, "kubeconfig", {
      ...apiOf(node),
      ...client,
      dependsOn: [this.bootstrap],
    });
    kubeconfig.overrideLogicalId(this.node.id);
    return kubeconfig.kubeconfigRaw;
  }
}

function isConfigured({ name }: TalosClusterNode, { adopted }: TalosClusterProps): boolean {
  return adopted === undefined || (adopted.configuredNodes ?? []).includes(name);
}

function apiOf({ address, apiEndpoint }: TalosClusterNode) {
  return { nodeAttribute: address, endpoint: apiEndpoint };
}

/** The only attribute of a machine that changes if, and only if, it is recreated. */
function replacementOf(machine: TerraformResource): string {
  // OpenTofu wants the bare address here, not a template.
  return `${machine.terraformResourceType}.${machine.friendlyUniqueId}.id`;
}

function entryOf<Value>(map: ReadonlyMap<string, Value>, key: string): [string, Value][] {
  const value = map.get(key);
  return value === undefined ? [] : [[key, value]];
}
