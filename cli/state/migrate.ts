import { type Command, Option } from "commander";
import type { StateBackend } from "../../config";
import { STATE_BACKENDS } from "../../domain/state";
import { deferSignals } from "../../process/defer-signals";
import { step } from "../../process/step";
import { waiting } from "../../process/waiting";
import { StateError } from "../../state/errors";
import { Migration } from "../../state/migrate";
import { loadProject, type Project } from "../../state/project";
import { requireConfirmation } from "./confirm";
import { type YesOption, yesOption } from "./options";

interface MigrateOptions extends YesOption {
  readonly to?: StateBackend;
  readonly abort?: boolean;
}

export function addMigrateCommand(program: Command): void {
  program
    .command("migrate")
    .description(
      "move all states to another backend: freeze, copy, verify, switch cluster.yaml; if interrupted, run it again",
    )
    .addOption(new Option("--to <backend>", "the new backend").choices([...STATE_BACKENDS]))
    .option("--abort", "undo a migration that was interrupted before the switch")
    .addOption(yesOption())
    .action(async ({ to, abort = false, yes }: MigrateOptions) => {
      const project = loadProject(process.env, process.cwd());
      if ((to === undefined) !== abort) {
        throw new StateError("migrate takes --to or --abort", "give one of them");
      }
      await Migration.runExclusive(project, () =>
        to ? migrate(project, to, yes) : abortMigration(project, yes),
      );
    });
}

async function migrate(project: Project, to: StateBackend, yes?: boolean): Promise<void> {
  const { migration, lines } = await waiting("reading the states in both places", async () => {
    const planned = await Migration.plan(project, to);
    return { migration: planned, lines: await planned.describe() };
  });
  for (const line of lines) console.log(line);
  await requireConfirmation(`move the states from ${migration.from} to ${to}?`, yes);
  await deferSignals(() =>
    migration.run(({ title, run }) =>
      step(title, async ({ result, say }) => {
        const [first = "", ...more] = (await run()).split("\n");
        for (const line of more) say(line);
        result(first);
      }),
    ),
  );
  const { STATE_BACKEND } = project.env;
  if (STATE_BACKEND && STATE_BACKEND !== to) {
    console.log(`STATE_BACKEND=${STATE_BACKEND} is set here and wins over the file: unset it, in CI as well`);
  }
  console.log(
    "npm run plan works here now. on other machines: take the new cluster.yaml, npm run state -- reconfigure",
  );
  console.log(`once everyone has it: npm run state -- drop --from ${migration.from}`);
}

async function abortMigration(project: Project, yes?: boolean): Promise<void> {
  const migration = Migration.resume(project);
  await requireConfirmation(`take the migration back to ${migration.from}?`, yes);
  const undo = () => step("take the migration back", () => migration.undo());
  console.log(await deferSignals(undo));
}
