import type { LockInfo } from "../domain/lock-info";
import { LockedError, StateError } from "./errors";
import { isFrozen } from "./locks";
import type { StackStore } from "./stack-store";
import type { StateStore } from "./store";

export interface FoundLock {
  readonly store: StateStore;
  /** undefined if nobody holds the lock: a process that has ended left its lock file beside a local state. */
  readonly holder?: LockInfo;
}

/**
 * Finds the state whose lock `unlock` is to break.
 * @throws StateError if no state has that lock, or a migration has frozen it
 */
export async function findLock(stores: readonly StackStore[], id: string): Promise<FoundLock> {
  const { store, holder } = await findState(stores, id);
  if (holder && isFrozen(holder)) throw new LockedError(store.address, holder, "get the newest cluster.yaml");
  return { store, holder };
}

async function findState(stores: readonly StackStore[], id: string): Promise<FoundLock> {
  const found: (StackStore & FoundLock)[] = [];
  for (const each of stores) found.push({ ...each, holder: await each.store.holder() });
  const locked = found.find(({ holder }) => holder?.ID === id);
  if (locked) return locked;
  // A lock file that is left beside a local state locks nothing, but can be cleared away.
  const [only] = found;
  if (only && found.length === 1) return only;
  const others = found.flatMap(({ stack, holder }) => (holder ? [`${stack}: ${holder.ID}`] : []));
  throw new StateError(
    `no state is locked by ${id}`,
    others.length > 0 ? `the locks are ${others.join(", ")}` : "no state is locked",
  );
}
