import { brokenRules, type StateRule } from "../domain/state-guard";
import { StateError } from "./problem";
import { describe, type Snapshot, sha256, snapshotOrDamaged } from "./snapshot";
import type { Guard, StateStore } from "./store";
import { underLock } from "./under-lock";

export interface ReplaceProps {
  readonly operation: string;
  /** Guards that the user has lifted by name. */
  readonly force: readonly Guard[];
  /** Why a state must be encrypted; undefined where it need not be. */
  readonly mustEncrypt?: string;
}

/** A rule that new bytes break. */
interface Breach {
  readonly guard: Guard;
  readonly text: string;
}

/**
 * Puts other bytes in the place of a state, under its lock, and reads them back.
 * @throws StateError with the first guard that refuses
 */
export async function replaceState(
  store: StateStore,
  next: Snapshot,
  { operation, force, mustEncrypt }: ReplaceProps,
): Promise<void> {
  await underLock(store, operation, async (lock) => {
    const bytes = await store.read();
    // What was there may be damaged, and that is a reason to replace it.
    const current = bytes && snapshotOrDamaged(bytes);
    const found = breaches(current, next, store.address, mustEncrypt);
    const open = found.find(({ guard }) => !force.includes(guard));
    if (open)
      throw new StateError(`${store.address}: ${open.text}`, `if that is meant: --force ${open.guard}`);
    if (bytes && sha256(bytes) === next.sha256) return;
    await store.write(
      next.bytes,
      lock,
      found.map(({ guard }) => guard),
    );
    await requireReads(store, next);
  });
}

/** @throws StateError where the store does not read what was written */
export async function requireReads(store: StateStore, wanted: Snapshot): Promise<void> {
  const bytes = await store.read();
  if (bytes && sha256(bytes) === wanted.sha256) return;
  throw new StateError(
    `${store.address} reads something else than ${describe(wanted)}, which was just written`,
    "look at it with npm run state -- verify",
  );
}

function breaches(
  current: Snapshot | undefined,
  next: Snapshot,
  address: string,
  mustEncrypt: string | undefined,
): readonly Breach[] {
  const reason = current?.encrypted ? `what is in ${address} is encrypted` : mustEncrypt;
  const texts: Readonly<Record<StateRule, string>> = {
    plaintext: `the new state is in plain text, and ${reason}`,
    lineage: `lineage ${next.lineage} is not ${current?.lineage}: it is the state of something else`,
    serial: `serial ${next.serial} is not newer than ${current?.serial}`,
  };
  const found: Breach[] = brokenRules(current, next, reason !== undefined).map((guard) => ({
    guard,
    text: texts[guard],
  }));
  if (!current || current.sha256 === next.sha256) return found;
  if (next.resources === 0 && current.resources !== 0) {
    found.push({ guard: "empty", text: "the new state has no resources, and the one it replaces has" });
  }
  return found;
}
