// `npm run secrets -- <command>`: the secrets of a project, encrypted in secrets.sops.yaml.
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { Command, Option } from "commander";
import { ConfigError, loadFromEnv } from "../config";
import { SECRETS_FILE } from "../domain/secrets";
import { displayPath } from "../process/display-path";
import { table } from "../process/table";
import { waiting } from "../process/waiting";
import { ownKey } from "../secrets/age-key";
import { type CheckReport, checkSecrets } from "../secrets/check";
import { edit } from "../secrets/edit";
import { allVariables } from "../secrets/environment";
import { type Format, format, formats } from "../secrets/format";
import { type Initialized, initialize } from "../secrets/init";
import { neededVariables } from "../secrets/needed";
import { readEncryptedFile, secretsFolder, secretsPath } from "../secrets/secrets-file";
import type { SopsProps } from "../secrets/sops";
import { rotateTalosSecrets, talosSecretsPath } from "../secrets/talos-secrets-file";
import { rotate } from "../secrets/update";
import { resolveTool } from "../toolchain";
import { CLUSTER_OPTION, chooseCluster } from "./choose-cluster";
import { JSON_OPTION } from "./json-option";
import { sopsProps } from "./load-secrets";
import { run } from "./run";
import { checkTalos, clusterFiles } from "./secrets/check-talos";
import { addTalosCommand } from "./secrets/talos";

/** As with `tofu plan -detailed-exitcode`, 1 is an error and 2 is a finding. */
const EXIT = { good: 0, problems: 2 } as const;

/** Shows that sops is at work. It is found or made before that, which shows its own progress. */
async function withSops<T>(what: string, work: (props: SopsProps) => Promise<T>): Promise<T> {
  const props = sopsProps(process.env);
  // Without a file, the work says so at once.
  if (!hasFiles(props)) return work(props);
  const path = await props.sops();
  return waiting(what, () => work({ ...props, sops: async () => path }));
}

const hasFiles = ({ folder, env }: SopsProps): boolean =>
  [
    secretsPath(folder),
    ...clusterFiles(env, "all").map(({ clusterFile }) => talosSecretsPath(dirname(clusterFile))),
  ].some((path) => existsSync(path));

async function init({ age = [] }: { readonly age?: readonly string[] }): Promise<void> {
  const props = sopsProps(process.env);
  const recipients = async () => {
    if (age.length > 0) return age;
    const { path } = await resolveTool("age-keygen", { report: console.error });
    const key = ownKey(path, process.env);
    if (key.isNew) {
      console.log(`made a key in ${key.source}; keep a copy: without it nobody opens the secrets`);
    }
    return key.recipients;
  };
  printInitialized(await initialize({ ...props, recipients, named: age.length > 0 }));
}

function printInitialized({ config, file, origins }: Initialized): void {
  if (config) console.log(`wrote ${displayPath(config)}: who can read the secrets`);
  console.log(`wrote ${displayPath(file)}\n`);
  console.log(
    table(
      ["key", "value"],
      [...origins].map(([key, origin]) => [key, origin]),
    ),
  );
  if (origins.get("state_passphrase") === "generated") {
    console.log(
      "\nthe passphrase is a new one. if there is a state already, put the passphrase of that state in its place",
    );
  }
  console.log(`\nfill in what is empty: npm run secrets -- edit`);
  console.log(
    config
      ? `then commit .sops.yaml and ${SECRETS_FILE}: both can be read by anybody`
      : `then commit ${SECRETS_FILE}: it can be read by anybody`,
  );
}

async function editSecrets(): Promise<void> {
  if (!(await edit(sopsProps(process.env)))) return console.log("nothing was changed");
  const { problems } = await report(false);
  for (const problem of problems) console.error(`still: ${problem}`);
}

/** The secrets of Talos of every cluster, whose recipients are the same. */
async function rotateTalos(): Promise<void> {
  for (const { clusterFile } of clusterFiles(process.env, "all")) {
    const folder = dirname(clusterFile);
    if (await rotateTalosSecrets({ ...sopsProps(process.env), folder })) {
      console.log(`encrypted anew: ${displayPath(talosSecretsPath(folder))}`);
    }
  }
}

