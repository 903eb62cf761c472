import { TerraformElement } from "cdktf";
import type { Construct } from "constructs";

/** What an {@link Ephemeral} is made of. */
export interface EphemeralProps {
  /** Type of the resource, such as `talos_machine_configuration`. */
  readonly type: string;
  /** Its name; the address is `ephemeral.<type>.<name>`. */
  readonly name: string;
  /** Its attributes, as OpenTofu calls them. What is undefined is left out. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** An `ephemeral` block, which cdktf does not have: its values are in no state and in no plan. */
export class Ephemeral extends TerraformElement {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: EphemeralProps,
  ) {
    super(scope, id);
  }

  /** A reference to one of its attributes, such as `client_configuration.client_key`. */
  attribute(path: string): string {
    return `\${ephemeral.${this.props.type}.${this.props.name}.${path}}`;
  }

  override toTerraform(): object {
    const { type, name, attributes } = this.props;
    return { ephemeral: { [type]: { [name]: attributes } } };
  }
}
