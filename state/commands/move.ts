import { type Command, InvalidArgumentError, Option } from "commander";
import type { StateBackend } from "../../config";
import { stateBackends } from "../../config/schema/state";
import { stackNames } from "../../config/state-places";
import { step } from "../../run/step";
import { confirm } from "../confirm";
import { Journal } from "../journal";
import { isFrozen, type LockInfo } from "../lock-info";
import { forgetBackend, Migration } from "../migrate";
import { LockedError, StateError } from "../problem";
import { chosenStores, loadSetting, type NamedStore, type Setting } from "../setting";
import { uninterrupted } from "../under-lock";
import { type Choice, stackOption, yesOption } from "./options";

interface MigrateOptions {
  readonly to?: StateBackend;
  readonly abort: boolean;
  readonly yes: boolean;
}

/** Commands that move all states from one backend to another. */
export function addMoveCommands(program: Command): void {
  program
    .command("migrate")
    .description(
      "move all states to another backend: freeze, copy, verify, switch cluster.yaml; cut off, run it again",
    )
    .addOption(new Option("--to <backend>", "where to").choices([...stateBackends]))
    .option("--abort", "take back a migration that was cut off before the switch", false)
    .addOption(yesOption())
    .action(async ({ to, abort, yes }: MigrateOptions) => {
      const setting = loadSetting(process.env, process.cwd());
      if ((to === undefined) !== abort)
        throw new StateError("migrate takes --to or --abort", "give one of them");
      await Migration.alone(setting, () => (to ? migrate(setting, to, yes) : abortMigration(setting, yes)));
    });

  program
    .command("drop")
    .description(
      "remove the frozen states that a migration left; versions of them are kept where there are any",
    )
    .requiredOption("--from <backend>", "the old backend", readBackend)
    .addOption(stackOption())
    .addOption(yesOption())
    .action(async ({ from, yes, stack }: Choice & { readonly from: StateBackend; readonly yes: boolean }) => {
      const setting = loadSetting(process.env, process.cwd());
      if (from === setting.config.backend) {
        throw new StateError(
          `the states are kept in ${from}`,
          "drop removes what a migration left elsewhere",
        );
      }
      const frozen = await frozenIn(await chosenStores(setting, { stack, at: from }));
      await confirm(`remove ${frozen.map(({ store }) => store.address).join(", ")}?`, yes);
      for (const { store, holder } of frozen) {
        await store.remove(holder);
        await store.thaw(holder);
        console.log(`${store.address} is gone; whoever still uses it finds no state there`);
      }
    });

  program
    .command("unfreeze")
    .description("open the states in the configured backend again, after cluster.yaml was set back by hand")
    .addOption(stackOption())
    .addOption(yesOption())
    .action(async ({ yes, stack }: Choice & { readonly yes: boolean }) => {
      const setting = loadSetting(process.env, process.cwd());
      if (new Journal(setting.files[0]).read()) {
        throw new StateError(
          "a migration was cut off here",
          "finish it, or npm run state -- migrate --abort",
        );
      }
      const frozen = await frozenIn(await chosenStores(setting, { stack }));
      for (const { store, holder } of frozen) console.log(`${store.address}: ${holder.Info}`);
      await confirm("what was written elsewhere since is not in these states. Open them?", yes);
      for (const { store, holder } of frozen) {
        await store.thaw(holder);
        console.log(`${store.address} is open`);
      }
    });

  program
    .command("reconfigure")
    .description("on another machine, after a migration: let the next plan use the new backend")
    .action(async () => {
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
      for (const stack of stackNames) forgetBackend(setting, stack);
      console.log(`the next plan reads ${stores.map(({ store }) => store.address).join(", ")}`);
    });
}

async function migrate(setting: Setting, to: StateBackend, yes: boolean): Promise<void> {
  const migration = await Migration.plan(setting, to);
  for (const line of migration.describe()) console.log(line);
  await confirm(`move the states from ${migration.from} to ${to}?`, yes);
  await uninterrupted(() =>
    migration.run(({ title, run }) =>
      step(title, async ({ result, say }) => {
        const [first = "", ...more] = (await run()).split("\n");
        for (const line of more) say(line);
        result(first);
      }),
    ),
  );
  const { STATE_BACKEND } = setting.env;
  if (STATE_BACKEND && STATE_BACKEND !== to) {
    console.log(`STATE_BACKEND=${STATE_BACKEND} is set here and wins over the file: unset it, in CI as well`);
  }
  console.log(
    `npm run plan goes on from here. elsewhere: take the new cluster.yaml, npm run state -- reconfigure`,
  );
  console.log(`once everyone has it: npm run state -- drop --from ${migration.from}`);
}

async function abortMigration(setting: Setting, yes: boolean): Promise<void> {
  const migration = Migration.resume(setting);
  await confirm(`go back to ${migration.from}?`, yes);
  await uninterrupted(() => migration.undo());
  console.log(`the states are in ${migration.from}, as before`);
}

interface FrozenStore extends NamedStore {
  readonly holder: LockInfo;
}

/** Of `stores`, those that a migration has frozen. @throws StateError where there is none */
async function frozenIn(stores: readonly NamedStore[]): Promise<readonly FrozenStore[]> {
  const frozen: FrozenStore[] = [];
  for (const named of stores) {
    const holder = await named.store.holder();
    if (holder && isFrozen(holder)) frozen.push({ ...named, holder });
  }
  if (frozen.length > 0) return frozen;
  const places = stores.map(({ store }) => store.address).join(", ") || "no state exists there";
  throw new StateError(
    `nothing is frozen (${places})`,
    "only what a migration has frozen can be opened or dropped",
  );
}

function readBackend(text: string): StateBackend {
  const backend = stateBackends.find((each) => each === text);
  if (backend) return backend;
  throw new InvalidArgumentError(`"${text}" is none of ${stateBackends.join(", ")}`);
}
