#!/usr/bin/env node
// The program of the package: `cdktf-proxmox-talos NAME …` is `npm run NAME -- …` here.
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { Command } from "commander";
import { PACKAGE_ROOT } from "../process/package-root";
import { COMMANDS, type CommandEntry } from "./commands";
import { addCompletion } from "./completion";

const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8"));
const program = new Command("cdktf-proxmox-talos")
  .description("Talos Kubernetes clusters on Proxmox VE, from one cluster.yaml")
  .version(version)
  .enablePositionalOptions()
  .helpCommand(false)
  .configureHelp({ subcommandTerm: (command) => command.name() })
  .addHelpText(
    "after",
    "\nexit codes: 0 done, 1 an error; a command that has others names them in its --help\n" +
      "environment: NO_COLOR for no colours; colours are for terminals alone",
  );

for (const entry of COMMANDS) {
  program
    .command(entry.name)
    .description(entry.summary)
    .argument("[arguments...]")
    // Each command reads its own options, --help too.
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action((given: readonly string[]) => start(entry, given));
}
addCompletion(program);

/** Starts the file of a command, which reads its arguments as if it had been started itself. */
function start({ name, file = name, args = [] }: CommandEntry, given: readonly string[]): void {
  const path = join(__dirname, file);
  process.argv = [process.argv[0] ?? "", path, ...args, ...given];
  process.env.PATH = [...binFolders(process.cwd()), process.env.PATH].join(delimiter);
  require(path);
}

/** Where the programs of a project's packages are, cdktf too: npm puts these folders on PATH, a shell does not. */
function binFolders(folder: string): readonly string[] {
  const bin = join(folder, "node_modules/.bin");
  return dirname(folder) === folder ? [bin] : [bin, ...binFolders(dirname(folder))];
}

program.parse();
