// `npm run bootstrap`: makes the R2 buckets, the tfstate Worker and the S3 key pair for the states of all stacks.
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { Account } from "../bootstrap/account";
import { type BootstrapProps, bootstrap, readBootstrapped } from "../bootstrap/bootstrap";
import { type Destroyed, destroy } from "../bootstrap/destroy";
import { clientVariables, instructions, secretsToKeep } from "../bootstrap/export-env";
import { loadBootstrapSettings } from "../bootstrap/settings";
import type { Plan } from "../bootstrap/stack";
import { WorkDir } from "../bootstrap/work-dir";
import { SECRETS_FILE } from "../domain/secrets";
import { reviewPlan, textOf } from "../plan";
import { confirm } from "../process/confirm";
import { lockFolder } from "../process/lock-folder";
import { step } from "../process/step";
import { stopOnSignal } from "../process/stop-on-signal";
import { type Format, format, formats } from "../secrets/format";
import { findSopsConfig } from "../secrets/secrets-file";
import { encryptChanges, writeSecrets } from "../secrets/update";
import { cloudflareFor, resolveToolchain } from "../toolchain";
import { loadSecrets, sopsProps } from "./load-secrets";
import { run } from "./run";

interface Options {
  readonly folder: string;
  readonly yes?: boolean;
  readonly wholePlan?: boolean;
}

interface BootstrapOptions extends Options {
  readonly adopt: readonly string[];
}

interface DestroyOptions extends Options {
  readonly deleteStates?: boolean;
}

interface EnvOptions extends Options {
  readonly format: Format;
}

const DESTROYED: Readonly<Record<Destroyed, string>> = {
  done: "nothing of it is left in the account",
  declined: "nothing was changed",
  nothing: "there is nothing to destroy: the account has no resource of this bootstrap",
};

const stop = stopOnSignal();

/** Runs a command in the work dir, while no other command runs in it. */
async function inWorkDir(
  options: Options,
  command: string,
  purpose: "read" | "change",
  work: (props: BootstrapProps) => Promise<void>,
): Promise<void> {
  const { signal } = stop;
  await loadSecrets(process.env, { signal });
  const settings = loadBootstrapSettings(process.env, purpose);
  const { tofu, env } = await resolveToolchain({
    report: console.error,
    signal,
    cloudflare: cloudflareFor(process.env),
  });
  // Without this, files that OpenTofu writes are readable by everybody.
  process.umask(0o077);
  const workDir = new WorkDir(resolve(options.folder));
  const unlock = await lockFolder(workDir.root, "npm run bootstrap", { signal });
  try {
    await work({
      root: process.cwd(),
      settings,
      workDir,
      account: new Account(settings.bootstrap, process.env, signal),
      tofu,
      env: { ...process.env, ...env, TF_IN_AUTOMATION: "1" },
      signal,
      again: `npm run bootstrap${command}`,
      approve: (plan) => approve(plan, options),
      describePlan: (plan) => describePlan(plan, options),
    });
  } finally {
    unlock();
  }
}

/** Every change, by address; with `--whole-plan`, what OpenTofu says of it comes before. */
function describePlan({ whole, json }: Plan, { wholePlan }: Options): string {
  // What `deploy` refuses are losses of nodes. Here, whoever reads the plan judges it.
  const summary = { ...reviewPlan(json), refused: [], allowed: [] };
  const text = textOf(summary, { byNode: false });
  return wholePlan ? `${whole}\n${text}` : `${text}\n(--whole-plan shows what OpenTofu says of it)`;
}

async function approve(plan: string, { yes }: Options): Promise<boolean> {
  console.log(`\n${plan}`);
  const question = "Carry this out?";
  const answer = yes || (await confirm(question, { signal: stop.signal }));
  if (answer === undefined) {
    throw new Error(`${question} nobody is there to say yes; run it in a terminal, or with --yes`);
  }
  return answer;
}

async function runBootstrap(props: BootstrapProps): Promise<void> {
  const { settings } = props;
  const { folder } = settings;
  const usesSops = findSopsConfig(folder) !== undefined;
  const sops = { ...sopsProps(process.env, stop.signal), folder };
  if (usesSops) {
    await step("Try sops", async ({ result }) => {
      // Encrypts now what is written at the end, so that a mistake in .sops.yaml is found before anything is made.
      await encryptChanges(sops, secretsToKeep(settings, { s3SecretAccessKey: "probe" }));
      result(`it can write ${SECRETS_FILE}`);
    });
  }
  const made = await bootstrap(props);
  if (!made) return console.log("\nstopped: the plan was not approved");
  const variables = clientVariables(settings, made.outputs);
  const sopsFile = usesSops
    ? await step("sops", async ({ result }) => {
        const encrypted = await encryptChanges(sops, secretsToKeep(settings, made.outputs));
        if (encrypted) writeSecrets(folder, encrypted);
        result(`${SECRETS_FILE} ${encrypted ? "is written" : "has it all"}`);
        return SECRETS_FILE;
      })
    : undefined;
  console.log(`\n${instructions(settings, variables, made.workerUrl, sopsFile)}`);
}

function program(): Command {
  const folder = new Option("--folder <path>", "folder for logs and encrypted copies").default(".bootstrap");
  const wholePlan = new Option("--whole-plan", "show OpenTofu's plan too, with all attributes");
  const adopt = new Option(
    "--adopt <name>",
    "take over an existing resource that the marker does not list, such as worker/tfstate",
  )
    .default([] as readonly string[], "nothing")
    .argParser((name: string, others: readonly string[]) => [...others, name]);
  const command = new Command()
    .description("create the R2 buckets, the tfstate Worker and their token, or update them")
    // Options after the name of a subcommand belong to that subcommand.
    .enablePositionalOptions()
    .addOption(folder)
    .addOption(adopt)
    .addHelpText(
      "afterAll",
      "\nexit codes: 0 done, or the plan was not approved; 1 an error; 128 plus its number after a signal",
    )
    .option("-y, --yes", "apply without asking")
    .addOption(wholePlan)
    .action((options: BootstrapOptions) =>
      inWorkDir(options, "", "change", (props) => runBootstrap({ ...props, adopt: options.adopt })),
    );
  command
    .command("env")
    .description("print the environment variables that laptops and CI need, secrets included")
    .addOption(folder)
    .addOption(new Option("--format <format>", "for eval, or for a file").choices(formats).default("shell"))
    .action((options: EnvOptions) =>
      inWorkDir(options, " -- env", "read", async (props) => {
        const { outputs } = await readBootstrapped(props);
        console.log(format(clientVariables(props.settings, outputs), options.format));
      }),
    );
  command
    .command("destroy")
    .description("destroy everything that the bootstrap has made, the state bucket last")
    .addOption(folder)
    .option("-y, --yes", "destroy without asking")
    .addOption(wholePlan)
    .option("--delete-states", "also delete the states of other stacks in the bucket, with all backups")
    .action((options: DestroyOptions) =>
      inWorkDir(options, " -- destroy", "change", async (props) => {
        const destroyed = await destroy({ ...props, deleteStates: options.deleteStates ?? false });
        console.log(`\n${DESTROYED[destroyed]}`);
      }),
    );
  return command;
}

const command = program();
run("bootstrap", command, async () => {
  try {
    await command.parseAsync();
    process.exit(0);
  } catch (error) {
    const isStopped = stop.signal.aborted;
    console.error(
      `\n${isStopped ? "stopped; run it again: it goes on from here" : (error as Error).message}`,
    );
    process.exit(isStopped ? stop.exitCode() : 1);
  }
});
