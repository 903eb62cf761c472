import type { Cni } from "../domain/firewall";
import type { NodeRole } from "../domain/talos";

/** Proxmox' firewall of every VM. */
export interface FirewallConfig {
  readonly enabled: boolean;
  readonly cni: Cni;
  /** Undefined for anyone. */
  readonly kubernetesApiCidrs?: readonly string[];
  /** Undefined for anyone. */
  readonly talosApiCidrs?: readonly string[];
  readonly nodePortCidrs: readonly string[];
  readonly logDrops: boolean;
  readonly rules: readonly {
    /** Ports, and ranges as `30000-32767`. */
    readonly ports: readonly (number | string)[];
    readonly protocol: "tcp" | "udp";
    /** Undefined for anyone. */
    readonly from?: readonly string[];
    /** Undefined for every node. */
    readonly role?: NodeRole;
    readonly comment?: string;
  }[];
}
