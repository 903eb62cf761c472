import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";
import { type RunResult, runGroup } from "../../../process/process-group";
import { configureState } from "../../../stacks/configure-state";
import { newApp, synthStack } from "../../support/synth";
import type { StateProject } from "./project";

/** OpenTofu in the folder of a synthesized stack, with the configuration that the project had last. */
export class Laptop {
  private readonly folder: string;

  /** @param folder in the project's; that of cdktf unless it stands for somebody else's */
  constructor(
    private readonly project: StateProject,
    folder = "cdktf.out/stacks/cluster",
  ) {
    this.folder = join(project.folder, folder);
    mkdirSync(this.folder, { recursive: true });
    this.synth();
  }

  /** A stack that needs no provider: `step` is what an apply changes, `seconds` is how long it takes. */
  synth(): this {
    const stack = new TerraformStack(newApp(), "cluster");
    const { config, folder } = this.project.setting;
    const path = config.path ?? join(folder, "terraform.cluster.tfstate");
    configureState(stack, { ...config, accountId: undefined, path });
    new TerraformVariable(stack, "step", { default: "0" });
    new TerraformVariable(stack, "seconds", { default: "0" });
    stack.addOverride("resource.terraform_data.step", {
      triggers_replace: "${var.step}",
      provisioner: { "local-exec": { command: "sleep ${var.seconds}" } },
    });
    new TerraformOutput(stack, "done", { value: "${terraform_data.step.triggers_replace}" });
    stack.prepareStack();
    writeFileSync(join(this.folder, "cdk.tf.json"), JSON.stringify(synthStack(stack)));
    return this;
  }

  /** As cdktf does before each command: without a word about the backend. */
  init = () => this.ok("init", "-input=false");
  apply = (step: number, ...args: readonly string[]) =>
    this.tofu("apply", "-input=false", "-auto-approve", `-var=step=${step}`, ...args);

  /** @returns whether a plan has nothing to do */
  async isUpToDate(step: number): Promise<boolean> {
    const { exitCode, output } = await this.tofu(
      "plan",
      "-input=false",
      "-detailed-exitcode",
      `-var=step=${step}`,
    );
    if (exitCode === 1) throw new Error(output);
    return exitCode === 0;
  }

  async ok(...args: readonly string[]): Promise<RunResult> {
    const result = await this.tofu(...args);
    if (result.exitCode !== 0) throw new Error(`tofu ${args.join(" ")}: ${result.output}`);
    return result;
  }

  async tofu(...args: readonly string[]): Promise<RunResult & { readonly said: string }> {
    const binary = process.env.TERRAFORM_BINARY_NAME;
    if (!binary) throw new Error("TERRAFORM_BINARY_NAME is not set; run this in the e2e project of jest");
    const env = { ...process.env, TF_CLI_ARGS: "-no-color", TF_IN_AUTOMATION: "1", ...this.project.env };
    const result = await runGroup(binary, args, { cwd: this.folder, env });
    return { ...result, said: result.output.replace(/\s+/g, " ") };
  }
}
