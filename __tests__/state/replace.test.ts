import type { LockInfo } from "../../domain/lock-info";
import { replaceState } from "../../state/replace";
import { snapshot } from "../../state/snapshot";
import type { Guard, StateStore } from "../../state/store";
import { stateOf } from "./support/project";

/** A store in memory; `kept` is what it makes of the bytes that it is given. */
function memoryStore(first: Uint8Array | undefined, kept = (bytes: Uint8Array) => bytes) {
  let state = first;
  const writes: (readonly Guard[])[] = [];
  const locks: string[] = [];
  const store = {
    address: "r2 a/b",
    read: async () => state,
    lock: async ({ ID }: LockInfo) => void locks.push(ID),
    unlock: async ({ ID }: LockInfo) => void locks.push(ID),
    write: async (bytes: Uint8Array, { ID }: LockInfo, allow: readonly Guard[] = []) => {
      // Taken, and not released yet.
      expect([locks.at(-1), locks.length % 2]).toEqual([ID, 1]);
      state = kept(bytes);
      writes.push(allow);
    },
  } as Partial<StateStore> as StateStore;
  return { store, writes, locks, read: () => state };
}

const next = snapshot(stateOf(2), "next");

test("a state is replaced under its lock, which is released", async () => {
  const { store, writes, locks, read } = memoryStore(stateOf(1));
  await replaceState(store, next, { operation: "test", force: [] });
  expect(read()).toEqual(stateOf(2));
  expect(writes).toEqual([[]]);
  expect(locks).toEqual([locks[0], locks[0]]);
});

test("a store that keeps other bytes than it was given is noticed", async () => {
  const { store, locks } = memoryStore(stateOf(1), () => stateOf(2, { content: "y" }));
  await expect(replaceState(store, next, { operation: "test", force: [] })).rejects.toThrow(
    /r2 a\/b does not have what was just written, serial 2, .*npm run state -- verify/,
  );
  expect(locks).toHaveLength(2);
});

test("only the guards that refuse and are lifted reach the store", async () => {
  const { store, writes } = memoryStore(stateOf(3, { lineage: "other" }));
  await expect(replaceState(store, next, { operation: "test", force: ["serial"] })).rejects.toThrow(
    "to replace it anyway: --force lineage",
  );
  expect(writes).toEqual([]);
  await replaceState(store, next, { operation: "test", force: ["serial", "lineage"] });
  expect(writes).toEqual([["lineage"]]);
});

test("the same bytes are not written again", async () => {
  const { store, writes } = memoryStore(stateOf(2));
  await replaceState(store, next, { operation: "test", force: [] });
  expect(writes).toEqual([]);
});
