import {
  type CheckedTalosVersion,
  type ConfigRequest,
  checkTalosConfigs,
} from "../../stand-ins/talos-config";
import type { Template } from "./synth";

/** The input of the data source, as it is synthesized. */
interface Generated {
  readonly cluster_name: string;
  readonly cluster_endpoint: string;
  readonly machine_type: "controlplane" | "worker";
  readonly talos_version: string;
  readonly kubernetes_version: string;
  readonly config_patches: readonly string[];
}

/** What OpenTofu makes of a MAC address that Proxmox makes up. */
const MADE_UP = /\$\{lower\([^}]*\)\}/g;

/** The machine configs of a template, to be checked as if installed from an ISO and as if on their disk already. */
export function configRequests(name: string, template: Template): ConfigRequest[] {
  const generated = Object.entries(template.data?.talos_machine_configuration ?? {});
  return generated.flatMap(([node, value]) => {
    const data = value as unknown as Generated;
    const generate = {
      clusterName: data.cluster_name,
      clusterEndpoint: data.cluster_endpoint,
      machineType: data.machine_type,
      talosVersion: data.talos_version,
      kubernetesVersion: data.kubernetes_version,
      configPatches: data.config_patches.map((patch) => patch.replace(MADE_UP, "bc:24:11:00:00:01")),
    };
    return (["metal", "cloud"] as const).map((mode) => ({
      name: `${name}, ${node}, ${mode}`,
      mode,
      generate,
    }));
  });
}

/** What Talos' own library has against the configs; nothing if it takes them all without a warning. */
export async function complaints(
  requests: readonly ConfigRequest[],
  version?: CheckedTalosVersion,
): Promise<readonly { readonly name: string }[]> {
  const verdicts = await checkTalosConfigs(requests, version);
  if (verdicts.length !== requests.length) throw new Error("a config has no verdict");
  return verdicts
    .filter(({ errors, warnings }) => errors.length + warnings.length > 0)
    .map(({ name, errors, warnings }) => ({ name, errors, warnings }));
}
