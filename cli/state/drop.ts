import { type Command, Option } from "commander";
import type { StateBackend } from "../../config";
import { STATE_BACKENDS } from "../../domain/state";
import { deferSignals } from "../../process/defer-signals";
import { step } from "../../process/step";
import { waiting } from "../../process/waiting";
import { drop, findDroppable } from "../../state/drop";
import { loadProject } from "../../state/project";
import { openStackStore, type StateSelection } from "../../state/stack-store";
import { requireConfirmation } from "./confirm";
import { stackOption, type YesOption, yesOption } from "./options";

type DropOptions = Pick<StateSelection, "stack"> & YesOption & { readonly from: StateBackend };

export function addDropCommand(program: Command): void {
  program
    .command("drop")
    .description("remove the frozen states that a migration left; each is kept as a version first")
    .addOption(
      new Option("--from <backend>", "the old backend").choices([...STATE_BACKENDS]).makeOptionMandatory(),
    )
    .addOption(stackOption())
    .addOption(yesOption())
    .action(dropFrozen);
}

async function dropFrozen({ from, yes, stack }: DropOptions): Promise<void> {
  const project = loadProject(process.env, process.cwd());
  const frozen = await waiting(`looking for frozen states in ${from}`, () =>
    findDroppable(project, from, stack),
  );
  await requireConfirmation(`remove ${frozen.map(({ store }) => store.address).join(", ")}?`, yes);
  for (const each of frozen) {
    await deferSignals(() =>
      step(`remove ${each.store.address}`, () => drop(each, openStackStore(project, each.stack))),
    );
    console.log(`${each.store.address} is removed; clients that still use it find no state there`);
  }
}
