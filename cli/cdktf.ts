// `npm run synth|plan|drift|deploy|destroy [-- arguments of cdktf] [--cluster NAME]`: runs cdktf with OpenTofu and its providers,
// and reviews a plan.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { loadFromEnv } from "../config";
import { findClusterFiles } from "../config/find-files";
import { type StackName, stackId, stackNames } from "../config/state-location";
import { EXCLUDE_HOSTS_DOWN } from "../domain/hosts-down";
import { withoutColours } from "../process/colours";
import { waiting } from "../process/waiting";
import { neededVariables } from "../secrets/needed";
import { cloudflareFor, resolveForSynth, resolveToolchain } from "../toolchain";
import { cdktfHelp } from "./cdktf-help";
import { chooseCluster } from "./choose-cluster";
import { loadSecrets, requireSecrets } from "./load-secrets";
import { type PlanOptions, planOptions } from "./plan-options";
import { SavedPlan } from "./review-plan";
import { run } from "./run";

const COMMANDS: Readonly<Record<string, string>> = {
  synth: "synth",
  plan: "diff",
  drift: "diff",
  deploy: "deploy",
  destroy: "destroy",
};
const NO_CDKTF =
  "cdktf is not on PATH; install it in your project: npm install --save-dev --save-exact cdktf-cli@0.21.0";
/** The only stack with Cloudflare resources. */
const BOOTSTRAP_STACK = "bootstrap";

async function main(): Promise<number> {
  const [name = "", ...written] = process.argv.slice(2);
  const command = COMMANDS[name];
  if (command === undefined) {
    throw new Error(`"${name}" is not a command; use one of ${Object.keys(COMMANDS).join(", ")}`);
  }
  const { given, cluster } = takeCluster(written);
  if (command === "destroy" && given[0] === BOOTSTRAP_STACK) {
    throw new Error(
      "the state of the stack bootstrap is in the bucket that it would destroy; use npm run bootstrap -- destroy",
    );
  }
  if (command === "destroy" && process.env.HOSTS_DOWN) {
    // A destroy goes against the dependencies, so the option would leave nothing out.
    throw new Error(
      `HOSTS_DOWN=${process.env.HOSTS_DOWN} is set, and a destroy of everything needs all hosts; wait for them, or remove the other nodes from cluster.yaml and run npm run deploy`,
    );
  }
  if (asksForApproval(command, given) && !process.stdin.isTTY) {
    throw new Error(
      `${name} asks for approval, and there is no terminal to answer on; read what would change with npm run plan, then pass --auto-approve: npm run ${name} -- --auto-approve`,
    );
  }
  chooseCluster(cluster, process.env);
  const { TF_WORKSPACE } = process.env;
  if (command !== "synth" && TF_WORKSPACE && TF_WORKSPACE !== "default") {
    // In another workspace OpenTofu would find no state and plan to create everything.
    throw new Error(
      `TF_WORKSPACE=${TF_WORKSPACE} is set, but each stack has only one state, at the address in cluster.yaml; unset it, and use another cluster.yaml for another cluster`,
    );
  }
  await readSecrets(command, given);
  const stop = new AbortController();
  const abort = () => stop.abort();
  process.once("SIGINT", abort).once("SIGTERM", abort);
  const review = command === "diff" ? planOptions(given) : undefined;
  const args = withStack(command, review?.rest ?? given);
  const cloudflare = args[0] === BOOTSTRAP_STACK ? cloudflareFor(process.env) : undefined;
  const options = { report: console.error, signal: stop.signal, ...(cloudflare && { cloudflare }) };
  const env = command === "synth" ? await resolveForSynth(options) : (await resolveToolchain(options)).env;
  process.off("SIGINT", abort).off("SIGTERM", abort);

  const all = {
    ...process.env,
    ...env,
    // prevent_destroy would refuse. The user asked for it here, and cdktf asks for approval.
    ...(command === "destroy" && { ALLOW_REPLACE: "all", ALLOW_NEW_SECRETS: "all" }),
    ...(process.env.HOSTS_DOWN && leavingOutHostsDown(process.env)),
    ...withoutColours(process.env),
  };
  return review ? planAndReview(name, args, all, review) : runCdktf([command, ...args], all);
}

