import { type PlanRecord, readKeptPlan, SYNTH_VARIABLES, staleReason } from "../plan/plan-record";
import { chooseCluster } from "./choose-cluster";
import { runCdktf } from "./foreground";
import type { PlanOptions } from "./plan-options";
import { SavedPlan } from "./review-plan";

/** A plan that was kept with `npm run plan -- --out FILE`, and what it was made of. */
export class KeptPlan {
  private constructor(
    private readonly plan: Uint8Array,
    private readonly record: PlanRecord,
    /** The arguments of cdktf. */
    private readonly args: readonly string[],
  ) {}

  /** Reads the plan that the first argument names, and chooses its cluster. @throws if there is none */
  static open(
    [path, ...args]: readonly string[],
    cluster: string | undefined,
    env: NodeJS.ProcessEnv,
  ): KeptPlan {
    if (path === undefined || path.startsWith("-"))
      throw new Error("apply has no plan; name the file first: npm run apply -- plan.bin");
    const { plan, record } = readKeptPlan(path);
    if (cluster !== undefined && cluster !== record.cluster)
      throw new Error(
        `${path} is a plan for ${record.cluster ?? "the only cluster"}, not for --cluster ${cluster}; leave it out`,
      );
    chooseCluster(record.cluster ?? undefined, env);
    return new KeptPlan(plan, record, args);
  }

  /** The id of its stack. */
  get stack(): string {
    return this.record.stack;
  }

  /** What the program is synthesized with: the same as for the plan. */
  get environment(): NodeJS.ProcessEnv {
    return Object.fromEntries(SYNTH_VARIABLES.map((name) => [name, this.record.environment[name]]));
  }

  /** Applies this plan and no other, and refuses where something has changed since. @returns the exit code */
  async apply({ allow, lockTimeout }: PlanOptions, env: NodeJS.ProcessEnv): Promise<number> {
    const { record } = this;
    const saved = new SavedPlan([record.stack, ...this.args]);
    const synthesized = await runCdktf(["synth", ...this.args], env, true);
    if (synthesized !== 0) return synthesized;
    await saved.initialize(env);
    const reason = staleReason(record, await saved.basis(env));
    if (reason !== undefined) throw new Error(`nothing was applied: ${reason}`);
    try {
      saved.replace(this.plan);
      const { code } = await saved.review({ allow: [...record.allow, ...allow] }, env);
      if (code !== 0) return code;
      return await saved.apply({ state: record.state, lockTimeout, again: "npm run plan" }, env);
    } finally {
      saved.remove();
    }
  }
}
