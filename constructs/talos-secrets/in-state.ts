import type { Construct } from "constructs";
import { DataTalosMachineConfiguration } from "../../.gen/providers/talos/data-talos-machine-configuration";
import { MachineSecrets } from "../../.gen/providers/talos/machine-secrets";
import type { ConfigContract } from "../../domain/talos-versions";
import { Moved } from "../moved";
import type { TalosClusterProps } from "../talos-cluster-props";
import { type ClusterSecrets, type MachineConfigSource, secretsAddress } from "./cluster-secrets";

/** Import id of the secrets: what the provider says when it finds no such file is what the user has to do. */
const NOT_IMPORTED = "(the state has no secrets of this cluster yet; run: npm run adopt-talos -- FILE)";

/** The provider makes the secrets, and the state keeps them. */
export class SecretsInState implements ClusterSecrets {
  readonly resource: MachineSecrets;
  readonly before = [];
  readonly ignoredByBootstrap = ["node", "endpoint", "client_configuration"];

  constructor(
    cluster: Construct,
    { adopted, allowNewSecrets }: TalosClusterProps,
    { contract }: { readonly contract: ConfigContract },
  ) {
    const { id } = cluster.node;
    this.resource = new MachineSecrets(cluster, "Resource", {
      talosVersion: contract,
      lifecycle: {
        // Lowered, it would replace the secrets. Raised together with a config, it would fail the apply.
        ignoreChanges: ["talos_version"],
        preventDestroy: !allowNewSecrets,
      },
    });
    this.resource.overrideLogicalId(id);
    // With nothing to import from, a plan fails before it makes secrets that no node accepts.
    if (adopted) this.resource.importFrom(NOT_IMPORTED);
    // No provider can do this. Where the secrets are out of the state, a plan fails before it makes other ones.
    const { inState, outOfState } = secretsAddress(id);
    new Moved(cluster, "not-from-out-of-state", { from: outOfState, to: inState });
  }

  get client() {
    const { caCertificate, clientCertificate, clientKey } = this.resource.clientConfiguration;
    return { clientConfiguration: { caCertificate, clientCertificate, clientKey } };
  }

  generate(scope: Construct, name: string, { contract, isApplied: _, ...source }: MachineConfigSource) {
    const generated = new DataTalosMachineConfiguration(scope, "generated", {
      ...source,
      // The references of cdktf have another type for each level of the secrets.
      machineSecrets: this.resource.machineSecrets as never,
      talosVersion: contract,
      docs: false,
      examples: false,
    });
    generated.overrideLogicalId(name);
    return { machineConfigurationInput: generated.machineConfiguration };
  }
}
