import { readFileSync } from "node:fs";
import { brokenRules, type StateRule } from "../domain/state-guard";
import { StateError } from "./errors";
import type { Project } from "./project";
import { describeSnapshot, type Snapshot, sha256, snapshot, snapshotIfValid } from "./snapshot";
import type { Guard, StateStore } from "./store";
import { withLock } from "./with-lock";

export interface ReplaceProps {
  readonly operation: string;
  /** Guards that the user has lifted by name. */
  readonly force: readonly Guard[];
  /** Why the new state must be encrypted. @default - it need not be */
  readonly mustEncrypt?: string;
}

/** A guard that refuses the new state, and why. */
interface Breach {
  readonly guard: Guard;
  readonly text: string;
}

/** Reads a state that `pull` has written. @throws StateError if the file cannot be read, or is not a state */
export function readStateFile(file: string): Snapshot {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new StateError(
      `${file} cannot be read: ${(error as Error).message}`,
      "name a file that pull has written",
    );
  }
  return snapshot(bytes, file);
}

/** Why states must be encrypted, for an error; undefined if plain text is allowed. */
export function whyEncrypted({ config: { encryption } }: Project): string | undefined {
  const isPlaintextAllowed = encryption.provider === "off" || encryption.migrateFromPlaintext;
  return isPlaintextAllowed ? undefined : "state.encryption is on";
}

/**
 * Replaces a state by another one, under its lock, and reads it back.
 * @throws StateError with the first guard that refuses
 */
export async function replaceState(
  store: StateStore,
  next: Snapshot,
  { operation, force, mustEncrypt }: ReplaceProps,
): Promise<void> {
  await withLock(store, operation, async (lock) => {
    const bytes = await store.read();
    // A damaged state is a reason to replace it.
    const current = bytes && snapshotIfValid(bytes);
    const found = breaches(current, next, store.address, mustEncrypt);
    const breach = found.find(({ guard }) => !force.includes(guard));
    if (breach) {
      throw new StateError(
        `${store.address}: ${breach.text}`,
        `to replace it anyway: --force ${breach.guard}`,
      );
    }
    if (bytes && sha256(bytes) === next.sha256) return;
    await store.write(
      next.bytes,
      lock,
      found.map(({ guard }) => guard),
    );
    await requireWritten(store, next);
  });
}

/** @throws StateError if the store has another state than the one that was just written */
async function requireWritten(store: StateStore, expected: Snapshot): Promise<void> {
  const bytes = await store.read();
  if (bytes && sha256(bytes) === expected.sha256) return;
  throw new StateError(
    `${store.address} does not have what was just written, ${describeSnapshot(expected)}`,
    "find out what is there with npm run state -- verify",
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
