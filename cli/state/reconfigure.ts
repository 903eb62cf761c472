import type { Command } from "commander";
import { loadProject } from "../../state/project";
import { reconfigure } from "../../state/reconfigure";

export function addReconfigureCommand(program: Command): void {
  program
    .command("reconfigure")
    .description("on another machine, after a migration: let the next plan use the new backend")
    .action(async () => {
      const stores = await reconfigure(loadProject(process.env, process.cwd()));
      console.log(`the next plan reads ${stores.map(({ store }) => store.address).join(", ")}`);
    });
}
