import type { LockInfo } from "../state/lock-info";
import type { StateStore } from "../state/store";
import type { Workplace } from "./workplace";

/** Locks the state where it is kept. A run that was cut off is followed by one that holds the same lock. */
export async function takeLock(workplace: Workplace, store: StateStore): Promise<LockInfo> {
  const left = workplace.lock();
  // An ID that was given back never locks again at the Worker.
  const isHeld = left !== undefined && (await store.holder())?.ID === left.ID;
  const lock = isHeld ? left : workplace.noteNewLock();
  await store.lock(lock);
  return lock;
}

/**
 * Sets the local copy aside, and only then lets others in: what is here would be older than what they write.
 * @returns where the copy is now
 */
export async function giveBack(workplace: Workplace, store: StateStore): Promise<string> {
  const backup = workplace.setStateAside();
  const lock = workplace.lock();
  if (lock) await store.unlock(lock);
  workplace.forgetLock();
  return backup;
}