function report(withoutKey: boolean): Promise<CheckReport> {
  return withSops("checking the secrets", (props) =>
    checkSecrets({ ...props, needed: needed(), withoutKey }),
  );
}

/** What cluster.yaml needs; without one, what most projects need. */
function needed(): readonly string[] {
  try {
    return neededVariables(loadFromEnv({ env: process.env }).config.state, {});
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return ["PROXMOX_VE_API_TOKEN", "TF_VAR_state_passphrase"];
  }
}

async function check(options: { readonly json?: boolean; readonly key: boolean }): Promise<void> {
  const talos = await withSops("checking the secrets of Talos", (props) => checkTalos(props, !options.key));
  // Whoever gives all else by variables has no other file than that of Talos.
  const hasFile = existsSync(secretsPath(secretsFolder(process.env)));
  const found = hasFile || talos.length === 0 ? await report(!options.key) : undefined;
  const reports = [...(found ? [found] : []), ...talos];
  if (options.json) console.log(JSON.stringify({ ...found, talos }, null, 2));
  else reports.forEach(print);
  const hasProblems = reports.some(({ problems }) => problems.length > 0);
  process.exitCode = hasProblems ? EXIT.problems : EXIT.good;
}

function print({ file, recipients, keys, macHolds, problems, warnings }: CheckReport): void {
  const mac = { true: "holds", false: "does NOT hold", undefined: "not checked" }[`${macHolds}`];
  console.log(`${displayPath(file)}: MAC ${mac}`);
  console.log(`can be read by:\n${recipients.map((each) => `  ${each}`).join("\n")}`);
  console.log(`has: ${keys.join(", ") || "nothing"}`);
  for (const warning of warnings) console.log(`warning: ${warning}`);
  for (const problem of problems) console.log(`problem: ${problem}`);
  if (problems.length === 0) console.log("no problem found");
}

const program = new Command()
  .description(
    `manage the secrets of this project, which sops encrypts in ${SECRETS_FILE}. every command reads a secret from there, ` +
      "unless its environment variable is set",
  )
  .option(...CLUSTER_OPTION)
  .hook("preAction", (command) => chooseCluster(command.opts<{ cluster?: string }>().cluster, process.env))
  .addHelpText("afterAll", "\nexit codes: 0 done, 1 failed, 2 check has found a problem");
program
  .command("init")
  .description(
    "create .sops.yaml and the file, with the values of environment variables; nothing is overwritten",
  )
  .addOption(
    new Option("--age <recipient...>", "who can read the secrets").default(
      undefined,
      "your own key, generated if there is none",
    ),
  )
  .action(init);
program
  .command("edit")
  .description("open the secrets in $EDITOR, and encrypt them when it closes")
  .action(editSecrets);
program
  .command("check")
  .description(
    "check who can read the file, which keys are missing or unknown, and whether it is encrypted and unchanged; also the file of Talos",
  )
  .option("--no-key", "leave out what needs a key: the MAC and the values")
  .option(...JSON_OPTION)
  .action(check);
program
  .command("rotate")
  .description("encrypt the file with a new data key, for the recipients in .sops.yaml")
  .action(async () => {
    await withSops("encrypting the secrets anew", rotate);
    await rotateTalos();
    const recipients = readEncryptedFile(sopsProps(process.env).folder)?.recipients ?? [];
    console.log(`encrypted anew, for:\n${recipients.map((each) => `  ${each}`).join("\n")}`);
    console.log(
      "the secrets are the same: whoever could read them knows them, so make new ones after somebody has left",
    );
  });
program
  .command("env")
  .description("print the environment variables of all secrets, in plain text")
  .addOption(new Option("--format <format>", "for eval, or for a file").choices(formats).default("shell"))
  .action(async (options: { readonly format: Format }) => {
    console.log(format(await withSops("opening the secrets", allVariables), options.format));
  });
addTalosCommand(program);

run("secrets", program);
