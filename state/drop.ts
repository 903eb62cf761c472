import type { StateBackend } from "../config";
import type { StackName } from "../config/state-location";
import { LockedError, StateError } from "./errors";
import { type FrozenStore, findFrozenAmong, requireNoMigration } from "./find-frozen";
import { isFreezeWithoutLock, isFrozen, newFreeze } from "./locks";
import type { Project } from "./project";
import { describeSnapshot, snapshot } from "./snapshot";
import { findStores, openStackStore } from "./stack-store";
import type { StateStore } from "./store";

/**
 * The frozen states that a migration left in `backend`.
 * @param stack all stacks, unless one is named
 * @throws StateError if nothing is frozen, a state would be lost with it, or a migration was interrupted
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
  const frozen = await findFrozenAmong(await findStores(project, { stack, at: backend }));
  for (const each of frozen) await requireDroppable(each, openStackStore(project, each.stack));
  return frozen;
}

/**
 * Checks that nothing is lost when a frozen state is removed.
 * @param kept where the configuration says that the state is kept
 * @throws StateError unless `kept` has the same state, or a newer one
 */
async function requireKept({ stack, store, holder }: FrozenStore, kept: StateStore): Promise<void> {
  const keptHolder = await kept.holder();
  if (keptHolder && isFrozen(keptHolder))
    throw new LockedError(kept.address, keptHolder, "get the newest cluster.yaml");
  const frozen = await store.read();
  if (!frozen) return;
  const here = snapshot(frozen, store.address);
  const bytes = await kept.read();
  const there = bytes && snapshot(bytes, kept.address);
  if (there?.lineage === here.lineage && there.serial >= here.serial) return;
  throw new StateError(
    `${kept.address} has ${there ? describeSnapshot(there) : `no state of ${stack}`}, and ${store.address} has ${describeSnapshot(here)}, ` +
      "which may be the only one",
    `nothing is removed; its lock says that ${holder.Info}`,
  );
}

/** Whether a Worker and an S3 client keep one object: what is removed from one is gone from the other. */
const isOneObject = (one: StateStore, other: StateStore): boolean =>
  one.backend !== other.backend && one.objectKey !== undefined && one.objectKey === other.objectKey;

/** Checks that a frozen state can be removed. @throws StateError if the state would be lost with it */
export async function requireDroppable(frozen: FrozenStore, kept: StateStore): Promise<void> {
  if (isOneObject(frozen.store, kept)) {
    throw new StateError(
      `${frozen.store.address} and ${kept.address} are one object`,
      `there is nothing to drop; STATE_BACKEND=${frozen.store.backend} npm run state -- unfreeze opens it`,
    );
  }
  await requireKept(frozen, kept);
}

/**
 * Removes a frozen state, and opens its place.
 * @throws StateError if it is not as it was found, or the state would be lost with it
 */
export async function drop(frozen: FrozenStore, kept: StateStore): Promise<void> {
  const { store, holder } = frozen;
  // While the user was asked, somebody may have changed it.
  const now = await store.holder();
  if (now?.ID !== holder.ID) {
    throw new StateError(`${store.address} was opened or moved in the meantime`, "nothing was removed");
  }
  await requireDroppable(frozen, kept);
  // Where somebody has broken the lock of the freeze, there is no lock to write under: take a new one.
  const lock = isFreezeWithoutLock(holder) ? newFreeze(kept.address) : holder;
  if (lock !== holder) await store.freeze(lock, holder);
  await store.remove(lock);
  await store.unfreeze(lock);
}
