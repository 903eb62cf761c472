import type { Command } from "commander";
import { waiting } from "../../process/waiting";
import { loadProject } from "../../state/project";
import { reconfigure } from "../../state/reconfigure";

export function addReconfigureCommand(program: Command): void {
  program
    .command("reconfigure")
    .description("let the next plan use the new backend, on another machine after a migration")
    .action(async () => {
      const project = loadProject(process.env, process.cwd());
      const stores = await waiting("looking for states", () => reconfigure(project));
      console.log(`the next plan reads ${stores.map(({ store }) => store.address).join(", ")}`);
    });
}
