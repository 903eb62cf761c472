import { Construct } from "constructs";
import { Haresource } from "../.gen/providers/proxmox/haresource";
import { Harule } from "../.gen/providers/proxmox/harule";
import type { TalosVm } from "./talos-vm";

/** What an {@link AntiAffinity} is made of. */
export interface AntiAffinityProps {
  /** VMs that are kept on different hosts. */
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
    const resources = props.vms.map((vm) => {
      const resource = new Haresource(this, vm.vmName, {
        resourceId: `vm:${vm.vmId}`,
        state: "started",
        // If these are not set, Proxmox reports its defaults, and the next plan would remove them.
        maxRestart: 1,
        maxRelocate: 1,
        dependsOn: [vm.resource],
      });
      resource.overrideLogicalId(vm.resource.friendlyUniqueId);
      return resource;
    });
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
