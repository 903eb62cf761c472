import { Construct } from "constructs";
import { VirtualEnvironmentFirewallOptions } from "../.gen/providers/proxmox/virtual-environment-firewall-options";
import {
  VirtualEnvironmentFirewallRules,
  type VirtualEnvironmentFirewallRulesRule,
} from "../.gen/providers/proxmox/virtual-environment-firewall-rules";
import { sourceLists } from "../domain/firewall";
import { logicalId } from "./logical-id";
import { Moved } from "./moved";
import type { TalosVm } from "./talos-vm";

const RESOURCE_TYPES = [
  "proxmox_virtual_environment_firewall_rules",
  "proxmox_virtual_environment_firewall_options",
] as const;

/** What a {@link NodeFirewall} is made of. */
export interface NodeFirewallProps {
  /** The VM that it protects. Its network interfaces need {@link TalosNetworkInterface.firewall} too. */
  readonly vm: TalosVm;
  /** What is let in; everything else is dropped. */
  readonly accepts: readonly AcceptedTraffic[];
  /** Whether it filters. @default true */
  readonly enabled?: boolean;
  /** Whether what is dropped is in the firewall's log. @default false */
  readonly logDrops?: boolean;
  /** Old name of a renamed VM, so that its rules are kept. @default - no rename */
  readonly renamedFrom?: string;
}

/** Packets that a {@link NodeFirewall} lets in. */
export interface AcceptedTraffic {
  /** What they are for, as the comment of the rule. */
  readonly name: string;
  /** `tcp`, `udp` or another protocol of `/etc/protocols`. @default - every protocol */
  readonly protocol?: string;
  /** Destination ports as Proxmox writes them, `80,2379:2380`. @default - every port */
  readonly ports?: string;
  /** Networks and addresses that they come from; nobody if it is empty. @default - anyone */
  readonly from?: readonly string[];
}

/**
 * Proxmox' firewall of one VM. It lets out everything, and lets in what it is told, DHCP and neighbour discovery.
 *
 * No half of an apply or a destroy cuts the VM off. The rules are complete before the firewall is switched on (one that was on without
 * rules is on meanwhile). What is not accepted is dropped by the last rule and not by the policy, since a destroy deletes the
 * rules, the last one first, but leaves the options as they are.
 *
 * It filters only where the firewall of the datacenter is on, which this construct leaves alone.
 *
 * @see https://pve.proxmox.com/pve-docs/chapter-pve-firewall.html
 */
export class NodeFirewall extends Construct {
  /** The rules; their address is `proxmox_virtual_environment_firewall_rules.<name of the VM>`. */
  readonly rules: VirtualEnvironmentFirewallRules;
  /** The options; their address is `proxmox_virtual_environment_firewall_options.<name of the VM>`. */
  readonly resource: VirtualEnvironmentFirewallOptions;

  constructor(scope: Construct, id: string, props: NodeFirewallProps) {
    super(scope, id);
    const { vm, accepts, enabled = true, logDrops = false, renamedFrom } = props;
    // The host that is configured: where the VM is at the moment makes no difference for these calls.
    const ofVm = { nodeName: vm.host, vmId: vm.vmId };
    // A recreated VM has no rules, although its id is the same.
    const replaceTriggeredBy = [`${vm.resource.terraformResourceType}.${vm.resource.friendlyUniqueId}.id`];
    this.rules = new VirtualEnvironmentFirewallRules(this, "rules", {
      ...ofVm,
      rule: [
        ...accepts.flatMap(acceptRules),
        { type: "in", action: "DROP", comment: "everything else", log: logDrops ? "info" : undefined },
      ],
      dependsOn: [vm.resource],
      lifecycle: { replaceTriggeredBy },
    });
    this.resource = new VirtualEnvironmentFirewallOptions(this, "Resource", {
      ...ofVm,
      enabled,
      inputPolicy: "ACCEPT",
      outputPolicy: "ACCEPT",
      dhcp: true,
      ndp: true,
      radv: false,
      dependsOn: [this.rules],
      lifecycle: {
        replaceTriggeredBy,
        ignoreChanges: ["ipfilter", "log_level_in", "log_level_out", "macfilter", "radv"],
      },
    });
    for (const resource of [this.rules, this.resource]) resource.overrideLogicalId(logicalId(vm.vmName));
    if (renamedFrom !== undefined) this.addMoves(logicalId(renamedFrom), logicalId(vm.vmName));
  }

  private addMoves(from: string, to: string): void {
    for (const type of RESOURCE_TYPES) {
      new Moved(this, `renamed-${type}`, { from: `${type}.${from}`, to: `${type}.${to}` });
    }
  }
}

/** One rule for each list of sources: Proxmox takes one family in a rule, and not too many. */
function acceptRules({
  name,
  protocol,
  ports,
  from,
}: AcceptedTraffic): VirtualEnvironmentFirewallRulesRule[] {
  const sources = from === undefined ? [undefined] : sourceLists(from);
  return sources.map((source) => ({
    type: "in",
    action: "ACCEPT",
    proto: protocol,
    dport: ports,
    source,
    comment: name,
  }));
}
