import { type Postcondition, type Precondition, TerraformLocal, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { DataProxmoxDatastores } from "../.gen/providers/proxmox/data-proxmox-datastores";
import { DataProxmoxFiles } from "../.gen/providers/proxmox/data-proxmox-files";
import { DataProxmoxVirtualEnvironmentContainers } from "../.gen/providers/proxmox/data-proxmox-virtual-environment-containers";
import { DataProxmoxVirtualEnvironmentNodes } from "../.gen/providers/proxmox/data-proxmox-virtual-environment-nodes";
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
  /** Proxmox hosts that are down, or do not answer though Proxmox takes them for online. @default - those that are offline */
  readonly hostsDown?: readonly string[];
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
 *
 * The list lacks the guests of a host that is down. So no VM is made while there is one, and a host that Proxmox takes for
 * online must answer.
 */
export class VmIdGuard extends Construct {
  /** The guests that Proxmox has at plan, by id: OpenTofu evaluates it once, and a condition for each VM. */
  private readonly guests: TerraformLocal;
  /** What to call them, by id. */
  private readonly descriptions: TerraformLocal;
  /** Names of the hosts whose guests are not in the list. */
  private readonly hostsDown: TerraformLocal;
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
    this.hostsDown = this.readHosts(props.hostsDown ?? []);
    if (props.storages?.length) this.wantToSeeGuests(props.storages);
  }

  /**
   * Without the privilege VM.Audit, Proxmox shows an empty list, and no error: every VM would be new, and every id free. So if
   * it shows no guest, no volume of a guest may be there either.
   */
  private wantToSeeGuests(storages: readonly GuestStorage[]): void {
    // A value of its own: cdktf does not see that a reference after the braces of an object is within an expression.
    const places = new TerraformLocal(
      this,
      "guest-storages",
      Object.fromEntries(storages.map((each) => [`${each.storage} on ${each.host}`, each])),
    );
    places.overrideLogicalId("guest_storages");
    const volumes = new DataProxmoxFiles(this, "volumes", {
      nodeName: "${each.value.host}",
      datastoreId: "${each.value.storage}",
      contentType: "images",
    });
    volumes.overrideLogicalId("volumes_of_unseen_guests");
    const isNeeded = `length(${this.guests.fqn}) == 0 && !contains(${this.hostsDown.fqn}, place.host)`;
    volumes.addOverride("for_each", `\${{for key, place in ${places.fqn} : key => place if ${isNeeded}}}`);
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

  /** The condition for a VM that may have to be made: all hosts are there, so that the list of ids in use is whole. */
  completenessPrecondition(vmId: number, name: string): Precondition {
    return {
      condition: `\${length(${this.hostsDown.fqn}) == 0 || ${this.exists(vmId)}}`,
      errorMessage:
        `node "${name}" has no VM yet, and none can be made while \${join(", ", ${this.hostsDown.fqn})} is down: Proxmox does not ` +
        `list its guests, so vm_id ${vmId} may be taken. nothing was changed. leave the node out until the host is back, or until ` +
        "it is removed from the Proxmox cluster",
    };
  }

  /** The condition for a VM without an ISO in its drive: it exists, since a new one would have nothing to boot from. */
  existencePrecondition(vmId: number, name: string): Precondition {
    return {
      condition: `\${${this.exists(vmId)}}`,
      errorMessage:
        `node "${name}" has no VM yet, and a new one has nothing to boot from without the ISO. nothing was changed. ` +
        "set eject_iso: false for this node until Talos is installed on it",
    };
  }

  private exists(vmId: number): string {
    return `length(${this.guestsWith(vmId)}) > 0`;
  }

  /** @returns the hosts that are down */
  private readHosts(named: readonly string[]): TerraformLocal {
    const given = JSON.stringify(named);
    const unknown = `setsubtract(${given}, self.names)`;
    const known: Postcondition = {
      condition: `\${length(${unknown}) == 0}`,
      errorMessage:
        `HOSTS_DOWN names \${join(", ", ${unknown})}, which is no Proxmox host and no node of this cluster; the hosts are ` +
        '${join(", ", self.names)}',
    };
    const hosts = new DataProxmoxVirtualEnvironmentNodes(this, "hosts", {
      lifecycle: named.length > 0 ? { postcondition: [known] } : undefined,
    });
    hosts.overrideLogicalId("hosts");
    const isOffline = `!${hosts.fqn}.online[index]`;
    const isDown = named.length > 0 ? `(${isOffline} || contains(${given}, name))` : isOffline;
    const select = (condition: string) => `[for index, name in ${hosts.fqn}.names : name if ${condition}]`;
    const down = new TerraformLocal(this, "down", `\${${select(isDown)}}`);
    down.overrideLogicalId("hosts_down");

    // A host of which Proxmox does not know yet that it is down, or without its web server: its guests are not listed either.
    const answering = new DataProxmoxDatastores(this, "answering", {
      nodeName: "${each.key}",
      // Few storages have it, so the answer is quick.
      filters: { contentTypes: ["snippets"] },
    });
    answering.overrideLogicalId("answering_hosts");
    answering.addOverride("for_each", `\${toset(${select(`!${isDown}`)})}`);

    TerraformStack.of(this).addOverride("check.hosts_down", {
      assert: [
        {
          condition: `\${length(${down.fqn}) == 0}`,
          error_message:
            `down: \${join(", ", ${down.fqn})}. no VM can be made until all hosts are back. if the plan fails with HTTP 595, leave ` +
            `out what stands there: HOSTS_DOWN=\${join(",", ${down.fqn})} npm run plan (docs/operations.md, A host is down)`,
        },
      ],
    });
    return down;
  }
}
