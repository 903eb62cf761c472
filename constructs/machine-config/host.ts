import type { MachineConfigPatch, TalosClusterProps } from "../talos-cluster-props";

/** Without `auto: off`, the name that Talos would make up stays in the config, and the two exclude each other. */
export function hostname(name: string): MachineConfigPatch {
  return { apiVersion: "v1alpha1", kind: "HostnameConfig", auto: "off", hostname: name };
}

export function resolvers({ network: { dnsServers = [] } }: TalosClusterProps): MachineConfigPatch[] {
  if (dnsServers.length === 0) return [];
  const nameservers = dnsServers.map((address) => ({ address }));
  return [{ apiVersion: "v1alpha1", kind: "ResolverConfig", nameservers }];
}

export function timeServers({ network: { ntpServers = [] } }: TalosClusterProps): MachineConfigPatch[] {
  if (ntpServers.length === 0) return [];
  return [{ apiVersion: "v1alpha1", kind: "TimeSyncConfig", ntp: { servers: ntpServers } }];
}
