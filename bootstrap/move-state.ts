import { StateError } from "../state/problem";
import { describe, type Snapshot, sha256, snapshot } from "../state/snapshot";
import type { StateStore } from "../state/store";
import { giveBack, takeLock } from "./kept-lock";
import type { Workplace } from "./workplace";

/**
 * Moves the local state to where it is kept from now on: under the lock there, copied as it is, read back and
 * compared; only then is the local one set aside. Each step can be done again.
 *
 * @returns where the local copy is now
 * @throws StateError where something else is kept there, or what is read back is not what was written
 */
export async function moveState(
  workplace: Workplace,
  local: Snapshot,
  to: StateStore,
  say: (line: string) => void,
): Promise<string> {
  const lock = await takeLock(workplace, to);
  const before = await to.read();
  if (!before || sha256(before) !== local.sha256) {
    if (before) refuseToLose(snapshot(before, to.address), local, to.address);
    await to.write(local.bytes, lock);
  }
  const after = await to.read();
  if (!after || sha256(after) !== local.sha256) {
    const reads = after ? describe(snapshot(after, to.address)) : "no state";
    throw new StateError(
      `${to.address} reads ${reads} after ${describe(local)} was written`,
      "the local state is as it was; run `npm run bootstrap` again",
    );
  }
  say(`${to.address} reads ${describe(local)}, as written`);
  return giveBack(workplace, to);
}

function refuseToLose(there: Snapshot, local: Snapshot, address: string): void {
  if (there.lineage === local.lineage && there.serial < local.serial) return;
  throw new StateError(
    `${address} has ${describe(there)}, which does not come before the local ${describe(local)}`,
    "look at both, and remove the one that does not count",
  );
}
