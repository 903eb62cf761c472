import { type TerraformResource, TerraformStack } from "cdktf";
import type { Construct } from "constructs";

/**
 * The `depends_on` of a resource in `scope` that needs `resource` to be there. `depends_on` does not reach into another
 * stack: there the whole stack waits for the other one.
 */
export function waitFor(
  scope: Construct,
  resource: TerraformResource | undefined,
): TerraformResource[] | undefined {
  if (resource === undefined) return undefined;
  const [own, other] = [TerraformStack.of(scope), TerraformStack.of(resource)];
  if (own === other) return [resource];
  own.addDependency(other);
  return undefined;
}
