import type { RunningTalos } from "../../../../stand-ins/talos";
import type { TofuProject } from "../../../support/tofu-project";

export interface NodeChange {
  readonly configPatches?: readonly object[];
  readonly applyMode?: string;
  readonly onDestroy?: object;
}

export interface StackOptions {
  /** @default "v1.12" */
  readonly secretsVersion?: string;
  /** By the name of the node. */
  readonly changes?: Readonly<Record<string, NodeChange>>;
}

const SECRETS = "${talos_machine_secrets.it.machine_secrets}";
const CLIENT = "${talos_machine_secrets.it.client_configuration}";

/** The whole life of nodes: secrets, configurations, apply one after the other, bootstrap and kubeconfig. */
export function talosStack(talos: RunningTalos, project: TofuProject, options: StackOptions = {}): object {
  const { secretsVersion = "v1.12", changes = {} } = options;
  const names = talos.nodes.map(({ name }) => name);
  const [first] = names;
  const at = (name = "") => {
    const { address, endpoint } = talos.nodes.find((node) => node.name === name) ?? {};
    return { node: address, endpoint, client_configuration: CLIENT, timeouts: { create: "60s" } };
  };
  const hostname = (name: string) => ({
    ...{ apiVersion: "v1alpha1", kind: "HostnameConfig" },
    ...{ hostname: name, auto: "off" },
  });
  return {
    ...template(project),
    resource: {
      talos_machine_secrets: { it: { talos_version: secretsVersion } },
      talos_machine_configuration_apply: Object.fromEntries(
        names.map((name, index) => [
          name,
          {
            ...at(name),
            machine_configuration_input: `\${data.talos_machine_configuration.${name}.machine_configuration}`,
            apply_mode: changes[name]?.applyMode ?? "no_reboot",
            config_patches: [hostname(name), ...(changes[name]?.configPatches ?? [])].map((patch) =>
              JSON.stringify(patch),
            ),
            ...(changes[name]?.onDestroy && { on_destroy: changes[name]?.onDestroy }),
            depends_on: index > 0 ? [`talos_machine_configuration_apply.${names[index - 1]}`] : [],
          },
        ]),
      ),
      talos_machine_bootstrap: {
        it: { ...at(first), depends_on: [`talos_machine_configuration_apply.${first}`] },
      },
      talos_cluster_kubeconfig: { it: { ...at(first), depends_on: ["talos_machine_bootstrap.it"] } },
    },
    data: {
      talos_machine_configuration: Object.fromEntries(
        names.map((name) => [
          name,
          machineConfiguration(SECRETS, name.startsWith("cp") ? "controlplane" : "worker"),
        ]),
      ),
      talos_client_configuration: {
        it: {
          cluster_name: "lab",
          client_configuration: CLIENT,
          endpoints: talos.nodes.map((n) => n.address),
        },
      },
    },
    output: {
      talosconfig: { value: "${data.talos_client_configuration.it.talos_config}", sensitive: true },
      kubeconfig: { value: "${talos_cluster_kubeconfig.it.kubeconfig_raw}", sensitive: true },
      host: {
        value: "${talos_cluster_kubeconfig.it.kubernetes_client_configuration.host}",
        sensitive: true,
      },
    },
  };
}

export const machineConfiguration = (secrets: string, machineType: "controlplane" | "worker") => ({
  cluster_name: "lab",
  cluster_endpoint: "https://127.0.0.1:6443",
  machine_type: machineType,
  machine_secrets: secrets,
  talos_version: "v1.12",
  kubernetes_version: "1.34.1",
});

export const template = (project: TofuProject) => ({
  terraform: {
    required_providers: { talos: { source: "siderolabs/talos", version: "0.11.0" } },
    backend: { local: { path: project.stateFile } },
  },
});
