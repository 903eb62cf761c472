import tab from "@bomb.sh/tab/commander";
import type { Command } from "commander";
import { findClusters } from "../config/find-files";
import { COMMANDS } from "./commands";
import { describeProgram } from "./run";

/** What the scripts of the shells call, with the words of the line after `--`. */
const ASKED_BY_SHELL = "complete";

/** Adds `completion bash|zsh|fish`, which prints the script of a shell. */
export function addCompletion(program: Command): void {
  const [asked, , name] = process.argv.slice(2);
  if (asked === ASKED_BY_SHELL) describeInDetail(program, name);
  tab(program, { completionCommandName: "completion" });
  program.commands
    .find((each) => each.name() === "completion")
    ?.description("print a script for a shell, which completes commands, options and clusters")
    .addHelpText(
      "after",
      '\nexit codes: 0 printed, 1 an error\nexample: eval "$(cdktf-proxmox-talos completion bash)"',
    );
}

/** Replaces the entry of the command that is being typed by one with its options and subcommands. */
function describeInDetail(program: Command, name: string | undefined): void {
  const entry = COMMANDS.find((each) => each.name === name);
  if (entry === undefined) return;
  const command = describeProgram(entry.file ?? entry.name, entry.args).name(entry.name);
  const cluster = command.options.find(({ long }) => long === "--cluster");
  if (cluster) {
    cluster.argChoices = clusterNames();
    for (const each of command.commands) each.addOption(cluster);
  }
  (program.commands as Command[]).splice(COMMANDS.indexOf(entry), 1, command);
}

/** None where the files cannot be read: this is no place for an error. */
function clusterNames(): string[] {
  try {
    const { all } = findClusters({ clusterConfig: process.env.CLUSTER_CONFIG });
    return all.flatMap(({ name }) => name ?? []);
  } catch {
    return [];
  }
}
