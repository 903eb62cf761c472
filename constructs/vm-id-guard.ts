import type { Precondition } from "cdktf";
import { Construct } from "constructs";
import { DataProxmoxVirtualEnvironmentContainers } from "../.gen/providers/proxmox/data-proxmox-virtual-environment-containers";
import { DataProxmoxVirtualEnvironmentVms } from "../.gen/providers/proxmox/data-proxmox-virtual-environment-vms";

/** The tag by which a VM of ours is told from somebody else's. */
export const OWNERSHIP_TAG = "talos";

export interface VmIdGuardProps {
  /**
   * Whether a VM of ours must carry {@link OWNERSHIP_TAG}. Turn it off while VMs that another program
   * made without the tag are adopted; their name must still be right.
   * @default true
   */
  readonly requireTag?: boolean;
}

/**
 * Refuses a plan that would take over a VM that is not ours.
 *
 * The provider adopts a VM whose id is taken: Proxmox answers "already exists" to the create, the provider
 * takes that for success, and a later destroy deletes the VM. So the ids in use are read at plan, from
 * Proxmox alone, and a taken id is an error before anything is written.
 */
export class VmIdGuard extends Construct {
  private readonly vms: DataProxmoxVirtualEnvironmentVms;
  private readonly containers: DataProxmoxVirtualEnvironmentContainers;
  private readonly requireTag: boolean;

  constructor(scope: Construct, id: string, props: VmIdGuardProps = {}) {
    super(scope, id);
    this.requireTag = props.requireTag ?? true;
    this.vms = new DataProxmoxVirtualEnvironmentVms(this, "vms");
    this.vms.overrideLogicalId("existing");
    this.containers = new DataProxmoxVirtualEnvironmentContainers(this, "containers");
    this.containers.overrideLogicalId("existing");
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
    const foreign =
      `concat([for guest in ${this.vms.fqn}.vms : guest if guest.vm_id == ${vmId} && !(${ours})], ` +
      `[for guest in ${this.containers.fqn}.containers : guest if guest.vm_id == ${vmId}])`;
    const guest = `join(", ", [for guest in ${foreign} : "\\"\${guest.name}\\" on \${guest.node_name}"])`;
    return {
      condition: `\${length(${foreign}) == 0}`,
      errorMessage:
        `vm_id ${vmId} of node "${names[0]}" is taken by a guest that is not ours: \${${guest}}. ` +
        "nothing was changed. give the node another vm_id; if the node was only renamed, set renamed_from; " +
        "if the guest is this node, import it",
    };
  }
}
