import type { FirewallConfig } from "./firewall-config";
import type { FirewallInput } from "./schema/firewall";

export function resolveFirewall(input: FirewallInput): FirewallConfig {
  return {
    enabled: input.enabled,
    cni: input.cni,
    kubernetesApiCidrs: input.kubernetes_api_cidrs,
    talosApiCidrs: input.talos_api_cidrs,
    nodePortCidrs: input.node_port_cidrs,
    logDrops: input.log_drops,
    rules: input.rules,
  };
}
