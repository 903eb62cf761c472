import { TerraformElement } from "cdktf";
import type { Construct } from "constructs";

/** What a {@link Moved} is made of. */
export interface MovedProps {
  /** Address in state, for example `proxmox_virtual_environment_vm.talos_node["cp-1"]`. */
  readonly from: string;
  /** New address. It may be the `from` of another move instead of a resource: moves can be chained. */
  readonly to: string;
}

/**
 * A `moved` block: tells OpenTofu that a resource in state has another address now, so that it is neither
 * destroyed nor created. It can stay in the program afterwards.
 *
 * cdktf's own `moveFromId` allows only one move for each resource. A VM that is adopted and renamed later needs two.
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
