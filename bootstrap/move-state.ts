import { StateError } from "../state/problem";
import { describeSnapshot, goesOnFrom, type Snapshot, sha256, snapshot } from "../state/snapshot";
import type { StateStore } from "../state/store";
import { giveBack, takeLock } from "./kept-lock";
import type { Workplace } from "./workplace";

/**
 * Moves the local state to where it is kept from now on: under the lock there, copied as it is, read back and
 * compared; only then is the local one set aside. Each step can be done again.
 *
 * @returns where the local copy is now
 * @throws StateError where something else is kept there than what the local one came from, or what is read back is
 *   not what was written
 */
export async function moveState(
  workplace: Workplace,
  local: Snapshot,
  to: StateStore,
  say: (line: string) => void,
): Promise<string> {
  const { lock, taken } = await takeLock(workplace, to);
  const before = await to.read();
  if (!before || sha256(before) !== local.sha256) {
    if (before) refuseToLose(snapshot(before, to.address), local, taken, to.address);
    await to.write(local.bytes, lock);
  }
  const after = await to.read();
  if (!after || sha256(after) !== local.sha256) {
    const reads = after ? describeSnapshot(snapshot(after, to.address)) : "no state";
    throw new StateError(
      `${to.address} reads ${reads} after ${describeSnapshot(local)} was written`,
      "the local state is as it was; run `npm run bootstrap` again",
    );
  }
  say(`${to.address} reads ${describeSnapshot(local)}, as written`);
  return giveBack(workplace, to);
}

/** @param taken SHA-256 of what was there when the local one was taken: an older serial may be of another branch */
function refuseToLose(there: Snapshot, local: Snapshot, taken: string | undefined, address: string): void {
  if (taken !== undefined && there.sha256 !== taken) {
    throw new StateError(
      `${address} has ${describeSnapshot(there)}, which somebody wrote since the local ${describeSnapshot(local)} was taken from there`,
      "look at both, and remove the one that does not count",
    );
  }
  if (goesOnFrom(local, there)) return;
  throw new StateError(
    `${address} has ${describeSnapshot(there)}, which does not come before the local ${describeSnapshot(local)}`,
    "look at both, and remove the one that does not count",
  );
}
