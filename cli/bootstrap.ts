// `npm run bootstrap`: the place for all states, made from code, with its own state in it at the end.
import { dirname, join, resolve } from "node:path";
import { Command, Option } from "commander";
import { type BootstrapProps, bootstrap, readBootstrapped } from "../bootstrap/bootstrap";
import { backendVariables } from "../bootstrap/credentials";
import { type Destroyed, destroy } from "../bootstrap/destroy";
import { type Format, format, formats, handedOver, instructions } from "../bootstrap/hand-over";
import { loadBootstrapSetting } from "../bootstrap/setting";
import { isSopsConfigured, SOPS_FILE, trySops, writeWithSops } from "../bootstrap/sops";
import { Workplace } from "../bootstrap/workplace";
import { confirm } from "../process/confirm";
import { displayPath } from "../process/display-path";
import { lockFolder } from "../process/lock-folder";
import { step } from "../process/step";
import { type Stop, stopOnSignal } from "../process/stop-on-signal";
import { cloudflareFor, resolveToolchain } from "../toolchain";

interface Options {
  readonly folder: string;
  readonly yes?: boolean;
}

interface DestroyOptions extends Options {
  readonly deleteStates?: boolean;
}

const DESTROYED: Readonly<Record<Destroyed, string>> = {
  done: "nothing of it is left in the account",
  declined: "nothing was changed",
  nothing: "there is nothing to destroy: the state has nothing of it any more",
};

const root = join(__dirname, "..");

/** What every command works with. */
async function prepare(
  options: Options,
  again: string,
  { signal }: Stop,
  purpose: "read" | "change" = "change",
): Promise<BootstrapProps> {
  const setting = loadBootstrapSetting(root, process.env, purpose);
  const { tofu, env } = await resolveToolchain({
    report: console.error,
    signal,
    cloudflare: cloudflareFor(process.env),
  });
  // OpenTofu lets everybody read what it writes.
  process.umask(0o077);
  return {
    root,
    setting,
    workplace: new Workplace(resolve(options.folder), setting.stateFile),
    tofu,
    env: { ...process.env, ...env, TF_IN_AUTOMATION: "1" },
    signal,
    again,
    approve: (plan) => approvePlan(plan, options, signal),
  };
}

async function approvePlan(plan: string, { yes }: Options, signal: AbortSignal): Promise<boolean> {
  console.log(`\n${plan}`);
  const question = "Carry this out?";
  const answer = yes || (await confirm(question, { signal }));
  if (answer === undefined) {
    throw new Error(`${question} nobody is there to say yes; run it in a terminal, or with --yes`);
  }
  return answer;
}

async function runBootstrap(options: Options, stop: Stop): Promise<void> {
  const props = await prepare(options, "npm run bootstrap", stop);
  const { setting, workplace } = props;
  const unlock = await lockFolder(workplace.root, "npm run bootstrap", stop.stop);
  try {
    const folder = dirname(resolve(setting.clusterFile));
    const usesSops = isSopsConfigured(folder);
    if (usesSops) {
      await step("Try sops", async ({ result }) => {
        const [known] = setting.place ? backendVariables(setting.place, setting.env) : [];
        await trySops(folder, format(handedOver(setting, {}, known ?? {}), "dotenv"));
        result(`it can write ${SOPS_FILE}`);
      });
    }
    const made = await bootstrap(props);
    if (!made) return console.log("\nnothing was changed");
    const variables = handedOver(setting, made.outputs, made.variables);
    const sopsFile = usesSops
      ? await step("sops", async ({ result }) => {
          const file = await writeWithSops(folder, format(variables, "dotenv"));
          result(displayPath(file));
          return file;
        })
      : undefined;
    console.log(`\n${instructions(setting, variables, made.workerUrl, sopsFile)}`);
  } finally {
    await unlock();
  }
}

async function runDestroy(options: DestroyOptions, stop: Stop): Promise<void> {
  const props = await prepare(options, "npm run bootstrap -- destroy", stop);
  const unlock = await lockFolder(props.workplace.root, "npm run bootstrap", stop.stop);
  try {
    const destroyed = await destroy({ ...props, deleteStates: options.deleteStates ?? false });
    console.log(`\n${DESTROYED[destroyed]}`);
  } finally {
    await unlock();
  }
}

async function printEnv(options: Options & { readonly format: Format }, stop: Stop): Promise<void> {
  const props = await prepare(options, "npm run bootstrap -- env", stop, "read");
  const unlock = await lockFolder(props.workplace.root, "npm run bootstrap", stop.stop);
  try {
    const made = await readBootstrapped(props);
    console.log(format(handedOver(props.setting, made.outputs, made.variables), options.format));
  } finally {
    await unlock();
  }
}

function program(stop: Stop): Command {
  const folder = new Option("--folder <path>", "where it works, and keeps its backups").default(".bootstrap");
  const command = new Command("npm run bootstrap --")
    .description("make the R2 buckets, the tfstate Worker and their token, or update them")
    // Options behind the name of a command are that command's.
    .enablePositionalOptions()
    .addOption(folder)
    .option("-y, --yes", "carry the plan out without asking")
    .action((options: Options) => runBootstrap(options, stop));
  command
    .command("env")
    .description("print what laptops and CI need in their environment, secrets included")
    .addOption(folder)
    .addOption(new Option("--format <format>", "for eval, or for a file").choices(formats).default("shell"))
    .action((options: Options & { readonly format: Format }) => printEnv(options, stop));
  command
    .command("destroy")
    .description("take everything back; its own state comes here first")
    .addOption(folder)
    .option("-y, --yes", "destroy without asking")
    .option("--delete-states", "delete the states of other stacks that are kept there, with all copies")
    .action((options: DestroyOptions) => runDestroy(options, stop));
  return command;
}

const stop = stopOnSignal();
program(stop)
  .parseAsync()
  .then(
    () => process.exit(0),
    (error: Error) => {
      console.error(
        `\n${stop.signal.aborted ? "stopped; run it again: it goes on from here" : error.message}`,
      );
      process.exit(stop.signal.aborted ? stop.exitCode() : 1);
    },
  );
