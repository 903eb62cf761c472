import { type Command, Option } from "commander";
import type { StateBackend } from "../../config";
import { STATE_BACKENDS } from "../../domain/state";
import { step } from "../../process/step";
import { Migration } from "../../state/migrate";
import { StateError } from "../../state/problem";
import { loadSetting, type Setting } from "../../state/setting";
import { uninterrupted } from "../../state/under-lock";
import { requireConfirmation } from "./confirm";
import { yesOption } from "./options";

interface MigrateOptions {
  readonly to?: StateBackend;
  readonly abort: boolean;
  readonly yes: boolean;
}

/** The command that moves all states from one backend to another. */
export function addMigrateCommand(program: Command): void {
  program
    .command("migrate")
    .description(
      "move all states to another backend: freeze, copy, verify, switch cluster.yaml; cut off, run it again",
    )
    .addOption(new Option("--to <backend>", "where to").choices([...STATE_BACKENDS]))
    .option("--abort", "take back a migration that was cut off before the switch", false)
    .addOption(yesOption())
    .action(async ({ to, abort, yes }: MigrateOptions) => {
      const setting = loadSetting(process.env, process.cwd());
      if ((to === undefined) !== abort)
        throw new StateError("migrate takes --to or --abort", "give one of them");
      await Migration.alone(setting, () => (to ? migrate(setting, to, yes) : abortMigration(setting, yes)));
    });
}

async function migrate(setting: Setting, to: StateBackend, yes: boolean): Promise<void> {
  const migration = await Migration.plan(setting, to);
  for (const line of await migration.describe()) console.log(line);
  await requireConfirmation(`move the states from ${migration.from} to ${to}?`, yes);
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
  await requireConfirmation(`go back to ${migration.from}?`, yes);
  console.log(await uninterrupted(() => migration.undo()));
}
