import { TerraformElement } from "cdktf";
import type { Construct } from "constructs";

/** What a {@link Moved} is made of. */
export interface MovedProps {
  /** Address in state, for example `proxmox_virtual_environment_vm.talos_node["cp-1"]`. */
  readonly from: string;
  /** Address that this program gives the resource. It need not be a resource of the program: moves may chain. */
  readonly to: string;
}

/**
 * A `moved` block: tells OpenTofu that a resource in state has another address now, so that it is neither
 * destroyed nor created. Harmless once carried out.
 *
 * cdktf's own `moveFromId` allows one move a resource; adopting a VM and renaming it later takes two.
 */
export class Moved extends TerraformElement {
  private readonly moved: MovedProps;

  constructor(scope: Construct, id: string, props: MovedProps) {
    super(scope, id);
    this.moved = { from: props.from, to: props.to };
  }

  override toTerraform(): object {
    return { moved: [this.moved] };
  }
}
