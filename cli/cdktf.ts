// `npm run synth|plan|deploy|destroy [-- arguments of cdktf]`: cdktf with the toolchain that the project is for.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { cloudflareFor, resolveForSynth, resolveToolchain } from "../toolchain";

const COMMANDS: Readonly<Record<string, string>> = {
  synth: "synth",
  plan: "diff",
  deploy: "deploy",
  destroy: "destroy",
};
const DEFAULT_STACK = "cluster";
/** The only stack that talks to Cloudflare by itself. */
const BOOTSTRAP_STACK = "bootstrap";

async function main(): Promise<number> {
  const [name = "", ...given] = process.argv.slice(2);
  const command = COMMANDS[name];
  if (command === undefined) {
    throw new Error(`"${name}" is not one of ${Object.keys(COMMANDS).join(", ")}`);
  }
  if (command === "destroy" && given[0] === BOOTSTRAP_STACK) {
    throw new Error("the stack bootstrap holds its own state: npm run bootstrap -- destroy");
  }
  const { TF_WORKSPACE } = process.env;
  if (command !== "synth" && TF_WORKSPACE && TF_WORKSPACE !== "default") {
    // There it would find no state, and plan to create everything.
    throw new Error(
      `TF_WORKSPACE=${TF_WORKSPACE} is set, and a stack has one state, where cluster.yaml says; unset it, and use another cluster.yaml for another cluster`,
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
    // A VM refuses to be destroyed in passing; here that is what was asked for, and cdktf lets the user approve.
    ...(command === "destroy" && { ALLOW_REPLACE: "all" }),
  });
}

/** `synth` is about all stacks; the others get the cluster unless a stack comes first. */
function withStack(command: string, given: readonly string[]): readonly string[] {
  const namesStack = given[0] !== undefined && !given[0].startsWith("-");
  return command === "synth" || namesStack ? given : [DEFAULT_STACK, ...given];
}

function runCdktf(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn("cdktf", args, { env, stdio: "inherit" });
  // A terminal sends Ctrl-C to cdktf as well, and a second one would make tofu stop without tidying up.
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
