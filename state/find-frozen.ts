import type { StackName } from "../config/state-location";
import type { LockHolder } from "../domain/lock-info";
import { StateError } from "./errors";
import { isFrozen } from "./locks";
import { MigrationJournal } from "./migration-journal";
import type { Project } from "./project";
import { findStores, type StackStore } from "./stack-store";

/** A place that a migration has frozen: the state is kept elsewhere, or was when it was frozen. */
export interface FrozenStore extends StackStore {
  readonly holder: LockHolder;
}

/**
 * The frozen states of the configured backend, which `unfreeze` opens.
 * @param stack all stacks, unless one is named
 * @throws StateError if nothing is frozen, or a migration was interrupted
 */
export async function findFrozen(project: Project, stack?: StackName): Promise<readonly FrozenStore[]> {
  requireNoMigration(project);
  return findFrozenAmong(await findStores(project, { stack }));
}

/** The stores that a migration has frozen. @throws StateError if there is none */
export async function findFrozenAmong(stores: readonly StackStore[]): Promise<readonly FrozenStore[]> {
  const frozen: FrozenStore[] = [];
  for (const each of stores) {
    const holder = await each.store.holder();
    if (holder && isFrozen(holder)) frozen.push({ ...each, holder });
  }
  if (frozen.length > 0) return frozen;
  const places = stores.map(({ store }) => store.address).join(", ") || "no state exists there";
  throw new StateError(
    `nothing is frozen (${places})`,
    "only what a migration has frozen can be opened or dropped",
  );
}

/** @throws StateError if a migration was interrupted in this folder */
export function requireNoMigration({ files }: Project): void {
  if (!new MigrationJournal(files[0]).read()) return;
  throw new StateError(
    "a migration was interrupted here",
    "finish it, or take it back with npm run state -- migrate --abort",
  );
}
