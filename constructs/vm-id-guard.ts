import { type Precondition, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { DataProxmoxVirtualEnvironmentContainers } from "../.gen/providers/proxmox/data-proxmox-virtual-environment-containers";
import { DataProxmoxVirtualEnvironmentVms } from "../.gen/providers/proxmox/data-proxmox-virtual-environment-vms";
import { OWNERSHIP_TAG } from "../domain/proxmox-names";

export { OWNERSHIP_TAG };

/** What a {@link VmIdGuard} is made of. */
export interface VmIdGuardProps {
  /**
   * Whether a VM must have {@link OWNERSHIP_TAG} to count as ours. Turn it off while you adopt VMs that another program
   * made without the tag; their names are still checked.
   * @default true
   */
  readonly requireTag?: boolean;
}

/**
 * Refuses a plan that would adopt a foreign VM.
 *
 * If a VM with the id exists, the provider adopts it: Proxmox answers "already exists" to the create, the provider
 * counts that as success, and a later destroy deletes the VM. So the plan reads the ids in use from Proxmox, and an id
 * in use is an error before anything is written.
 */
export class VmIdGuard extends Construct {
  /** Name, tags, host and id of every guest that Proxmox has at plan. */
  private readonly guests: TerraformLocal;
  private readonly requireTag: boolean;

  constructor(scope: Construct, id: string, props: VmIdGuardProps = {}) {
    super(scope, id);
    this.requireTag = props.requireTag ?? true;
    const vms = new DataProxmoxVirtualEnvironmentVms(this, "vms");
    vms.overrideLogicalId("existing");
    const containers = new DataProxmoxVirtualEnvironmentContainers(this, "containers");
    containers.overrideLogicalId("existing");
    // Give each container a name that no VM can have, so that it always counts as foreign.
    const renamed = 'merge(each, { name = "container ${each.name}" })';
    const named = `[for each in ${containers.fqn}.containers : ${renamed}]`;
    this.guests = new TerraformLocal(this, "guests", `\${concat(${vms.fqn}.vms, ${named})}`);
    this.guests.overrideLogicalId("existing_guests");
  }

  /**
   * The condition for one VM.
   * @param names the names it may have: its own, and the one it had before a rename
   */
  precondition(vmId: number, names: readonly string[]): Precondition {
    const ours = [
      `contains(${JSON.stringify(names)}, guest.name)`,
      ...(this.requireTag ? [`contains(guest.tags, "${OWNERSHIP_TAG}")`] : []),
    ].join(" && ");
    const foreign = (result: string) =>
      `[for guest in ${this.guests.fqn} : ${result} if guest.vm_id == ${vmId} && !(${ours})]`;
    const described = foreign('"\\"${guest.name}\\" on ${guest.node_name}"');
    return {
      condition: `\${length(${foreign("guest.vm_id")}) == 0}`,
      errorMessage:
        `vm_id ${vmId} of node "${names[0]}" is taken by a guest that is not ours: \${join(", ", ${described})}. ` +
        "nothing was changed. give the node another vm_id; if the node was only renamed, set renamed_from; " +
        "if the guest is this node, import it",
    };
  }

  /** The condition for a VM without an ISO in its drive: it exists, since a new one would have nothing to boot from. */
  existencePrecondition(vmId: number, name: string): Precondition {
    return {
      condition: `\${contains(${this.guests.fqn}[*].vm_id, ${vmId})}`,
      errorMessage:
        `node "${name}" has no VM yet, and a new one has nothing to boot from without the ISO. nothing was changed. ` +
        "set eject_iso: false for this node until Talos is installed on it",
    };
  }
}
