import { Construct } from "constructs";
import { Haresource } from "../.gen/providers/proxmox/haresource";
import type { TalosVm } from "./talos-vm";

/** What an {@link HaResource} is made of. */
export interface HaResourceProps {
  /** The VM; another host must have all that it needs, such as its disks and the ISO in its drive. */
  readonly vm: TalosVm;
}

/**
 * Puts a VM under Proxmox' HA manager, which restarts it on another host when its own fails. From then on, no plan moves the VM.
 *
 * @see https://pve.proxmox.com/pve-docs/chapter-ha-manager.html
 */
export class HaResource extends Construct {
  /** The resource; its address is `proxmox_haresource.<name of the VM>`. */
  readonly resource: Haresource;

  constructor(scope: Construct, id: string, { vm }: HaResourceProps) {
    super(scope, id);
    vm.leaveHostToProxmox();
    this.resource = new Haresource(this, "Resource", {
      resourceId: `vm:${vm.vmId}`,
      state: "started",
      // If these are not set, Proxmox reports its defaults, and the next plan would remove them.
      maxRestart: 1,
      maxRelocate: 1,
      dependsOn: [vm.resource],
      // Whoever stops the VM for maintenance asks HA for it, and an apply must not start it.
      lifecycle: { ignoreChanges: ["state"] },
    });
    this.resource.overrideLogicalId(vm.resource.friendlyUniqueId);
  }
}
