import { TerraformElement } from "cdktf";
import type { Construct } from "constructs";

/** What {@link ProtectedNodes} are made of. */
export interface ProtectedNodesProps {
  /** Every node of the program. */
  readonly nodes: readonly ProtectedNode[];
}

/** A node, as far as its protection goes. */
export interface ProtectedNode {
  /** Name of the node. */
  readonly name: string;
  /** Its old name. @default - it was not renamed */
  readonly renamedFrom?: string;
  /** Whether its VM is protected. @default false */
  readonly protection?: boolean;
}

const PROTECTED = "terraform_data.protected";
const RELEASED = "terraform_data.no_longer_protected";

/**
 * Remembers in the state which nodes are protected, so that a plan is refused if such a node is no longer in the program: the
 * `prevent_destroy` of its VM is gone with it, but this one is still there. A node that is in the program without protection is
 * moved to where nothing is kept, and forgotten.
 */
export class ProtectedNodes extends TerraformElement {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: ProtectedNodesProps,
  ) {
    super(scope, id);
  }

  override toTerraform(): object {
    const { nodes } = this.props;
    const names = nodes.filter(({ protection }) => protection).map(({ name }) => name);
    const at = (resource: string, name: string) => `${resource}[${JSON.stringify(name)}]`;
    const moved = nodes.flatMap(({ name, renamedFrom = name, protection }) => {
      if (!protection) return [{ from: at(PROTECTED, renamedFrom), to: at(RELEASED, renamedFrom) }];
      return renamedFrom === name ? [] : [{ from: at(PROTECTED, renamedFrom), to: at(PROTECTED, name) }];
    });
    const each = (of: readonly string[]) => ({
      for_each: `\${toset(${JSON.stringify(of)})}`,
      input: "${each.key}",
    });
    return {
      resource: {
        terraform_data: {
          protected: { ...each(names), lifecycle: { prevent_destroy: true } },
          no_longer_protected: each([]),
        },
      },
      ...(moved.length > 0 ? { moved } : {}),
    };
  }
}
