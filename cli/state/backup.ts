import type { Command } from "commander";
import { backUp, backupFolder } from "../../state/backup";
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
  const stores = await requireStores(loadProject(process.env, process.cwd()), selection);
  const now = new Date();
  for (const line of await backUp(stores, backupFolder(folder, now), now)) console.log(line);
}
