import type { TerraformStack } from "cdktf";
import { CloudflareProvider } from "../../../constructs/cloudflare-provider";
import { schemaProblems } from "../../support/pinned-schema";
import { synth, type Template } from "../../support/synth";

export { ACCOUNT } from "../../support/cloudflare-account";

/** What `build` makes in a stack for Cloudflare; valid under the pinned schema of its provider. */
export function synthOnCloudflare(build: (stack: TerraformStack) => void): Template {
  const template = synth((stack) => {
    new CloudflareProvider(stack, "cloudflare");
    build(stack);
  });
  expect(schemaProblems(template)).toEqual([]);
  return template;
}
