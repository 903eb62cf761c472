import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { differencesOf, driftText, type PlanSummary, reviewPlan, textOf } from "../plan";
import { Tofu } from "../process/tofu";
import type { PlanOptions } from "./plan-options";

/** Something would be lost that nobody has named. */
const REFUSED = 3;
/** As `tofu plan -detailed-exitcode` has it. */
const DRIFTED = 2;

/** The plan that `cdktf diff` leaves in the folder of a stack. */
export class SavedPlan {
  private readonly folder: string;
  private readonly file: string;

  /** @param args those of cdktf, the stack first */
  constructor([stack = "", ...args]: readonly string[]) {
    this.folder = join(outputIn(args), "stacks", stack);
    this.file = join(this.folder, "plan");
  }

  /** An older plan would be taken for the one that is made now. */
  remove(): void {
    rmSync(this.file, { force: true });
  }

  /** Prints what the plan would do, node by node, and what it must not. @returns the exit code */
  async review({ allow, format }: PlanOptions, env: NodeJS.ProcessEnv): Promise<number> {
    const summary = await this.summary(allow, env);
    console.log(format === "json" ? JSON.stringify(summary, null, 2) : textOf(summary));
    return summary.refused.length > 0 ? REFUSED : 0;
  }

  /** Prints where what is there differs from the program. @returns the exit code */
  async reportDrift({ format }: PlanOptions, env: NodeJS.ProcessEnv): Promise<number> {
    const differences = differencesOf(await this.summary([], env));
    console.log(format === "json" ? JSON.stringify({ differences }, null, 2) : driftText(differences));
    return differences.length > 0 ? DRIFTED : 0;
  }

  /** @throws where there is no plan */
  private async summary(allow: readonly string[], env: NodeJS.ProcessEnv): Promise<PlanSummary> {
    const { folder } = this;
    if (!existsSync(this.file)) throw new Error(`cdktf left no plan in ${folder}, so nothing is judged`);
    const { signal } = new AbortController();
    const file = env.TERRAFORM_BINARY_NAME ?? "tofu";
    const tofu = new Tofu({ file, stackFolder: folder, logs: folder, env, signal, again: "npm run plan" });
    return reviewPlan(await tofu.showPlanJson("plan"), allow);
  }
}

/** The folder that cdktf writes to. */
function outputIn(args: readonly string[]): string {
  const at = args.findIndex((argument) => /^(-o|--output)$/.test(argument));
  const joined = args.map((argument) => /^(?:-o|--output)=(.*)$/.exec(argument)?.[1]).find(Boolean);
  return (at >= 0 ? args[at + 1] : joined) ?? "cdktf.out";
}
