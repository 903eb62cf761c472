import { cpSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformOutput, TerraformResource, TerraformStack } from "cdktf";
import type { StateProps } from "../../../stacks/cluster-stack-props";
import { configureState } from "../../../stacks/configure-state";
import { TofuProject } from "../../support/tofu-project";

/** A small stack of somebody who has no more than the variables that `env` printed. */
export function teamStack(
  outdir: string,
  variables: Readonly<Record<string, string>>,
  state: StateProps,
): TofuProject {
  const folder = mkdtempSync(join(outdir, "team-"));
  const app = new App({ outdir: folder, targetVersions: { opentofu: ">=1.11.0" } } as object);
  const stack = new TerraformStack(app, "team");
  configureState(stack, state);
  const thing = new TerraformResource(stack, "thing", { terraformResourceType: "terraform_data" });
  thing.addOverride("input", `\${"something worth keeping"}`);
  new TerraformOutput(stack, "made", { value: thing.fqn });
  app.synth();
  const project = new TofuProject(variables);
  cpSync(join(folder, "stacks/team"), project.folder, { recursive: true });
  return project;
}

/** Variables by name, out of `export NAME='value'` lines. */
export function exported(text: string): Record<string, string> {
  const lines = text.matchAll(/^export (\w+)='([^']*)'$/gm);
  return Object.fromEntries([...lines].map(([, name = "", value = ""]) => [name, value]));
}
