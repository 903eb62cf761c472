import type { Command } from "commander";
import { backUp, backupFolder } from "../../state/backup";
import { loadSetting } from "../../state/setting";
import { atOption, type Choice, stackOption, wanted } from "./options";

export function addBackupCommand(program: Command): void {
  program
    .command("backup")
    .description("write all states into a new dated folder, with a manifest; r2 and local keep a version too")
    .argument("[folder]", "where the dated folder is made", ".")
    .addOption(stackOption())
    .addOption(atOption())
    .action(async (folder: string, choice: Choice) => {
      const stores = await wanted(loadSetting(process.env, process.cwd()), choice);
      const now = new Date();
      for (const line of await backUp(stores, backupFolder(folder, now), now)) console.log(line);
    });
}
