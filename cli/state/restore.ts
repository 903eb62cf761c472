import type { Command } from "commander";
import { step } from "../../process/step";
import { waiting } from "../../process/waiting";
import { describeState } from "../../state/describe";
import { StateError } from "../../state/errors";
import { loadProject, type Project } from "../../state/project";
import { readRestorations, readVersion, restoreSaved, restoreVersion } from "../../state/restore";
import { describeSnapshot } from "../../state/snapshot";
import { requireOneStore, type StateSelection } from "../../state/stack-store";
import { requireConfirmation } from "./confirm";
import { atOption, type ForceOption, forceOption, stackOption, type YesOption, yesOption } from "./options";

type RestoreOptions = StateSelection & YesOption & ForceOption;

export function addRestoreCommand(program: Command): void {
  program
    .command("restore")
    .description("make an older state current again, byte for byte: a version, or a backup with --from")
    .argument("[id]", "of a version, as versions lists it")
    .option("--from <folder>", "a folder that backup has written")
    .addOption(stackOption())
    .addOption(atOption())
    .addOption(forceOption())
    .addOption(yesOption())
    .action(restore);
}

async function restore(
  id: string | undefined,
  { from, ...options }: RestoreOptions & { readonly from?: string },
): Promise<void> {
  const project = loadProject(process.env, process.cwd());
  if (id !== undefined && from === undefined) return fromVersion(project, id, options);
  if (id === undefined && from !== undefined) return fromBackup(project, from, options);
  throw new StateError("restore takes the id of a version, or --from <folder>", "give one of them");
}

async function fromVersion(
  project: Project,
  id: string,
  { yes, force, ...selection }: RestoreOptions,
): Promise<void> {
  const { store, version, now } = await waiting(`reading version ${id}`, async () => {
    const one = await requireOneStore(project, selection);
    const version = await readVersion(project, one.store, id, force);
    return { store: one.store, version, now: await describeState(one.store) };
  });
  await requireConfirmation(`replace ${now} by ${describeSnapshot(version)}?`, yes);
  await step(`restore ${id} in ${store.address}`, async ({ result }) => {
    await restoreVersion(store, id);
    result(await describeState(store));
  });
}

async function fromBackup(
  project: Project,
  folder: string,
  { yes, force, ...selection }: RestoreOptions,
): Promise<void> {
  const restorations = readRestorations(project, folder, selection);
  for (const { store, state } of restorations) {
    const now = await waiting(`reading ${store.address}`, () => describeState(store));
    console.log(`${now} becomes ${describeSnapshot(state)}`);
  }
  await requireConfirmation("restore?", yes);
  for (const each of restorations) {
    await step(`restore ${each.store.address}`, async ({ result }) => {
      await restoreSaved(project, each, force);
      result(await describeState(each.store));
    });
  }
}
