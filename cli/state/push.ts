import type { Command } from "commander";
import { step } from "../../process/step";
import { waiting } from "../../process/waiting";
import { describeState } from "../../state/describe";
import { loadProject } from "../../state/project";
import { readStateFile, replaceState, whyEncrypted } from "../../state/replace";
import { describeSnapshot } from "../../state/snapshot";
import { requireOneStore, type StateSelection } from "../../state/stack-store";
import { requireConfirmation } from "./confirm";
import { type ForceOption, forceOption, stackOption, type YesOption, yesOption } from "./options";

type PushOptions = Pick<StateSelection, "stack"> & YesOption & ForceOption;

export function addPushCommand(program: Command): void {
  program
    .command("push")
    .description("replace a state by a file, under its lock; the old state is kept as a version")
    .argument("<file>", "a state, as pull has written it")
    .addOption(stackOption())
    .addOption(forceOption())
    .addOption(yesOption())
    .action(push);
}

async function push(file: string, { yes, force, stack }: PushOptions): Promise<void> {
  const project = loadProject(process.env, process.cwd());
  const next = readStateFile(file);
  const { store, now } = await waiting("reading the state", async () => {
    const one = await requireOneStore(project, { stack });
    return { store: one.store, now: await describeState(one.store) };
  });
  await requireConfirmation(`replace ${now} by ${describeSnapshot(next)}?`, yes);
  await step(`push ${file} to ${store.address}`, async ({ result }) => {
    await replaceState(store, next, { operation: "state push", force, mustEncrypt: whyEncrypted(project) });
    result(await describeState(store));
  });
}
