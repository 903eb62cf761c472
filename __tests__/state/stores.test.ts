import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StateBackend } from "../../config";
import { newFreeze, newLock } from "../../state/lock-info";
import { LockedError } from "../../state/problem";
import type { StateStore } from "../../state/store";
import { underLock } from "../../state/under-lock";
import { type Places, startPlaces } from "./support/places";
import { encryptedOf, StateProject, stateOf } from "./support/project";

let places: Places;
let project: StateProject;
let count = 0;
beforeAll(async () => {
  places = await startPlaces();
});
afterAll(() => places.stop());
beforeEach(() => {
  count++;
  project = new StateProject({
    env: places.env,
    state: [
      "backend: local",
      `key: stores-${count}/terraform.tfstate`,
      `url: ${places.workerUrl}/states/stores-${count}`,
    ],
  });
});
afterEach(() => project.remove());

const backends: readonly StateBackend[] = ["r2", "worker", "local"];
const write = (store: StateStore, bytes: Buffer) =>
  underLock(store, "test", (lock) => store.write(bytes, lock));
const text = async (store: StateStore) => {
  const bytes = await store.read();
  return bytes && Buffer.from(bytes).toString();
};

describe.each(backends)("%s", (backend) => {
  let store: StateStore;
  beforeEach(() => {
    store = project.store(backend);
  });

  test("nothing, then what was written, byte for byte", async () => {
    expect(await store.read()).toBeUndefined();
    expect(await store.holder()).toBeUndefined();
    for (const bytes of [stateOf(1), encryptedOf(2, { content: "long".repeat(1000) }), encryptedOf(3)]) {
      await write(store, bytes);
      expect(await text(store)).toBe(bytes.toString());
    }
    expect(await store.holder()).toBeUndefined();
  });

  test("who has the lock keeps everyone else out, and is shown", async () => {
    const [mine, theirs] = [newLock("mine", "because"), newLock("theirs")];
    const other = project.store(backend);
    await store.lock(mine);
    await store.lock(mine);
    await expect(other.lock(theirs)).rejects.toThrow(LockedError);
    await expect(other.lock(theirs)).rejects.toThrow(mine.ID);
    await expect(other.write(stateOf(1), theirs)).rejects.toThrow();
    expect(await other.holder()).toMatchObject({ ID: mine.ID, Who: mine.Who, Info: "because" });
    await store.write(stateOf(1), mine);
    await store.unlock(mine);
    await store.unlock(mine);
    await other.lock(theirs);
    await expect(store.write(stateOf(2), mine)).rejects.toThrow();
    await other.unlock(theirs);
    expect(await text(store)).toBe(stateOf(1).toString());
  });

  test("frozen, it can be read by all and written by the bearer of the lock alone, until it thaws", async () => {
    await write(store, stateOf(1));
    const freeze = newFreeze("r2 elsewhere");
    await store.freeze(freeze);
    await store.freeze(freeze);
    const other = project.store(backend);
    expect(await other.holder()).toMatchObject({ ID: freeze.ID, Operation: "frozen" });
    expect(await text(other)).toBe(stateOf(1).toString());
    await expect(other.lock(newLock("test"))).rejects.toThrow("the state is kept in r2 elsewhere");
    await expect(write(other, stateOf(2))).rejects.toThrow(LockedError);
    await other.write(stateOf(2), freeze);
    expect(await text(other)).toBe(stateOf(2).toString());
    await expect(write(other, stateOf(3))).rejects.toThrow(LockedError);
    await other.thaw(freeze);
    await other.thaw(freeze);
    await write(store, stateOf(3));
    expect(await text(store)).toBe(stateOf(3).toString());
  });

  test("a place without a state can be frozen too, and has none afterwards", async () => {
    const freeze = newFreeze("elsewhere");
    await store.freeze(freeze);
    expect(await store.read()).toBeUndefined();
    await expect(write(project.store(backend), stateOf(1))).rejects.toThrow(LockedError);
    await store.thaw(freeze);
    expect(await store.read()).toBeUndefined();
    await write(store, stateOf(1));
    expect(await text(store)).toBe(stateOf(1).toString());
  });

  test("a lock is broken by its own id only", async () => {
    const lock = newLock("test");
    await store.lock(lock);
    const other = project.store(backend);
    await expect(other.breakLock("another")).rejects.toThrow();
    if (backend === "local") {
      // It lives as long as its process; breaking it would be a lie.
      await expect(other.breakLock(lock.ID)).rejects.toThrow("running process");
      await store.unlock(lock);
    } else await other.breakLock(lock.ID);
    await write(store, stateOf(1));
  });

  test("every state that was replaced can be listed, read and restored", async () => {
    for (const serial of [1, 2, 3]) {
      await write(store, stateOf(serial));
    }
    await store.keepVersion();
    const versions = await store.versions();
    expect(versions.map(({ serial, current }) => [serial, current])).toEqual([
      [3, true],
      [2, false],
      [1, false],
    ]);
    const oldest = versions[2]?.id ?? "";
    expect(Buffer.from(await store.version(oldest)).toString()).toBe(stateOf(1).toString());
    await underLock(store, "restore", (lock) => store.restore(oldest, lock));
    expect(await text(store)).toBe(stateOf(1).toString());
    await expect(store.version("20260131T120000.000Z-s9-000000000000")).rejects.toThrow();
  });

  test("removed, it is gone and a version of it is left", async () => {
    await write(store, stateOf(1));
    await underLock(store, "remove", (lock) => store.remove(lock));
    expect(await store.read()).toBeUndefined();
    const [version] = await store.versions();
    expect(Buffer.from(await store.version(version?.id ?? "")).toString()).toBe(stateOf(1).toString());
  });
});

