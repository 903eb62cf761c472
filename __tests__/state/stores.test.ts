import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StateBackend } from "../../config";
import { LockedError } from "../../state/errors";
import { newFreeze, newLock } from "../../state/locks";
import { R2Client } from "../../state/r2-client";
import type { StateStore } from "../../state/store";
import { withLock } from "../../state/with-lock";
import { encryptedOf, type StateProject, stateOf, textOf } from "./support/project";
import { useBackends } from "./support/use-backends";

const remote = useBackends();
let project: StateProject;
let name: string;
let count = 0;
beforeEach(() => {
  name = `stores-${++count}`;
  project = remote.project({ backend: "local", name });
});

const backends: readonly StateBackend[] = ["r2", "worker", "local"];
/** What a store says of a write under a lock that the caller does not hold. */
const NOT_HELD = { r2: "is locked by", worker: "is locked by", local: "is not locked by" } as const;
const write = (store: StateStore, bytes: Buffer) =>
  withLock(store, "test", (lock) => store.write(bytes, lock));

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
      expect(await textOf(store)).toBe(bytes.toString());
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
    await expect(other.write(stateOf(9), theirs)).rejects.toThrow(NOT_HELD[backend]);
    expect(await other.holder()).toMatchObject({ ID: mine.ID, Who: mine.Who, Info: "because" });
    await store.write(stateOf(1), mine);
    await store.unlock(mine);
    await store.unlock(mine);
    await other.lock(theirs);
    await expect(store.write(stateOf(2), mine)).rejects.toThrow(NOT_HELD[backend]);
    await other.unlock(theirs);
    expect(await textOf(store)).toBe(stateOf(1).toString());
    expect((await store.versions()).map(({ serial }) => serial)).not.toContain(9);
  });

  test("frozen, it can be read by all and written by the bearer of the lock alone, until it is unfrozen", async () => {
    await write(store, stateOf(1));
    const freeze = newFreeze("r2 elsewhere");
    await store.freeze(freeze);
    await store.freeze(freeze);
    const other = project.store(backend);
    expect(await other.holder()).toMatchObject({ ID: freeze.ID, Operation: "frozen" });
    expect(await textOf(other)).toBe(stateOf(1).toString());
    await expect(other.lock(newLock("test"))).rejects.toThrow("the state is kept in r2 elsewhere");
    await expect(write(other, stateOf(2))).rejects.toThrow(LockedError);
    await other.write(stateOf(2), freeze);
    expect(await textOf(other)).toBe(stateOf(2).toString());
    await expect(write(other, stateOf(3))).rejects.toThrow(LockedError);
    await other.unfreeze(freeze);
    await other.unfreeze(freeze);
    await write(store, stateOf(3));
    expect(await textOf(store)).toBe(stateOf(3).toString());
  });

  test("a place without a state can be frozen too, and has none afterwards", async () => {
    const freeze = newFreeze("elsewhere");
    await store.freeze(freeze);
    expect(await store.read()).toBeUndefined();
    await expect(write(project.store(backend), stateOf(1))).rejects.toThrow(LockedError);
    await store.unfreeze(freeze);
    expect(await store.read()).toBeUndefined();
    await write(store, stateOf(1));
    expect(await textOf(store)).toBe(stateOf(1).toString());
  });

  test("a lock is broken by its own id only", async () => {
    const lock = newLock("test");
    await store.lock(lock);
    const other = project.store(backend);
    await expect(other.breakLock("another")).rejects.toThrow(lock.ID);
    expect((await other.holder())?.ID).toBe(lock.ID);
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
    await withLock(store, "restore", (lock) => store.restore(oldest, lock));
    expect(await textOf(store)).toBe(stateOf(1).toString());
    const missing = "20260131T120000.000Z-s9-000000000000";
    await expect(store.version(missing)).rejects.toThrow(`no version ${missing}`);
  });

  test("removed, it is gone and a version of it is left", async () => {
    await write(store, stateOf(1));
    await withLock(store, "remove", (lock) => store.remove(lock));
    expect(await store.read()).toBeUndefined();
    const [version] = await store.versions();
    expect(Buffer.from(await store.version(version?.id ?? "")).toString()).toBe(stateOf(1).toString());
  });
});

