import { LockedError, StateError } from "./errors";
import { isBareFreeze, isFrozen, type LockHolder, newFreeze } from "./lock-info";
import { describeSnapshot, snapshot } from "./snapshot";
import type { StackStore } from "./stack-store";
import type { StateStore } from "./store";

/** A place that a migration has frozen: the state is kept elsewhere, or was when that was written. */
export interface FrozenStore extends StackStore {
  readonly holder: LockHolder;
}

/** Of `stores`, those that a migration has frozen. @throws StateError where there is none */
export async function frozenIn(stores: readonly StackStore[]): Promise<readonly FrozenStore[]> {
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

/**
 * That nothing is lost with a frozen state.
 * @param kept where the configuration says that the state is kept
 * @throws StateError unless that state goes on from the frozen one
 */
async function requireKept({ stack, store, holder }: FrozenStore, kept: StateStore): Promise<void> {
  const closed = await kept.holder();
  if (closed && isFrozen(closed)) throw new LockedError(kept.address, closed, "get the newest cluster.yaml");
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

/** What can be removed. @throws StateError where the state would be lost with it */
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
 * @throws StateError where it is not as it was found, or the state would be lost with it
 */
export async function drop(frozen: FrozenStore, kept: StateStore): Promise<void> {
  const { store, holder } = frozen;
  // Somebody had the time of a question to change it.
  const now = await store.holder();
  if (now?.ID !== holder.ID) {
    throw new StateError(`${store.address} was opened or moved in the meantime`, "nothing was removed");
  }
  await requireDroppable(frozen, kept);
  // Nobody can write under a freeze whose lock somebody has broken.
  const lock = isBareFreeze(holder) ? newFreeze(kept.address) : holder;
  if (lock !== holder) await store.freeze(lock, holder);
  await store.remove(lock);
  await store.thaw(lock);
}
