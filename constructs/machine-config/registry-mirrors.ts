import { type ConfigContract, hasNetworkDocuments } from "../../domain/talos-versions";
import type { MachineConfigPatch, TalosClusterProps } from "../talos-cluster-props";

/** Mirrors came as documents together with those of the network. */
export function registryMirrors(
  { registryMirrors: mirrors = {} }: TalosClusterProps,
  contract: ConfigContract,
): MachineConfigPatch[] {
  const entries = Object.entries(mirrors);
  if (entries.length === 0) return [];
  if (!hasNetworkDocuments(contract)) {
    const legacy = Object.fromEntries(entries.map(([registry, endpoints]) => [registry, { endpoints }]));
    return [{ machine: { registries: { mirrors: legacy } } }];
  }
  return entries.map(([registry, urls]) => ({
    apiVersion: "v1alpha1",
    kind: "RegistryMirrorConfig",
    name: registry,
    endpoints: urls.map((url) => ({ url })),
  }));
}
