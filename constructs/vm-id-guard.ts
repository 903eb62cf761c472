import { type Precondition, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { DataProxmoxFiles } from "../.gen/providers/proxmox/data-proxmox-files";
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
  /** Where guests keep their disks. @default - no storage is looked into */
  readonly storages?: readonly GuestStorage[];
}

/** A storage as a host sees it. */
export interface GuestStorage {
  /** Name of the Proxmox node. */
  readonly host: string;
  /** Name of the storage. */
  readonly storage: string;
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
    if (props.storages?.length) this.wantToSeeGuests(props.storages);
  }

  /**
   * Without the privilege VM.Audit, Proxmox shows an empty list, and no error: every VM would be new, and every id free. So if
   * it shows no guest, no volume of a guest may be there either.
   */
  private wantToSeeGuests(storages: readonly GuestStorage[]): void {
    const places = Object.fromEntries(storages.map((each) => [`${each.storage} on ${each.host}`, each]));
    const volumes = new DataProxmoxFiles(this, "volumes", {
      nodeName: "${each.value.host}",
      datastoreId: "${each.value.storage}",
      contentType: "images",
    });
    volumes.overrideLogicalId("volumes_of_unseen_guests");
    volumes.addOverride("for_each", `\${length(${this.guests.fqn}) == 0 ? ${JSON.stringify(places)} : {}}`);
    const owners = "distinct([for file in self.files : file.vmid if try(file.vmid > 0, false)])";
    volumes.lifecycle = {
      postcondition: [
        {
          condition: `\${length(${owners}) == 0}`,
          errorMessage:
            'Proxmox shows no guest at all, but there are volumes of guests on storage ${each.key}: ${join(", ", ' +
            `${owners})}. the API token lacks the privilege VM.Audit, or their hosts are offline. nothing was changed. deploy ` +
            "proxmox-access again, or grant VM.Audit on /; if these guests are gone, remove their volumes",
        },
      ],
    };
  }

  /**
   * An expression for the tags of a VM.
   * @param forExisting what a VM that exists gets, beside the tags that it has
   * @param forNew what a new VM gets
   */
  tagsWith(vmId: number, forExisting: readonly string[], forNew: readonly string[]): string {
    const own = this.guestsWith(vmId);
    const kept = `flatten([for guest in ${own} : concat(guest.tags, ${JSON.stringify(forExisting)})])`;
    return `\${sort(distinct(length(${own}) == 0 ? ${JSON.stringify(forNew)} : ${kept}))}`;
  }

  private guestsWith(vmId: number): string {
    return `lookup(${this.guests.fqn}, "${vmId}", [])`;
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
    return {
      condition: `\${alltrue([for guest in ${this.guestsWith(vmId)} : ${ours}])}`,
      // OpenTofu makes this text even where the condition holds, so it is short to evaluate.
      errorMessage:
        `vm_id ${vmId} of node "${names[0]}" is taken by a guest that is not ours: ` +
        `\${lookup(${this.descriptions.fqn}, "${vmId}", "")}. ` +
        "nothing was changed. give the node another vm_id; if the node was only renamed, set renamed_from; " +
        "if the guest is this node, import it",
    };
  }
}
