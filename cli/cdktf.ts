// `npm run synth|plan|drift|deploy|destroy|apply [-- arguments of cdktf] [--cluster NAME]`: runs cdktf with OpenTofu and its
// providers, and judges every plan before it is applied.
import { loadFromEnv } from "../config";
import { findClusterFiles } from "../config/find-files";
import { type StackName, stackId, stackNames } from "../config/state-location";
import { withAbortOnSignal } from "../process/abort-on-signal";
import { neededVariables } from "../secrets/needed";
import { cloudflareFor, resolveForSynth, resolveToolchain } from "../toolchain";
import { KeptPlan } from "./apply";
import { cdktfHelp } from "./cdktf-help";
import { requireKnownOption } from "./cdktf-options";
import { chooseCluster } from "./choose-cluster";
import { deploy } from "./deploy";
import { destroy, requireDestroyable } from "./destroy";
import { runCdktf } from "./foreground";
import { loadSecrets, requireSecrets } from "./load-secrets";
import { loadTalosSecrets } from "./load-talos-secrets";
import { drift, plan, type StackCommand } from "./make-plan";
import { type PlanCommand, planOptions } from "./plan-options";
import { run } from "./run";
import { leavingOutHostsDown } from "./tofu-options";

/** What cdktf shows the help of, by command. */
const COMMANDS: Readonly<Record<PlanCommand | "synth", string>> = {
  synth: "synth",
  plan: "diff",
  drift: "diff",
  deploy: "deploy",
  destroy: "destroy",
  apply: "deploy",
};
const RUN: Readonly<Record<Exclude<PlanCommand, "apply">, (command: StackCommand) => Promise<number>>> = {
  plan,
  drift,
  deploy,
  destroy,
};
/** The only stack with Cloudflare resources. */
const BOOTSTRAP_STACK = "bootstrap";

async function main(name: string, written: readonly string[]): Promise<number> {
  if (!isCommand(name))
    throw new Error(`"${name}" is not a command; use one of ${Object.keys(COMMANDS).join(", ")}`);
  const { given, cluster } = takeCluster(written);
  if (name === "synth" || given.includes("--version")) {
    for (const each of given)
      requireKnownOption(each, {
        command: name,
        own: ["--cluster"],
        cdktf: name === "synth" ? "synth" : "diff",
      });
    chooseCluster(cluster, process.env);
    // A synth needs no secret, but the id of the account can be one of them.
    await loadSecrets(process.env, { only: ["CLOUDFLARE_ACCOUNT_ID"], optional: true });
    return runCdktf([COMMANDS[name], ...given], { ...process.env, ...(await toolchainFor(name, given)) });
  }
  const options = planOptions(name, given);
  if (name === "destroy") requireDestroyable(options, process.env);
  requireDefaultWorkspace(process.env);
  const kept = name === "apply" ? KeptPlan.open(options.rest, cluster, process.env) : undefined;
  if (kept === undefined) chooseCluster(cluster, process.env);
  requireTerminal(name, options);
  const args = kept ? [kept.stack] : withStack(options.rest);
  await readSecrets(kept?.stack ?? options.rest[0]);
  const env = { ...process.env, ...(await toolchainFor(name, args)), ...kept?.environment };
  if (name === "apply") return kept ? kept.apply(options, env) : 1;
  return RUN[name]({ args, options, env: leavingOutHostsDown(env) });
}

/** @throws SecretsError that names what is missing for the stack of the cluster, before anything runs */
async function readSecrets(stack = "cluster"): Promise<void> {
  await loadSecrets(process.env);
  if (stack !== BOOTSTRAP_STACK) await loadTalosSecrets(process.env);
  if (stack !== "cluster" && !stack.startsWith("-")) return;
  const { state } = loadFromEnv({ env: process.env }).config;
  requireSecrets(neededVariables(state, process.env), process.env);
}

const isCommand = (name: string): name is keyof typeof COMMANDS => name in COMMANDS;

async function toolchainFor(
  name: PlanCommand | "synth",
  [stack]: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const cloudflare = stack === BOOTSTRAP_STACK ? cloudflareFor(process.env) : undefined;
  return withAbortOnSignal(async (signal) => {
    const options = { report: console.error, signal, ...(cloudflare && { cloudflare }) };
    return name === "synth" ? resolveForSynth(options) : (await resolveToolchain(options)).env;
  });
}

/** Before anything runs: a plan that nobody can approve would be made in vain. */
function requireTerminal(name: PlanCommand, { autoApprove, yes }: ReturnType<typeof planOptions>): void {
  const pass = name === "deploy" && !autoApprove ? "--auto-approve" : undefined;
  const needed = name === "destroy" && yes === undefined ? "--yes NAME" : pass;
  if (needed === undefined || process.stdin.isTTY) return;
  throw new Error(
    `${name} asks for approval, and there is no terminal to answer on; read what would change with npm run plan, then pass ${needed}: npm run ${name} -- ${needed}`,
  );
}

/** In another workspace OpenTofu would find no state and plan to create everything. */
function requireDefaultWorkspace({ TF_WORKSPACE }: NodeJS.ProcessEnv): void {
  if (!TF_WORKSPACE || TF_WORKSPACE === "default") return;
  throw new Error(
    `TF_WORKSPACE=${TF_WORKSPACE} is set, but each stack has only one state, at the address in cluster.yaml; unset it, and use another cluster.yaml for another cluster`,
  );
}

/** Takes `--cluster NAME` or `--cluster=NAME` out of the arguments; cdktf gets the others. */
function takeCluster(written: readonly string[]): { readonly given: string[]; readonly cluster?: string } {
  const isCluster = (each: string) => /^--cluster(=|$)/.test(each);
  const index = written.findIndex(isCluster);
  if (index < 0) return { given: [...written] };
  const [, joined] = /^--cluster=(.*)$/.exec(written[index] ?? "") ?? [];
  const given = written.toSpliced(index, joined === undefined ? 2 : 1);
  const cluster = joined ?? written[index + 1];
  if (!cluster || cluster.startsWith("-")) {
    throw new Error("--cluster has no name after it; write it like --cluster staging");
  }
  if (given.some(isCluster)) throw new Error("--cluster is there twice; name one cluster");
  return { given, cluster };
}

/**
 * The commands are for the cluster, unless the first argument names a stack: `bootstrap`, or another stack of the cluster, or the
 * stack of any cluster by its id.
 */
function withStack(given: readonly string[]): readonly string[] {
  const [first, ...rest] = given;
  if (first === BOOTSTRAP_STACK) return given;
  if (first === undefined || first.startsWith("-")) return [stackOf("cluster"), ...given];
  const stack = stackNames.find((each) => each === first);
  return stack === undefined ? given : [stackOf(stack), ...rest];
}

/** @throws ConfigError if there are several clusters, and none was chosen */
function stackOf(stack: StackName): string {
  return stackId(findClusterFiles({ clusterConfig: process.env.CLUSTER_CONFIG }).name, stack);
}

function isHelp(argument: string): boolean {
  return /^(--help|-h)$/.test(argument);
}

const [name = "synth", ...written] = process.argv.slice(2);
const help = cdktfHelp(name, isCommand(name) ? COMMANDS[name] : name);
// The options are read by hand: most of them are cdktf's.
run(name, help, async () => {
  if (written.some(isHelp)) help.outputHelp();
  else process.exitCode = await main(name, written);
});