describe("r2", () => {
  test("a bucket that is not there is an error and not an empty state", async () => {
    places.setBucket(false);
    try {
      const store = project.store("r2");
      await expect(store.read()).rejects.toThrow("has no bucket tfstate");
      await expect(store.holder()).rejects.toThrow("has no bucket tfstate");
      await expect(store.lock(newLock("test"))).rejects.toThrow("has no bucket tfstate");
      await expect(store.versions()).rejects.toThrow("has no bucket tfstate");
    } finally {
      places.setBucket(true);
    }
  });

  test("a write by someone without a lock is not overwritten", async () => {
    const [store, other] = [project.store("r2"), project.store("r2")];
    await write(store, stateOf(1));
    const lock = newLock("test");
    await store.lock(lock);
    // The same lock in two hands stands for a client that takes none.
    await Promise.allSettled([other.write(stateOf(2), lock), store.write(stateOf(3), lock)]);
    const kept = await text(store);
    expect([stateOf(2).toString(), stateOf(3).toString()]).toContain(kept);
    await store.unlock(lock);
  });

  test("credentials that are not known are named", async () => {
    const wrong = new StateProject({
      env: { ...places.env, AWS_ACCESS_KEY_ID: "b".repeat(32) },
      state: ["backend: r2"],
    });
    await expect(wrong.store("r2").read()).rejects.toThrow(/401.*AWS_ACCESS_KEY_ID/);
    wrong.remove();
  });
});

