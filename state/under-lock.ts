import { stopsOnSignal } from "../process/stop-on-signal";
import type { LockInfo } from "./lock-info";
import { newLock } from "./lock-info";
import { LockedError, StateError } from "./problem";
import type { StateStore } from "./store";

/** Runs `work` under the lock of a state; a Ctrl-C in the meantime waits for its end. */
export async function underLock<T>(
  store: StateStore,
  operation: string,
  work: (lock: LockInfo) => Promise<T>,
): Promise<T> {
  const lock = newLock(operation);
  return uninterrupted(async () => {
    await store.lock(lock).catch(async (error: unknown) => {
      // Whoever gives no answer may have taken the lock for us even so.
      if (!(error instanceof LockedError)) await giveBackAfter(error, store, lock);
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

/** @throws StateError where it cannot be told that the lock is free of us */
async function giveBackAfter(error: unknown, store: StateStore, lock: LockInfo): Promise<void> {
  try {
    if ((await store.holder())?.ID === lock.ID) await store.unlock(lock);
  } catch {
    throw withHint(error, `if ${store.address} is locked by it now`, lock);
  }
}

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error));

const withHint = (error: unknown, hint: string, { ID }: LockInfo) =>
  new StateError(`${reason(error)}; ${hint}`, `npm run state -- unlock ${ID}`);

/** Lets `work` come to its end before a signal ends the process: a lock would be left behind. */
export async function uninterrupted<T>(work: () => Promise<T>): Promise<T> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  let received: NodeJS.Signals | undefined;
  const note = (signal: NodeJS.Signals) => {
    if (!received) process.stderr.write("finishing, so that no lock stays behind\n");
    received = signal;
  };
  for (const signal of signals) process.on(signal, note);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, note);
    // Who stops in order has heard it too, and would take this for a second one.
    if (received && !stopsOnSignal()) process.kill(process.pid, received);
  }
}
