import { newLock } from "../state/lock-info";
import { LockedError, StateError } from "../state/problem";
import type { StateStore } from "../state/store";
import type { LockNote, Workplace } from "./workplace";

/**
 * Locks the state where it is kept. A run that was cut off is followed by one that holds the same lock.
 * @throws StateError where the one that was cut off has locked another place
 */
export async function takeLock(workplace: Workplace, store: StateStore): Promise<LockNote> {
  const left = workplace.lock();
  const place = placeOf(store);
  if (left && (await store.holder())?.ID === left.lock.ID) {
    // Asked even so: to hold a lock is the store's to say.
    await store.lock(left.lock);
    return { ...left, place };
  }
  refuseToOrphan(left, place);
  // An ID that was given back never locks again at the Worker.
  const lock = newLock("bootstrap", "the state of the bootstrap stack is being moved here");
  const note: LockNote = { lock, place, taken: left?.taken };
  workplace.noteLock(note);
  try {
    await store.lock(lock);
  } catch (error) {
    // Any other failure may have taken it.
    if (error instanceof LockedError) {
      if (left) workplace.noteLock(left);
      else workplace.forgetLock();
    }
    throw error;
  }
  return note;
}

/**
 * Sets the local copy aside, and only then lets others in: what is here would be older than what they write.
 * @returns where the copy is now
 */
export async function giveBack(workplace: Workplace, store: StateStore): Promise<string> {
  const backup = workplace.setStateAside();
  await letOthersIn(workplace, store);
  return backup;
}

/** Gives the lock back. @throws StateError where it stays */
export async function letOthersIn(workplace: Workplace, store: StateStore): Promise<void> {
  const { lock } = workplace.lock() ?? {};
  if (lock) await store.unlock(lock);
  if (lock && (await store.holder())?.ID === lock.ID) {
    throw new StateError(
      `${store.address} is still locked by ${lock.ID}, which was given back`,
      `run this again, or npm run state -- unlock ${lock.ID}`,
    );
  }
  workplace.forgetLock();
}

/** The Worker's address says nothing of its user, who has a namespace there. */
const placeOf = ({ address, backend, objectKey }: StateStore): string =>
  backend === "worker" ? `${address} (${objectKey})` : address;

/** Where its lock is free can only be seen with what opens that place. */
function refuseToOrphan(left: LockNote | undefined, place: string): void {
  if (left?.place === undefined || left.place === place) return;
  const { ID } = left.lock;
  throw new StateError(
    `the state here was taken from ${left.place}, which is locked (lock ${ID}), and this run is for ${place}`,
    "set state.backend, its place and TF_HTTP_USERNAME back to that one and finish there, then npm run state -- migrate",
  );
}