/** @throws SecretsError that names what is missing for the stack of the cluster, before anything runs */
async function readSecrets(command: string, given: readonly string[]): Promise<void> {
  if (given.some(isHelp)) return;
  // A synth needs no secret, and the id of the account can be one of them.
  if (command === "synth")
    return loadSecrets(process.env, { only: ["CLOUDFLARE_ACCOUNT_ID"], optional: true });
  await loadSecrets(process.env);
  const [stack = "cluster"] = given;
  if (stack !== "cluster" && !stack.startsWith("-")) return;
  const { state } = loadFromEnv({ env: process.env }).config;
  requireSecrets(neededVariables(state, process.env), process.env);
}

async function planAndReview(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  options: PlanOptions,
): Promise<number> {
  const plan = new SavedPlan(args);
  plan.remove();
  if (name === "drift") {
    // Nothing is written, and whoever deploys meanwhile is not kept waiting.
    const unlocked = { ...env, ...tofuOption(env, "plan", "-lock=false") };
    const code = await waiting("planning", () => runCdktf(["diff", ...args], unlocked, true));
    return code === 0 ? plan.reportDrift(options, env) : 1;
  }
  const diff = (quiet: boolean) => runCdktf(["diff", ...args], env, quiet);
  const code = options.format ? await waiting("planning", () => diff(true)) : await diff(false);
  return code === 0 ? plan.review(options, env) : code;
}

function leavingOutHostsDown(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...tofuOption(env, "plan", EXCLUDE_HOSTS_DOWN),
    ...tofuOption(env, "apply", EXCLUDE_HOSTS_DOWN),
  };
}

/** cdktf passes no options on to tofu, which also takes them from variables. The user's own options stay. */
function tofuOption(env: NodeJS.ProcessEnv, command: "plan" | "apply", option: string): NodeJS.ProcessEnv {
  const name = `TF_CLI_ARGS_${command}`;
  return { [name]: `${env[name] ?? ""} ${option}`.trim() };
}

/** Without a terminal, cdktf would end in a stack trace of what draws its question. */
function asksForApproval(command: string, given: readonly string[]): boolean {
  if (command !== "deploy" && command !== "destroy") return false;
  return !given.some((argument) => /^(--(auto-?approve|help|version)|-h)$/i.test(argument));
}

/** Takes `--cluster NAME` or `--cluster=NAME` out of the arguments; cdktf gets the others. */
function takeCluster(written: readonly string[]): { readonly given: string[]; readonly cluster?: string } {
  const index = written.findIndex((each) => /^--cluster(=|$)/.test(each));
  if (index < 0) return { given: [...written] };
  const [, joined] = /^--cluster=(.*)$/.exec(written[index] ?? "") ?? [];
  const given = written.toSpliced(index, joined === undefined ? 2 : 1);
  const cluster = joined ?? written[index + 1];
  if (!cluster || cluster.startsWith("-")) {
    throw new Error("--cluster has no name after it; write it like --cluster staging");
  }
  return { given, cluster };
}

/**
 * `synth` is for all stacks. The other commands are for the cluster, unless the first argument names a stack: `bootstrap`, or
 * another stack of the cluster, or the stack of any cluster by its id.
 */
function withStack(command: string, given: readonly string[]): readonly string[] {
  const [first, ...rest] = given;
  if (command === "synth" || first === BOOTSTRAP_STACK) return given;
  if (first === undefined || first.startsWith("-")) return [stackOf("cluster"), ...given];
  const stack = stackNames.find((each) => each === first);
  return stack === undefined ? given : [stackOf(stack), ...rest];
}

/** @throws ConfigError if there are several clusters, and none was chosen */
function stackOf(stack: StackName): string {
  return stackId(findClusterFiles({ clusterConfig: process.env.CLUSTER_CONFIG }).name, stack);
}

function isHelp(argument: string): boolean {
  return argument === "--help" || argument === "-h";
}

/** @param quiet shows what cdktf prints only where it fails */
function runCdktf(args: readonly string[], env: NodeJS.ProcessEnv, quiet = false): Promise<number> {
  const child = spawn("cdktf", args, { env, stdio: ["inherit", quiet ? "pipe" : "inherit", "inherit"] });
  let printed = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  // A terminal sends Ctrl-C to cdktf as well. A second SIGINT would make tofu exit without writing its state.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGHUP", () => child.kill("SIGHUP"));
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "ENOENT" ? new Error(NO_CDKTF) : error),
    );
    child.once("close", (code, signal) => {
      if (code !== 0) process.stderr.write(printed);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}

const [name = "synth", ...given] = process.argv.slice(2);
const help = cdktfHelp(name, COMMANDS[name] ?? name);
// The options are read by hand: most of them are cdktf's.
run(name, help, async () => {
  if (given.some(isHelp)) help.outputHelp();
  else process.exitCode = await main();
});
