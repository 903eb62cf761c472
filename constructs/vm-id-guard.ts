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
  /** The guests that Proxmox has at plan, by id: OpenTofu evaluates it once, and a condition for each VM. */
  private readonly guests: TerraformLocal;
  /** What to call them, by id. */
  private readonly descriptions: TerraformLocal;
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
    const all = `concat(${vms.fqn}.vms, ${named})`;
    // A VM that is on the move is on two hosts.
    this.guests = new TerraformLocal(this, "guests", `\${{for each in ${all} : each.vm_id => each...}}`);
    this.guests.overrideLogicalId("existing_guests");
    const described = '"\\"${guest.name}\\" on ${guest.node_name}"';
    const joined = `join(", ", [for guest in guests : ${described}])`;
    this.descriptions = new TerraformLocal(
      this,
      "descriptions",
      `\${{for id, guests in ${this.guests.fqn} : id => ${joined}}}`,
    );
    this.descriptions.overrideLogicalId("existing_guest_names");
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
    const guests = `lookup(${this.guests.fqn}, "${vmId}", [])`;
    return {
      condition: `\${alltrue([for guest in ${guests} : ${ours}])}`,
      // OpenTofu makes this text even where the condition holds, so it is short to evaluate.
      errorMessage:
        `vm_id ${vmId} of node "${names[0]}" is taken by a guest that is not ours: ` +
        `\${lookup(${this.descriptions.fqn}, "${vmId}", "")}. ` +
        "nothing was changed. give the node another vm_id; if the node was only renamed, set renamed_from; " +
        "if the guest is this node, import it",
    };
  }
}
