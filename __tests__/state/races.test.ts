import type { StateBackend } from "../../config";
import { LockedError } from "../../state/errors";
import { newLock } from "../../state/locks";
import { snapshot } from "../../state/snapshot";
import type { StateStore } from "../../state/store";
import { stateOf } from "./support/project";
import { useBackends } from "./support/use-backends";

const ROUNDS = 50;
const HOLD_MS = 3;

const remote = useBackends();

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What a client does in an apply: lock, read, write the next serial, unlock; it waits where it is kept out. */
async function applyOnce(store: StateStore, who: string): Promise<number> {
  const lock = newLock("apply", who);
  for (;;) {
    try {
      await store.lock(lock);
      break;
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      await pause(Math.random() * HOLD_MS * 4);
    }
  }
  try {
    const bytes = await store.read();
    const serial = bytes ? snapshot(bytes, who).serial + 1 : 1;
    await pause(Math.random() * HOLD_MS);
    await store.write(stateOf(serial, { content: who }), lock);
    return serial;
  } finally {
    await store.unlock(lock);
  }
}

test.each<[string, readonly StateBackend[], boolean]>([
  ["two laptops and a CI job on R2", ["r2", "r2", "r2"], false],
  ["two laptops and a CI job at the Worker", ["worker", "worker", "worker"], false],
  ["two S3 clients and a client of the Worker on one object", ["r2", "r2", "worker"], true],
])("%s: 50 rounds, and no update is lost", async (_, backends, isOneObject) => {
  const project = remote.project({ backend: "r2", isOneObject });
  let left = ROUNDS;
  const serials: number[] = [];
  const client = async (backend: StateBackend, index: number) => {
    const store = project.store(backend);
    while (left-- > 0) serials.push(await applyOnce(store, `client ${index}`));
  };
  await Promise.all(backends.map(client));
  expect(serials.toSorted((a, b) => a - b)).toEqual(Array.from({ length: ROUNDS }, (_, index) => index + 1));
  for (const backend of new Set(backends)) {
    const bytes = await project.store(backend).read();
    expect(bytes && snapshot(bytes, backend).serial).toBe(ROUNDS);
    expect(await project.store(backend).holder()).toBeUndefined();
  }
});
