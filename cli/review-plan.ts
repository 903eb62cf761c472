import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { differencesOf, driftText, hadResources, type PlanSummary, reviewPlan, textOf } from "../plan";
import { digest, type PlanBasis } from "../plan/plan-record";
import { withAbortOnSignal } from "../process/abort-on-signal";
import { checkedOutCommit } from "../process/git";
import { Tofu } from "../process/tofu";
import { makeTransientFile } from "../process/transient-file";
import { runInForeground } from "./foreground";
import type { PlanOptions } from "./plan-options";
import { restartAdvice } from "./restart-advice";

/** Something would be lost that nobody has named. */
export const REFUSED = 3;
/** As `tofu plan -detailed-exitcode` has it. */
const DRIFTED = 2;

/** The plan that `cdktf diff` leaves in the folder of a stack. It has the secrets of the state, so it goes with this process. */
export class SavedPlan {
  /** The id of the stack. */
  readonly stack: string;
  private readonly folder: string;
  private readonly file: string;
  /** As OpenTofu shows the plan that is there. */
  private shown: Promise<string> | undefined;

  /** @param args those of cdktf, the stack first */
  constructor([stack = "", ...args]: readonly string[]) {
    this.stack = stack;
    this.folder = join(outputIn(args), "stacks", stack);
    this.file = join(this.folder, "plan");
  }

  /** An older plan would be taken for the one that is made now. */
  remove(): void {
    this.shown = undefined;
    makeTransientFile(this.file);
  }

  /** Replaces the kept plan by this one. */
  replace(plan: Uint8Array): void {
    this.remove();
    writeFileSync(this.file, plan);
  }

  /** @throws if cdktf left none */
  read(): Uint8Array {
    this.requirePlan();
    return readFileSync(this.file);
  }

  /** Prints what the plan would do, node by node, and what it must not. */
  async review({ allow, format }: Pick<PlanOptions, "allow" | "format">, env: NodeJS.ProcessEnv) {
    const summary = await this.summary(allow, env);
    console.log(format === "json" ? JSON.stringify(summary, null, 2) : textOf(summary));
    return { summary, code: summary.refused.length > 0 ? REFUSED : 0 };
  }

  /** Prints what the plan of a destroy would do: everything that it loses is meant. @returns whether there is something */
  async showDestroy(env: NodeJS.ProcessEnv): Promise<boolean> {
    const summary = await this.summary([], env);
    console.log(textOf({ ...summary, refused: [], allowed: [] }));
    return summary.hasChanges;
  }

  /** Prints where what is there differs from the program. @returns the exit code */
  async reportDrift({ format }: PlanOptions, env: NodeJS.ProcessEnv): Promise<number> {
    const differences = differencesOf(await this.summary([], env));
    console.log(format === "json" ? JSON.stringify({ differences }, null, 2) : driftText(differences));
    return differences.length > 0 ? DRIFTED : 0;
  }

  /** Downloads the providers and opens the backend, as `cdktf diff` does before its plan. */
  async initialize(env: NodeJS.ProcessEnv): Promise<void> {
    await this.tofu(env).init(() => undefined);
  }

  /** What a plan depends on, as it is now. The folder is initialized. */
  async basis(env: NodeJS.ProcessEnv): Promise<PlanBasis> {
    return {
      source: (await checkedOutCommit(process.cwd())) ?? null,
      programSha256: this.programSha256(),
      state: (await withAbortOnSignal((signal) => this.tofu(env, signal).stateId())) ?? null,
    };
  }

  /**
   * What this plan, which was just made, depends on.
   * @throws if somebody has made the first state since it was begun: OpenTofu would apply it all the same
   */
  async basisOfPlan(again: string, env: NodeJS.ProcessEnv): Promise<PlanBasis> {
    const basis = await this.basis(env);
    if (basis.state === null || hadResources(await this.show(env))) return basis;
    const { resources = [] } = (await this.tofu(env).show()).values?.root_module ?? {};
    if (resources.some(({ mode }) => mode === "managed")) throw firstStateSince(again);
    return basis;
  }

  /** Of the synthesized stack. */
  programSha256(): string {
    return digest(readFileSync(join(this.folder, "cdk.tf.json")));
  }

  /**
   * Applies this plan and no other.
   * @param again the command that makes a new plan
   * @returns the exit code
   */
  async apply(
    { state, lockTimeout, again }: { lockTimeout?: string; again: string } & Pick<PlanBasis, "state">,
    env: NodeJS.ProcessEnv,
  ): Promise<number> {
    // OpenTofu compares serials under the lock, but not where the plan was made without a state. So it is looked for here, and
    // nobody is waited for: it may be their apply that makes the state.
    if (state === null && (await this.tofu(env).stateId()) !== undefined) throw firstStateSince(again);
    const wait = state !== null && lockTimeout ? [`-lock-timeout=${lockTimeout}`] : [];
    const { code, errors } = await runInForeground(
      programOf(env),
      ["apply", "-input=false", ...wait, "plan"],
      { env, cwd: this.folder },
    );
    const advice = restartAdvice(errors);
    if (advice !== undefined) console.error(advice);
    if (/Saved plan is stale/.test(errors))
      console.error(
        `nothing was applied: the state has changed since the plan was made; run ${again} again and read what it says now`,
      );
    return code;
  }

  private async summary(allow: readonly string[], env: NodeJS.ProcessEnv): Promise<PlanSummary> {
    return reviewPlan(await this.show(env), allow);
  }

  private show(env: NodeJS.ProcessEnv): Promise<string> {
    this.requirePlan();
    this.shown ??= withAbortOnSignal((signal) => this.tofu(env, signal).showPlanJson("plan"));
    return this.shown;
  }

  private requirePlan(): void {
    if (!statSync(this.file, { throwIfNoEntry: false })?.size)
      throw new Error(`cdktf left no plan in ${this.folder}, so nothing is judged`);
  }

  private tofu(env: NodeJS.ProcessEnv, signal = new AbortController().signal): Tofu {
    const { folder } = this;
    return new Tofu({
      file: programOf(env),
      stackFolder: folder,
      logs: folder,
      env,
      signal,
      again: "npm run plan",
    });
  }
}

const firstStateSince = (again: string): Error =>
  new Error(`the plan was made when there was no state, and there is one now; run ${again} again`);

const programOf = (env: NodeJS.ProcessEnv): string => env.TERRAFORM_BINARY_NAME ?? "tofu";

/** The folder that cdktf writes to. */
function outputIn(args: readonly string[]): string {
  const at = args.findIndex((argument) => /^(-o|--output)$/.test(argument));
  const joined = args.map((argument) => /^(?:-o|--output)=(.*)$/.exec(argument)?.[1]).find(Boolean);
  return (at >= 0 ? args[at + 1] : joined) ?? "cdktf.out";
}
