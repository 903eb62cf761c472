import type { LockInfo } from "./lock-info";
import { newLock } from "./lock-info";
import type { StateStore } from "./store";

/** Runs `work` under the lock of a state; a Ctrl-C in the meantime waits for its end. */
export async function underLock<T>(
  store: StateStore,
  operation: string,
  work: (lock: LockInfo) => Promise<T>,
): Promise<T> {
  const lock = newLock(operation);
  return uninterrupted(async () => {
    await store.lock(lock);
    try {
      return await work(lock);
    } finally {
      await store.unlock(lock);
    }
  });
}

/** Lets `work` come to its end before a signal ends the process: a lock would be left behind. */
export async function uninterrupted<T>(work: () => Promise<T>): Promise<T> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  let received: NodeJS.Signals | undefined;
  const note = (signal: NodeJS.Signals) => {
    received = signal;
  };
  for (const signal of signals) process.on(signal, note);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, note);
    if (received) process.kill(process.pid, received);
  }
}
