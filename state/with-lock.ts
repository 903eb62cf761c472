import type { LockInfo } from "../domain/lock-info";
import { deferSignals } from "../process/defer-signals";
import { LockedError, StateError } from "./errors";
import { newLock } from "./locks";
import type { StateStore } from "./store";

/** Runs `work` while holding the lock of a state. A Ctrl-C waits until the lock is released. */
export async function withLock<T>(
  store: StateStore,
  operation: string,
  work: (lock: LockInfo) => Promise<T>,
): Promise<T> {
  const lock = newLock(operation);
  return deferSignals(async () => {
    await store.lock(lock).catch(async (error: unknown) => {
      // Where the answer was lost, the lock may be ours.
      if (!(error instanceof LockedError)) await releaseAfter(error, store, lock);
      throw error;
    });
    let failure: unknown;
    try {
      return await work(lock);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      await store.unlock(lock).catch((error: unknown) => {
        throw withHint(failure ?? error, `${store.address} stays locked (${reason(error)})`, lock);
      });
    }
  });
}

/** @throws StateError if it cannot be told whether the lock is still ours */
async function releaseAfter(error: unknown, store: StateStore, lock: LockInfo): Promise<void> {
  try {
    if ((await store.holder())?.ID === lock.ID) await store.unlock(lock);
  } catch {
    throw withHint(error, `${store.address} may be locked by this command`, lock);
  }
}

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** The error, with the command that releases the lock. */
const withHint = (error: unknown, hint: string, { ID }: LockInfo) =>
  new StateError(`${reason(error)}; ${hint}`, `npm run state -- unlock ${ID}`);
