// `npm run tofu -- <arguments>`: OpenTofu in the folder of a stack, with the toolchain and the secrets of the project.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { Command, Option } from "commander";
import { ConfigError } from "../config";
import { type StackName, stackNames } from "../config/state-location";
import { displayPath } from "../process/display-path";
import { passSignals } from "../process/pass-signals";
import { stateVariables } from "../secrets/needed";
import { loadProject, stackFolder } from "../state/project";
import { cloudflareFor, resolveToolchain } from "../toolchain";
import { CLUSTER_OPTION, chooseCluster } from "./choose-cluster";
import { loadSecrets, requireSecrets } from "./load-secrets";
import { loadTalosSecrets } from "./load-talos-secrets";
import { run } from "./run";

interface Options {
  readonly cluster?: string;
  readonly stack: StackName;
}

/** What changes the cluster, and the command that judges its plan before. */
const JUDGED: Readonly<Record<string, string>> = { apply: "npm run deploy", destroy: "npm run destroy" };

async function tofu(args: readonly string[], { cluster, stack }: Options): Promise<number> {
  const instead = args.map((each) => JUDGED[each]).find(Boolean);
  if (instead)
    throw new ConfigError([{ text: `this would change things without a judged plan; use ${instead}` }]);
  chooseCluster(cluster, process.env);
  await loadSecrets(process.env);
  if (stack === "cluster") await loadTalosSecrets(process.env);
  const project = loadProject(process.env, process.cwd());
  requireSecrets(stateVariables(project.config, process.env), process.env);
  const cwd = stackFolder(project, stack);
  if (!existsSync(cwd)) {
    throw new ConfigError([
      { at: { file: displayPath(cwd) }, text: "the stack is not synthesized yet; npm run synth does it" },
    ]);
  }
  const cloudflare = stack === "bootstrap" ? cloudflareFor(process.env) : undefined;
  const toolchain = await resolveToolchain({ report: console.error, ...(cloudflare && { cloudflare }) });
  const env = { ...process.env, ...toolchain.env, TF_WORKSPACE: undefined, TF_DATA_DIR: undefined };
  const child = spawn(toolchain.tofu, args, { cwd, env, stdio: "inherit" });
  passSignals(child);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

const program = new Command()
  .description("run OpenTofu in the folder of a synthesized stack, such as: tofu output node_vm_ids")
  .option(...CLUSTER_OPTION)
  .addOption(new Option("--stack <name>", "one stack of the cluster").choices(stackNames).default("cluster"))
  .argument("<arguments...>", "the command of OpenTofu, with its arguments")
  .addHelpText(
    "after",
    "\nexit codes: 0 done, 1 an error, also if OpenTofu could not be started; otherwise that of OpenTofu",
  )
  // Everything from the first word on is for OpenTofu.
  .passThroughOptions()
  .action(async (args: readonly string[], options: Options) => {
    process.exitCode = await tofu(args, options);
  });
run("tofu", program);
