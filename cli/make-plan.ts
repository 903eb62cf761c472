import { findClusterFiles } from "../config/find-files";
import { keepPlan, removeKeptPlan, requireEncrypted, SYNTH_VARIABLES } from "../plan/plan-record";
import { runCdktf } from "./foreground";
import type { PlanOptions } from "./plan-options";
import { SavedPlan } from "./review-plan";
import { planOption } from "./tofu-options";

/** A command about one stack: the arguments of cdktf, with the stack first, and the environment of cdktf and tofu. */
export interface StackCommand {
  readonly args: readonly string[];
  readonly options: PlanOptions;
  readonly env: NodeJS.ProcessEnv;
}

/** Lets cdktf synthesize and plan. @param quiet shows what it prints only where it fails @returns its exit code */
export function diff({ args, options, env }: StackCommand, quiet: boolean): Promise<number> {
  const { lockTimeout } = options;
  return runCdktf(
    ["diff", ...args],
    lockTimeout ? planOption(env, `-lock-timeout=${lockTimeout}`) : env,
    quiet,
  );
}

/** `npm run plan`. @returns the exit code */
export async function plan(command: StackCommand): Promise<number> {
  const { args, options, env } = command;
  const saved = new SavedPlan(args);
  saved.remove();
  if (options.out !== undefined) removeKeptPlan(options.out);
  const planned = await diff(command, options.format !== undefined);
  if (planned !== 0) return planned;
  if (options.out !== undefined) requireEncrypted(options.out, saved.read());
  const { code } = await saved.review(options, env);
  if (options.out === undefined) return code;
  if (code !== 0) {
    console.error(`the plan is not kept in ${options.out}, because it is refused`);
    return code;
  }
  await keep(saved, options.out, command);
  console.error(`kept in ${options.out}; npm run apply -- ${options.out} applies this plan and no other`);
  return 0;
}

/** `npm run drift`: a plan without a lock, so that whoever deploys meanwhile is not kept waiting. @returns the exit code */
export async function drift({ args, options, env }: StackCommand): Promise<number> {
  const saved = new SavedPlan(args);
  saved.remove();
  const code = await runCdktf(["diff", ...args], planOption(env, "-lock=false"), true);
  return code === 0 ? saved.reportDrift(options, env) : 1;
}

async function keep(saved: SavedPlan, path: string, { options, env }: StackCommand): Promise<void> {
  const environment = Object.fromEntries(
    SYNTH_VARIABLES.flatMap((name) => (env[name] ? [[name, env[name]]] : [])),
  );
  keepPlan(path, saved.read(), {
    createdAt: new Date().toISOString(),
    stack: saved.stack,
    cluster: clusterName(env) ?? null,
    ...(await saved.basisOfPlan("npm run plan", env)),
    allow: [...options.allow],
    environment,
  });
}

/** Which of several clusters is chosen; undefined if there is one. */
const clusterName = (env: NodeJS.ProcessEnv): string | undefined =>
  findClusterFiles({ clusterConfig: env.CLUSTER_CONFIG }).name;
