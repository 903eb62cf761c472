import { isBareFreeze, isFrozen, type LockInfo } from "./lock-info";
import { StateError } from "./problem";
import type { NamedStore } from "./setting";
import { describe, snapshot } from "./snapshot";
import type { StateStore } from "./store";
import { underLock } from "./under-lock";

/** A place that a migration has frozen: the state is kept elsewhere, or was when that was written. */
export interface FrozenStore extends NamedStore {
  readonly holder: LockInfo;
}

/** Of `stores`, those that a migration has frozen. @throws StateError where there is none */
export async function frozenIn(stores: readonly NamedStore[]): Promise<readonly FrozenStore[]> {
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
export async function requireKept({ stack, store, holder }: FrozenStore, kept: StateStore): Promise<void> {
  const frozen = await store.read();
  if (!frozen) return;
  const here = snapshot(frozen, store.address);
  const bytes = await kept.read();
  const there = bytes && snapshot(bytes, kept.address);
  if (there?.lineage === here.lineage && there.serial >= here.serial) return;
  throw new StateError(
    `${kept.address} has ${there ? describe(there) : `no state of ${stack}`}, and ${store.address} has ${describe(here)}, ` +
      "which may be the only one",
    `nothing is removed; its lock says that ${holder.Info}`,
  );
}

/** Removes a frozen state, and opens its place. */
export async function drop({ store, holder }: FrozenStore): Promise<void> {
  if (!isBareFreeze(holder)) {
    await store.remove(holder);
    return store.thaw(holder);
  }
  // Nobody can write under a freeze whose lock somebody has broken.
  await store.thaw(holder);
  await underLock(store, "state drop", (lock) => store.remove(lock));
}