describe("r2", () => {
  test("a bucket that is not there is an error and not an empty state", async () => {
    remote.setBucket(false);
    try {
      const store = project.store("r2");
      await expect(store.read()).rejects.toThrow("has no bucket tfstate");
      await expect(store.holder()).rejects.toThrow("has no bucket tfstate");
      await expect(store.lock(newLock("test"))).rejects.toThrow("has no bucket tfstate");
      await expect(store.versions()).rejects.toThrow("has no bucket tfstate");
    } finally {
      remote.setBucket(true);
    }
  });

  test("what somebody writes without a lock in the meantime is not overwritten", async () => {
    const store = project.store("r2");
    await write(store, stateOf(1));
    const real = globalThis.fetch;
    globalThis.fetch = async (input, init) => {
      const { method, url } = input instanceof Request ? input : { method: init?.method, url: String(input) };
      if (method === "PUT" && url.endsWith(`/${name}/terraform.tfstate`)) {
        // Between the read and the put, a client with `use_lockfile = false` puts its own state.
        globalThis.fetch = real;
        const { AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "" } = remote.env;
        const keys = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
        const client = new R2Client(remote.s3Url, "tfstate", keys);
        const found = await client.get(`${name}/terraform.tfstate`);
        await client.put(`${name}/terraform.tfstate`, stateOf(2), { etag: found?.etag ?? "" });
      }
      return real(input, init);
    };
    try {
      await expect(write(store, stateOf(3))).rejects.toThrow("was written by someone who holds no lock");
    } finally {
      globalThis.fetch = real;
    }
    expect(await textOf(store)).toBe(stateOf(2).toString());
  });

  test("credentials that are not known are named", async () => {
    const wrong = remote.project({ backend: "r2", env: { AWS_ACCESS_KEY_ID: "b".repeat(32) } });
    await expect(wrong.store("r2").read()).rejects.toThrow(/401.*AWS_ACCESS_KEY_ID/);
  });
});

describe("worker", () => {
  /** What the Worker noted of an action. */
  async function audited(action: string): Promise<unknown> {
    const { TF_HTTP_USERNAME, TF_HTTP_PASSWORD } = remote.env;
    const answer = await fetch(`${remote.workerUrl}/states/${name}/audit`, {
      headers: { authorization: `Basic ${btoa(`${TF_HTTP_USERNAME}:${TF_HTTP_PASSWORD}`)}` },
    });
    const entries = (await answer.json()) as { action: string; detail: string }[];
    return JSON.parse(entries.find((entry) => entry.action === action)?.detail ?? "null");
  }

  test("a wrong password is no empty state", async () => {
    const wrong = remote.project({ backend: "worker", env: { TF_HTTP_PASSWORD: "wrong" } });
    await expect(wrong.store("worker").read()).rejects.toThrow(/401.*TF_HTTP_PASSWORD/);
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
      await store.unfreeze(next);
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
    await store.unfreeze(freeze);
    await write(store, stateOf(2));
  });

  test("the S3 API and the Worker keep each other out of one object", async () => {
    const same = remote.project({ backend: "r2", isOneObject: true });
    const [r2, worker] = [same.store("r2"), same.store("worker")];
    await write(worker, stateOf(1));
    await write(r2, stateOf(2));
    expect(await textOf(worker)).toBe(stateOf(2).toString());
    for (const [holder, other] of [
      [r2, worker],
      [worker, r2],
    ] as const) {
      const [first, next] = [newLock("first"), newLock("next")];
      await holder.lock(first);
      await expect(other.lock(next)).rejects.toThrow(first.ID);
      await holder.unlock(first);
      await other.lock(next);
      expect((await holder.holder())?.ID).toBe(next.ID);
      await other.unlock(next);
    }
  });
});

describe("local", () => {
  const path = () => join(project.folder, "terraform.cluster.tfstate");

  test("a write that was interrupted in the file is finished by the next lock", async () => {
    const store = project.store("local");
    await write(store, stateOf(1, { content: "long".repeat(100) }));
    writeFileSync(`${path()}.new`, stateOf(2));
    const torn = Buffer.concat([stateOf(2), readFileSync(path()).subarray(stateOf(2).length)]);
    writeFileSync(path(), torn);
    await withLock(store, "test", async () => undefined);
    expect(await textOf(store)).toBe(stateOf(2).toString());
  });

  test("a write that had not begun never was", async () => {
    const store = project.store("local");
    await write(store, stateOf(1));
    writeFileSync(`${path()}.new`, stateOf(2));
    await withLock(store, "test", async () => undefined);
    expect(await textOf(store)).toBe(stateOf(1).toString());
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