describe("worker", () => {
  /** What the Worker noted of an action. */
  async function audited(action: string): Promise<unknown> {
    const { TF_HTTP_USERNAME, TF_HTTP_PASSWORD } = places.env;
    const answer = await fetch(`${places.workerUrl}/states/stores-${count}/audit`, {
      headers: { authorization: `Basic ${btoa(`${TF_HTTP_USERNAME}:${TF_HTTP_PASSWORD}`)}` },
    });
    const entries = (await answer.json()) as { action: string; detail: string }[];
    return JSON.parse(entries.find((entry) => entry.action === action)?.detail ?? "null");
  }

  test("a wrong password is no empty state", async () => {
    const wrong = new StateProject({
      env: { ...places.env, TF_HTTP_PASSWORD: "wrong" },
      state: ["backend: worker", `url: ${places.workerUrl}/states/x`],
    });
    await expect(wrong.store("worker").read()).rejects.toThrow(/401.*TF_HTTP_PASSWORD/);
    wrong.remove();
  });

  test.each(["r2", "worker"] as const)(
    "%s: a freeze that replaces another lets nobody in",
    async (backend) => {
      const store = project.store(backend);
      await write(store, stateOf(1));
      const [old, next] = [newFreeze("elsewhere"), newFreeze("somewhere")];
      await store.freeze(old);
      const real = globalThis.fetch;
      let looks = 0;
      globalThis.fetch = async (input, init) => {
        const answer = await real(input, init);
        globalThis.fetch = real;
        await expect(project.store(backend).lock(newLock("apply"))).rejects.toThrow("the state is kept in");
        globalThis.fetch = spied;
        looks++;
        return answer;
      };
      const spied = globalThis.fetch;
      await store.freeze(next, old);
      globalThis.fetch = real;
      expect(looks).toBeGreaterThan(1);
      expect((await store.holder())?.ID).toBe(next.ID);
      await store.write(stateOf(2), next);
      await store.thaw(next);
      expect(await project.writable(backend)).toEqual([backend]);
    },
  );

  test("force-unlock does not lift a freeze, and neither does time", async () => {
    const store = project.store("worker");
    await write(store, stateOf(1));
    const freeze = newFreeze("elsewhere");
    await store.freeze(freeze);
    expect(await audited("freeze")).toMatchObject({ expiresAt: null });
    await store.breakLock(freeze.ID);
    await expect(write(store, stateOf(2))).rejects.toThrow("(freeze: the state is kept in elsewhere");
    await store.thaw(freeze);
    await write(store, stateOf(2));
  });

  test("the S3 API and the Worker keep each other out of one object", async () => {
    const same = new StateProject({
      env: places.env,
      state: ["backend: r2", "key: owner/same.tfstate", `url: ${places.workerUrl}/states/same`],
    });
    const [r2, worker] = [same.store("r2"), same.store("worker")];
    await write(worker, stateOf(1));
    await write(r2, stateOf(2));
    expect(await text(worker)).toBe(stateOf(2).toString());
    const lock = newLock("test");
    for (const [holder, other] of [
      [r2, worker],
      [worker, r2],
    ] as const) {
      await holder.lock(lock);
      await expect(other.lock(newLock("other"))).rejects.toThrow(lock.ID);
      await holder.unlock(lock);
      await other.lock(lock).catch(() => undefined);
      await other.unlock(lock);
      Object.assign(lock, newLock("again"));
    }
    same.remove();
  });
});

describe("local", () => {
  const path = () => join(project.folder, "terraform.cluster.tfstate");

  test("a write that was cut off in the file is finished by the next lock", async () => {
    const store = project.store("local");
    await write(store, stateOf(1, { content: "long".repeat(100) }));
    writeFileSync(`${path()}.new`, stateOf(2));
    const torn = Buffer.concat([stateOf(2), readFileSync(path()).subarray(stateOf(2).length)]);
    writeFileSync(path(), torn);
    await underLock(store, "test", async () => undefined);
    expect(await text(store)).toBe(stateOf(2).toString());
  });

  test("a write that had not begun never was", async () => {
    const store = project.store("local");
    await write(store, stateOf(1));
    writeFileSync(`${path()}.new`, stateOf(2));
    await underLock(store, "test", async () => undefined);
    expect(await text(store)).toBe(stateOf(1).toString());
  });

  test("a note that a dead process left locks nothing, and can be cleared away", async () => {
    const store = project.store("local");
    await write(store, stateOf(1));
    const lock = newLock("gone");
    writeFileSync(join(project.folder, ".terraform.cluster.tfstate.lock.info"), JSON.stringify(lock));
    expect(await store.holder()).toBeUndefined();
    await store.breakLock(lock.ID);
    await expect(store.breakLock(lock.ID)).rejects.toThrow("not locked");
  });
});
