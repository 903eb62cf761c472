import { Construct } from "constructs";
import { Harule } from "../.gen/providers/proxmox/harule";
import { HaResource } from "./ha-resource";
import type { TalosVm } from "./talos-vm";

/** What an {@link AntiAffinity} is made of. */
export interface AntiAffinityProps {
  /**
   * VMs that are kept on different hosts, at most as many as there are hosts. With one less, each can be restarted when a host
   * fails; with as many, the VM of that host waits for it. A VM should be in one rule only: Proxmox accepts rules that
   * overlap, and quietly breaks those that it cannot keep.
   */
  readonly vms: readonly TalosVm[];
  /** Name of the rule in Proxmox; letters, digits, `-` and `_`. @default - the construct's id */
  readonly ruleName?: string;
  /** Comment of the rule in Proxmox. @default - no comment */
  readonly comment?: string;
}

/**
 * Puts VMs under Proxmox' HA manager and keeps them on different hosts (a negative resource-affinity rule,
 * Proxmox VE 9). Their disks must be on shared storage, because HA restarts a VM on another host.
 *
 * @see https://pve.proxmox.com/pve-docs/chapter-ha-manager.html#ha_manager_resource_affinity_rules
 */
export class AntiAffinity extends Construct {
  /** The rule; its address is `proxmox_harule.<ruleName>`. */
  readonly resource: Harule;

  constructor(scope: Construct, id: string, props: AntiAffinityProps) {
    super(scope, id);
    const resources = props.vms.map((vm) => new HaResource(this, vm.vmName, { vm }).resource);
    const ruleName = props.ruleName ?? id;
    this.resource = new Harule(this, "Resource", {
      rule: ruleName,
      type: "resource-affinity",
      affinity: "negative",
      resources: resources.map((resource) => resource.resourceId),
      comment: props.comment,
      dependsOn: resources,
    });
    this.resource.overrideLogicalId(ruleName);
  }
}
