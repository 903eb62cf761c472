import { readBackup } from "./backup";
import { StateError } from "./errors";
import type { Project } from "./project";
import { replaceState, whyEncrypted } from "./replace";
import { type Snapshot, snapshot } from "./snapshot";
import { openStackStore, type StateSelection } from "./stack-store";
import type { Guard, StateStore } from "./store";
import { withLock } from "./with-lock";

const OPERATION = "state restore";

/** A saved state, and where it goes. */
export interface Restoration {
  readonly store: StateStore;
  readonly state: Snapshot;
}

/**
 * Reads an older version that is to be the state again.
 * @param force guards that the user has lifted by name
 * @throws StateError if it is in plain text and must not be
 */
export async function readVersion(
  project: Project,
  store: StateStore,
  id: string,
  force: readonly Guard[],
): Promise<Snapshot> {
  const version = snapshot(await store.version(id), `version ${id}`);
  const reason = whyEncrypted(project);
  if (version.encrypted || !reason || force.includes("plaintext")) return version;
  throw new StateError(
    `version ${id} is in plain text, and ${reason}`,
    "to restore it anyway: --force plaintext",
  );
}

/** Makes an older version the state again, under its lock. */
export async function restoreVersion(store: StateStore, id: string): Promise<void> {
  await withLock(store, OPERATION, (lock) => store.restore(id, lock));
}

/**
 * What a restore of a backup would write. Nothing is written yet.
 * @param folder a whole backup
 * @throws StateError if the backup is damaged, or has no state of the selected stack
 */
export function readRestorations(
  project: Project,
  folder: string,
  { stack, at }: StateSelection,
): readonly Restoration[] {
  const saved = readBackup(folder).filter((each) => stack === undefined || each.stack === stack);
  if (saved.length === 0) {
    throw new StateError(
      `${folder} has no state${stack ? ` of ${stack}` : ""}`,
      "name another stack, or another folder",
    );
  }
  return saved.map(({ stack, state }) => ({ state, store: openStackStore(project, stack, at) }));
}

/** Writes a saved state, under its lock. @throws StateError with the first guard that refuses */
export async function restoreSaved(
  project: Project,
  { store, state }: Restoration,
  force: readonly Guard[],
): Promise<void> {
  await replaceState(store, state, {
    operation: OPERATION,
    mustEncrypt: whyEncrypted(project),
    // A backup is older than what it replaces, and may be from before the first resource.
    force: ["serial", "empty", ...force],
  });
}
