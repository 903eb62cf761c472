import type { Command } from "commander";
import { waiting } from "../../process/waiting";
import { findFrozen } from "../../state/find-frozen";
import { loadProject } from "../../state/project";
import type { StateSelection } from "../../state/stack-store";
import { requireConfirmation } from "./confirm";
import { stackOption, type YesOption, yesOption } from "./options";

export function addUnfreezeCommand(program: Command): void {
  program
    .command("unfreeze")
    .description("open the frozen states of the configured backend, after cluster.yaml was set back by hand")
    .addOption(stackOption())
    .addOption(yesOption())
    .action(unfreeze);
}

async function unfreeze({ yes, stack }: Pick<StateSelection, "stack"> & YesOption): Promise<void> {
  const project = loadProject(process.env, process.cwd());
  const frozen = await waiting("looking for frozen states", () => findFrozen(project, stack));
  for (const { store, holder } of frozen) console.log(`${store.address}: ${holder.Info}`);
  await requireConfirmation(
    "these states lack what was written elsewhere since the migration. Open them?",
    yes,
  );
  for (const { store, holder } of frozen) {
    await waiting(`opening ${store.address}`, () => store.unfreeze(holder));
    console.log(`${store.address} is open`);
  }
}
