// `npm run synth|plan|deploy|destroy [-- arguments of cdktf]`: runs cdktf with OpenTofu and its providers.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { EXCLUDE_HOSTS_DOWN } from "../domain/hosts-down";
import { cloudflareFor, resolveForSynth, resolveToolchain } from "../toolchain";

const COMMANDS: Readonly<Record<string, string>> = {
  synth: "synth",
  plan: "diff",
  deploy: "deploy",
  destroy: "destroy",
};
const DEFAULT_STACK = "cluster";
/** The only stack with Cloudflare resources. */
const BOOTSTRAP_STACK = "bootstrap";

async function main(): Promise<number> {
  const [name = "", ...given] = process.argv.slice(2);
  const command = COMMANDS[name];
  if (command === undefined) {
    throw new Error(`"${name}" is not a command; use one of ${Object.keys(COMMANDS).join(", ")}`);
  }
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
  const { TF_WORKSPACE } = process.env;
  if (command !== "synth" && TF_WORKSPACE && TF_WORKSPACE !== "default") {
    // In another workspace OpenTofu would find no state and plan to create everything.
    throw new Error(
      `TF_WORKSPACE=${TF_WORKSPACE} is set, but each stack has only one state, at the address in cluster.yaml; unset it, and use another cluster.yaml for another cluster`,
    );
  }
  const stop = new AbortController();
  const abort = () => stop.abort();
  process.once("SIGINT", abort).once("SIGTERM", abort);
  const args = withStack(command, given);
  const cloudflare = args[0] === BOOTSTRAP_STACK ? cloudflareFor(process.env) : undefined;
  const options = { report: console.error, signal: stop.signal, ...(cloudflare && { cloudflare }) };
  const env = command === "synth" ? await resolveForSynth(options) : (await resolveToolchain(options)).env;
  process.off("SIGINT", abort).off("SIGTERM", abort);

  return runCdktf([command, ...args], {
    ...process.env,
    ...env,
    // prevent_destroy would refuse. The user asked for it here, and cdktf asks for approval.
    ...(command === "destroy" && { ALLOW_REPLACE: "all" }),
    ...(process.env.HOSTS_DOWN && leavingOutHostsDown(process.env)),
  });
}

/** cdktf passes no options on to tofu, which also takes them from these variables. */
function leavingOutHostsDown(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = ["plan", "apply"].map((each) => `TF_CLI_ARGS_${each}`);
  return Object.fromEntries(names.map((name) => [name, `${env[name] ?? ""} ${EXCLUDE_HOSTS_DOWN}`.trim()]));
}

/** Without a terminal, cdktf would end in a stack trace of what draws its question. */
function asksForApproval(command: string, given: readonly string[]): boolean {
  if (command !== "deploy" && command !== "destroy") return false;
  return !given.some((argument) => /^(--(auto-?approve|help|version)|-h)$/i.test(argument));
}

/** `synth` is for all stacks. The other commands are for the cluster, unless the first argument names a stack. */
function withStack(command: string, given: readonly string[]): readonly string[] {
  const namesStack = given[0] !== undefined && !given[0].startsWith("-");
  return command === "synth" || namesStack ? given : [DEFAULT_STACK, ...given];
}

function runCdktf(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn("cdktf", args, { env, stdio: "inherit" });
  // A terminal sends Ctrl-C to cdktf as well. A second SIGINT would make tofu exit without writing its state.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGHUP", () => child.kill("SIGHUP"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    console.error(error.name === "AbortError" ? "stopped" : error.message);
    process.exitCode = 1;
  },
);
