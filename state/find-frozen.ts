import type { StateBackend } from "../config";
import type { StackName } from "../config/state-location";
import { StateError } from "./errors";
import { type FrozenStore, frozenIn, requireDroppable } from "./frozen";
import { MigrationJournal } from "./migration-journal";
import type { Project } from "./project";
import { findStores, openStackStore } from "./stack-store";

/**
 * The frozen states of the configured backend, which `unfreeze` opens.
 * @param stack all stacks, unless one is named
 * @throws StateError where nothing is frozen, or a migration was interrupted
 */
export async function findFrozen(project: Project, stack?: StackName): Promise<readonly FrozenStore[]> {
  requireNoMigration(project);
  return frozenIn(await findStores(project, { stack }));
}

/**
 * The frozen states that a migration left in `backend`, which `drop` removes.
 * @param stack all stacks, unless one is named
 * @throws StateError where nothing is frozen, a state would be lost with it, or a migration was interrupted
 */
export async function findDroppable(
  project: Project,
  backend: StateBackend,
  stack?: StackName,
): Promise<readonly FrozenStore[]> {
  if (backend === project.config.backend) {
    throw new StateError(
      `the states are kept in ${backend}`,
      "drop removes what a migration left in another backend",
    );
  }
  requireNoMigration(project);
  const frozen = await frozenIn(await findStores(project, { stack, at: backend }));
  for (const each of frozen) await requireDroppable(each, openStackStore(project, each.stack));
  return frozen;
}

function requireNoMigration({ files }: Project): void {
  if (!new MigrationJournal(files[0]).read()) return;
  throw new StateError(
    "a migration was interrupted here",
    "finish it, or take it back with npm run state -- migrate --abort",
  );
}
