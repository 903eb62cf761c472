import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";
import { configureState } from "../../../stacks/configure-state";
import { newApp, synthStack } from "../../support/synth";
import { TofuProject, type TofuResult } from "../../support/tofu-project";
import type { StateProject } from "./project";

/** OpenTofu in the folder of a synthesized stack, with the configuration that the project had at the last synth. */
export class TofuClient {
  private readonly tofu: TofuProject;

  /** @param folder in the project's folder; another one than cdktf's stands for another machine */
  constructor(
    private readonly project: StateProject,
    folder = "cdktf.out/stacks/cluster",
  ) {
    this.tofu = new TofuProject(project.env, join(project.folder, folder));
    this.synth();
  }

  /** A stack that needs no provider: `step` is what an apply changes; it does not end before the file `until` is there. */
  synth(): this {
    const stack = new TerraformStack(newApp(), "cluster");
    const { config, folder } = this.project.load();
    const path = config.path ?? join(folder, "terraform.cluster.tfstate");
    configureState(stack, { ...config, accountId: undefined, path });
    new TerraformVariable(stack, "step", { default: "0" });
    new TerraformVariable(stack, "until", { default: "" });
    stack.addOverride("resource.terraform_data.step", {
      triggers_replace: "${var.step}",
      provisioner: {
        "local-exec": { command: "until [ -z '${var.until}' ] || [ -e '${var.until}' ]; do sleep 0.1; done" },
      },
    });
    new TerraformOutput(stack, "done", { value: "${terraform_data.step.triggers_replace}" });
    stack.prepareStack();
    this.tofu.write(synthStack(stack));
    return this;
  }

  /** As cdktf does before each command, with no option for the backend. Any exit code is a result. */
  tryInit = () => this.tofu.init();
  init = () => this.tofu.ok("init", "-input=false");
  apply = (step: number, ...args: readonly string[]) => this.tofu.apply(`-var=step=${step}`, ...args);
  /** Applies, and wants success. */
  applied = (...args: readonly string[]) => this.tofu.ok("apply", "-input=false", "-auto-approve", ...args);

  /** Makes this the state. @param state in plain text */
  async push(state: string): Promise<void> {
    const path = join(this.tofu.folder, "pushed.json");
    writeFileSync(path, state);
    await this.tofu.ok("state", "push", path);
  }
  /** Makes a plan and applies that, as `npm run deploy` does, where there is nothing to change. */
  async deployUnchanged(step: number): Promise<void> {
    if (!(await this.isUpToDate(step))) throw new Error("there is something to change");
    await this.tofu.ok("apply", "-input=false", this.tofu.planFile);
  }

  /** Whether a plan has nothing to do. */
  async isUpToDate(step: number): Promise<boolean> {
    const { exitCode, output }: TofuResult = await this.tofu.plan(`-var=step=${step}`);
    if (exitCode === 1) throw new Error(output);
    return exitCode === 0;
  }
}
