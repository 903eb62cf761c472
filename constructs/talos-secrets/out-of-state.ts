import { TerraformResource, TerraformStack, TerraformVariable } from "cdktf";
import type { Construct } from "constructs";
import {
  HOW_TO_MAKE_SECRETS,
  TALOS_HASH_VARIABLE,
  TALOS_SECRETS_FILE,
  TALOS_SECRETS_VARIABLE,
  TF_VAR_TALOS_HASH,
  TF_VAR_TALOS_SECRETS,
} from "../../domain/talos-secrets";
import { Ephemeral } from "../ephemeral";
import { Moved } from "../moved";
import type { TalosClusterProps } from "../talos-cluster-props";
import {
  type ClientInputs,
  type ClusterSecrets,
  type ConfigInputs,
  type MachineConfigSource,
  secretsAddress,
} from "./cluster-secrets";

const SECRETS = `var.${TALOS_SECRETS_VARIABLE}`;
const HASH = `var.${TALOS_HASH_VARIABLE}`;
const PAIR = "object({ cert = string, key = string })";
const TYPE = [
  "object({ cluster = object({ id = string, secret = string }),",
  "secrets = object({ bootstrap_token = string, secretbox_encryption_secret = string, aescbc_encryption_secret = optional(string) }),",
  "trustdinfo = object({ token = string }),",
  `certs = object({ etcd = ${PAIR}, k8s = ${PAIR}, k8s_aggregator = ${PAIR}, k8s_serviceaccount = object({ key = string }), os = ${PAIR} }) })`,
].join(" ");

/**
 * The secrets come from outside, in a variable that is in memory only, and go into write-only attributes. The state has a hash of each
 * node's config, by which a plan sees every change, and a hash of the secrets, by which it sees that they are others.
 */
export class SecretsOutOfState implements ClusterSecrets {
  readonly resource: TerraformResource;
  readonly ignoredByBootstrap = ["node", "endpoint"];
  private readonly credentials: Ephemeral;

  /** @throws if the stack has such a cluster already: the variables have one name */
  constructor(cluster: Construct, props: TalosClusterProps) {
    const { id } = cluster.node;
    addVariables(cluster);
    const { inState, outOfState } = secretsAddress(id);
    this.resource = new TerraformResource(cluster, "Resource", {
      terraformResourceType: "terraform_data",
      lifecycle: {
        preventDestroy: !props.allowNewSecrets,
        ignoreChanges: props.allowNewSecrets ? undefined : ["input"],
        precondition: [
          {
            condition: `\${sha256(jsonencode(${SECRETS})) == ${HASH}}`,
            errorMessage: `${TF_VAR_TALOS_HASH} is not that of ${TF_VAR_TALOS_SECRETS}; leave both to the commands of this program, or set both`,
          },
        ],
        postcondition: props.allowNewSecrets
          ? undefined
          : [
              {
                condition: `\${self.input == ${HASH}}`,
                errorMessage:
                  "these are not the secrets that this cluster was made with, and its nodes would accept nothing of theirs. nothing " +
                  `was changed. take its own ${TALOS_SECRETS_FILE} from git`,
              },
            ],
      },
    });
    this.resource.addOverride("input", `\${${HASH}}`);
    this.resource.overrideLogicalId(`${id}_secrets`);
    // Nothing can do this. Where the secrets are in the state, a plan fails before it uses other ones.
    new Moved(cluster, "not-from-in-state", { from: inState, to: outOfState });
    this.credentials = new Ephemeral(cluster, "credentials", {
      type: "talos_client_configuration",
      name: id,
      attributes: { cluster_name: props.clusterName, machine_secrets: `\${${SECRETS}}` },
    });
  }

  get before(): readonly TerraformResource[] {
    return [this.resource];
  }

  get client(): ClientInputs {
    const part = (name: string) => this.credentials.attribute(`client_configuration.${name}`);
    return {
      clientConfigurationWo: {
        caCertificate: part("ca_certificate"),
        clientCertificate: part("client_certificate"),
        clientKey: part("client_key"),
      },
    };
  }

  /** The patches are no secret. In an attribute that is not write-only, a plan shows what changes. */
  generate(scope: Construct, name: string, source: MachineConfigSource): ConfigInputs {
    const { configPatches, isApplied } = source;
    const generated = new Ephemeral(scope, "generated", {
      type: "talos_machine_configuration",
      name,
      attributes: {
        cluster_name: source.clusterName,
        cluster_endpoint: source.clusterEndpoint,
        machine_type: source.machineType,
        machine_secrets: `\${${SECRETS}}`,
        talos_version: source.contract,
        kubernetes_version: source.kubernetesVersion,
        config_patches: isApplied ? undefined : configPatches,
        docs: false,
        examples: false,
      },
    });
    return { machineConfigurationInputWo: generated.attribute("machine_configuration"), configPatches };
  }
}

function addVariables(cluster: Construct): void {
  const others = TerraformStack.of(cluster).node.findAll();
  if (
    others.some(
      (each) => each instanceof TerraformVariable && each.friendlyUniqueId === TALOS_SECRETS_VARIABLE,
    )
  ) {
    throw new Error(
      `Talos cluster "${cluster.node.id}": the stack has another cluster whose secrets are out of the state; put each into a stack of its own`,
    );
  }
  const secrets = new TerraformVariable(cluster, "secrets-variable", {
    type: TYPE,
    sensitive: true,
    description: "all secrets of the Talos cluster; they are in memory only",
  });
  secrets.addOverride("ephemeral", true);
  const hash = new TerraformVariable(cluster, "hash-variable", {
    type: "string",
    description: "SHA-256 of the secrets, by which they are told from others",
  });
  for (const [variable, name] of [
    [secrets, TALOS_SECRETS_VARIABLE],
    [hash, TALOS_HASH_VARIABLE],
  ] as const) {
    variable.overrideLogicalId(name);
    variable.addOverride("default", null);
    variable.addValidation({
      condition: `\${var.${name} != null}`,
      errorMessage: `TF_VAR_${name} is not set: the secrets of Talos are missing. ${HOW_TO_MAKE_SECRETS}`,
    });
  }
}
