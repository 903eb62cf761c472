import { type Command, InvalidArgumentError } from "commander";
import type { StateBackend } from "../../config";
import { stateBackends } from "../../config/schema/state";
import { movableStacks } from "../../config/state-location";
import { drop, frozenIn, requireDroppable } from "../../state/frozen";
import { Journal } from "../../state/journal";
import { isFrozen } from "../../state/lock-info";
import { forgetBackend } from "../../state/migrate";
import { LockedError, StateError } from "../../state/problem";
import { chosenStores, loadSetting, type Setting, storeOf } from "../../state/setting";
import { uninterrupted } from "../../state/under-lock";
import { requireConfirmation } from "./confirm";
import { type Choice, stackOption, yesOption } from "./options";

interface DropOptions extends Choice {
  readonly from: StateBackend;
  readonly yes: boolean;
}

/** Commands for the time after a migration: what it has frozen, and the machines that have not seen it. */
export function addFrozenCommands(program: Command): void {
  program
    .command("drop")
    .description(
      "remove the frozen states that a migration left; versions of them are kept where there are any",
    )
    .requiredOption("--from <backend>", "the old backend", readBackend)
    .addOption(stackOption())
    .addOption(yesOption())
    .action(dropFrozen);
  program
    .command("unfreeze")
    .description("open the states in the configured backend again, after cluster.yaml was set back by hand")
    .addOption(stackOption())
    .addOption(yesOption())
    .action(unfreeze);
  program
    .command("reconfigure")
    .description("on another machine, after a migration: let the next plan use the new backend")
    .action(reconfigure);
}

async function dropFrozen({ from, yes, stack }: DropOptions): Promise<void> {
  const setting = loadSetting(process.env, process.cwd());
  if (from === setting.config.backend) {
    throw new StateError(`the states are kept in ${from}`, "drop removes what a migration left elsewhere");
  }
  requireNoMigration(setting);
  const frozen = await frozenIn(await chosenStores(setting, { stack, at: from }));
  for (const each of frozen) await requireDroppable(each, storeOf(setting, each.stack));
  await requireConfirmation(`remove ${frozen.map(({ store }) => store.address).join(", ")}?`, yes);
  for (const each of frozen) {
    await uninterrupted(() => drop(each, storeOf(setting, each.stack)));
    console.log(`${each.store.address} is gone; whoever still uses it finds no state there`);
  }
}

async function unfreeze({ yes, stack }: Choice & { readonly yes: boolean }): Promise<void> {
  const setting = loadSetting(process.env, process.cwd());
  requireNoMigration(setting);
  const frozen = await frozenIn(await chosenStores(setting, { stack }));
  for (const { store, holder } of frozen) console.log(`${store.address}: ${holder.Info}`);
  await requireConfirmation("what was written elsewhere since is not in these states. Open them?", yes);
  for (const { store, holder } of frozen) {
    await store.thaw(holder);
    console.log(`${store.address} is open`);
  }
}

async function reconfigure(): Promise<void> {
  const setting = loadSetting(process.env, process.cwd());
  const stores = await chosenStores(setting, {});
  if (stores.length === 0) {
    throw new StateError(
      `${setting.config.backend} has no state at all`,
      "a plan would create everything again: is cluster.yaml the newest one?",
    );
  }
  for (const { store } of stores) {
    const holder = await store.holder();
    if (holder && isFrozen(holder))
      throw new LockedError(store.address, holder, "get the newest cluster.yaml");
  }
  for (const stack of movableStacks) forgetBackend(setting, stack);
  console.log(`the next plan reads ${stores.map(({ store }) => store.address).join(", ")}`);
}

function requireNoMigration({ files }: Setting): void {
  if (!new Journal(files[0]).read()) return;
  throw new StateError("a migration was cut off here", "finish it, or npm run state -- migrate --abort");
}

function readBackend(text: string): StateBackend {
  const backend = stateBackends.find((each) => each === text);
  if (backend) return backend;
  throw new InvalidArgumentError(`"${text}" is none of ${stateBackends.join(", ")}`);
}
