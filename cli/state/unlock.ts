import type { Command } from "commander";
import { waiting } from "../../process/waiting";
import { describeHolder } from "../../state/describe";
import { findLock } from "../../state/find-lock";
import { loadProject } from "../../state/project";
import { requireStores, type StateSelection } from "../../state/stack-store";
import { requireConfirmation } from "./confirm";
import { atOption, stackOption, type YesOption, yesOption } from "./options";

export function addUnlockCommand(program: Command): void {
  program
    .command("unlock")
    .description("remove a lock that was left behind; first make sure that its holder has ended")
    .argument("<lock id>")
    .addOption(stackOption())
    .addOption(atOption())
    .addOption(yesOption())
    .action(unlock);
}

async function unlock(id: string, { yes, ...selection }: StateSelection & YesOption): Promise<void> {
  const project = loadProject(process.env, process.cwd());
  const { store, holder } = await waiting("looking for the lock", async () =>
    findLock(await requireStores(project, selection), id),
  );
  const whose = holder ? describeHolder(holder) : "a process that has ended";
  await requireConfirmation(`break the lock of ${whose} on ${store.address}?`, yes);
  await waiting("breaking the lock", () => store.breakLock(id));
  console.log(`${store.address} is unlocked`);
}
