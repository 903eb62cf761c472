import { Lazy, type Postcondition, type Precondition, TerraformLocal, TerraformStack, Token } from "cdktf";
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

/** A VM that a {@link VmIdGuard} guards. */
export interface GuardedVm {
  /** Its name. */
  readonly name: string;
  /** The name that it had before a rename. @default - it was not renamed */
  readonly renamedFrom?: string;
  /** Proxmox' id of the VM. */
  readonly vmId: number;
  /** What a new VM is tagged with. */
  readonly tags: readonly string[];
  /** What a VM that exists gets, beside the tags that it has. */
  readonly tagsOfExisting: readonly string[];
  /** Whether the VM has no ISO in its drive: a new one would have nothing to boot from. @default false */
  readonly mustExist?: boolean;
}

/** What a plan finds out about one VM. */
export interface VmIdAnswer {
  /** The tags of the VM: an expression, made of what Proxmox has at plan. */
  readonly tags: string[];
  /**
   * Its id is free, or is that of this VM. A VM that may have to be made finds all hosts there, so that the list of ids in use is
   * whole; one without an ISO exists.
   */
  readonly precondition: Precondition;
}

const ANSWERS = "vm_id_answers";

/** An expression: by name of the VM, its tags, and why a plan is refused, or nothing. */
function answersFor(requireTag: boolean): string {
  // An index and not lookup(), which goes through all guests for each VM.
  const own = "try(local.existing_guests[vm.vm_id], [])";
  const kept = "flatten([for guest in own : concat(guest.tags, vm.tags_of_existing)])";
  const isOurs = `contains(vm.names, guest.name)${requireTag ? ` && contains(guest.tags, "${OWNERSHIP_TAG}")` : ""}`;
  const guests = '${join(", ", [for guest in own : "\\"${guest.name}\\" on ${guest.node_name}"])}';
  const refusals = [
    `alltrue([for guest in own : ${isOurs}]) ? "" : ` +
      `"vm_id \${vm.vm_id} of node \\"\${name}\\" is taken by a guest that is not ours: ${guests}. ` +
      "nothing was changed. give the node another vm_id; if the node was only renamed, set renamed_from; " +
      'if the guest is this node, import it"',
    'length(local.hosts_down) == 0 || length(own) > 0 ? "" : ' +
      '"node \\"${name}\\" has no VM yet, and none can be made while ${join(", ", local.hosts_down)} is down: Proxmox does not ' +
      "list its guests, so vm_id ${vm.vm_id} may be taken. nothing was changed. leave the node out until the host is back, or until " +
      'it is removed from the Proxmox cluster"',
    '!vm.must_exist || length(own) > 0 ? "" : ' +
      '"node \\"${name}\\" has no VM yet, and a new one has nothing to boot from without the ISO. nothing was changed. ' +
      'set eject_iso: false for this node until Talos is installed on it"',
  ];
  const answer =
    `{ tags = sort(distinct(length(own) == 0 ? vm.tags : ${kept})), ` +
    `refusal = join(" ", compact([${refusals.join(", ")}])) }`;
  return `\${{for name, vm in local.guarded_vms : name => [for own in [${own}] : ${answer}][0]}}`;
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
  /** The guests that Proxmox has at plan, by id. */
  private readonly guests: TerraformLocal;
  /** Names of the hosts whose guests are not in the list. */
  private readonly hostsDown: TerraformLocal;
  private readonly vms: Record<string, object> = {};

  constructor(scope: Construct, id: string, props: VmIdGuardProps = {}) {
    super(scope, id);
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
    this.hostsDown = this.readHosts(props.hostsDown ?? []);
    if (props.storages?.length) this.wantToSeeGuests(props.storages);
    const guarded = new TerraformLocal(this, "guarded", Lazy.anyValue({ produce: () => this.vms }));
    guarded.overrideLogicalId("guarded_vms");
    const answers = new TerraformLocal(this, "answers", answersFor(props.requireTag ?? true));
    answers.overrideLogicalId(ANSWERS);
  }

  /**
   * Guards a VM.
   *
   * OpenTofu parses the text of an expression of a resource some ten times in a plan, and of a condition even if it holds. So what
   * it needs is worked out for all VMs in one local, once.
   */
  guard(vm: GuardedVm): VmIdAnswer {
    const { name, vmId, renamedFrom, tags, tagsOfExisting, mustExist = false } = vm;
    this.vms[name] = {
      vm_id: vmId,
      names: [name, ...(renamedFrom ? [renamedFrom] : [])],
      tags,
      tags_of_existing: tagsOfExisting,
      must_exist: mustExist,
    };
    const answer = `local.${ANSWERS}["${name}"]`;
    return {
      tags: Token.asList(`\${${answer}.tags}`),
      precondition: { condition: `\${${answer}.refusal == ""}`, errorMessage: `\${${answer}.refusal}` },
    };
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
            `out what is there: HOSTS_DOWN=\${join(",", ${down.fqn})} npm run plan (docs/operations.md, A host is down)`,
        },
      ],
    });
    return down;
  }
}
