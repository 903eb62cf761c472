import { type TerraformResource, TerraformStack } from "cdktf";
import type { Construct } from "constructs";

/**
 * The `depends_on` of a resource in `scope` that needs `resource`. `depends_on` cannot name a resource of another stack, so
 * in that case the whole stack depends on the other stack.
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
