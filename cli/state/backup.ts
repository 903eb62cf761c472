import type { Command } from "commander";
import { waiting } from "../../process/waiting";
import { backUp } from "../../state/backup";
import { loadProject } from "../../state/project";
import { requireStores, type StateSelection } from "../../state/stack-store";
import { atOption, stackOption } from "./options";

export function addBackupCommand(program: Command): void {
  program
    .command("backup")
    .description("write all states into a new dated folder, with a manifest; r2 and local keep a version too")
    .argument("[folder]", "where the dated folder is made", ".")
    .addOption(stackOption())
    .addOption(atOption())
    .action(backup);
}

async function backup(folder: string, selection: StateSelection): Promise<void> {
  const project = loadProject(process.env, process.cwd());
  const now = new Date();
  const lines = await waiting("writing the states", async () =>
    backUp(await requireStores(project, selection), folder, now),
  );
  for (const line of lines) console.log(line);
}
