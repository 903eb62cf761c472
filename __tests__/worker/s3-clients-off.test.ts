import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectProblem, expectState, expectStatus, jsonList } from "./conformance/case";
import { lockInfo, State, stateBody } from "./conformance/client";
import { startTestWorker } from "./support/harness";
import {
  counted,
  createOnly,
  historyKeys,
  keyOf,
  runAlarm,
  type StorageWorker,
  s3LockId,
  setFaults,
  startStorageWorker,
} from "./support/storage-worker";

/** The Worker where no S3 client uses the objects: what it saves, and what is kept even so. */
let worker: StorageWorker;
let bucket: StorageWorker["bucket"];
beforeAll(async () => {
  worker = await startStorageWorker({ TFSTATE_S3_CLIENTS: "off" });
  ({ bucket } = worker);
});
afterAll(() => worker.stop());

const currentText = async (state: State): Promise<string | undefined> =>
  (await bucket.get(keyOf(state)))?.text();

test("an apply asks R2 for nothing, and the alarm puts each version once, and the current object", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  const operations = async () => {
    const found = ["put", "get", "head", "delete"].map(async (name) => [name, await counted(worker, name)]);
    return Object.fromEntries(await Promise.all(found)) as Record<string, number>;
  };
  const since = async (before: Record<string, number>) =>
    Object.fromEntries(
      Object.entries(await operations()).map(([name, times]) => [name, times - (before[name] ?? 0)]),
    );
  await runAlarm(state);
  const before = await operations();
  const info = lockInfo();
  expectStatus(await state.lock(info), 200);
  expect(await s3LockId(worker, state)).toBeNull();
  for (const serial of [2, 3]) {
    expectState(await state.get(), stateBody({ serial: serial - 1 }));
    expectStatus(await state.post(stateBody({ serial }), info.ID), 200);
  }
  expectStatus(await state.unlock(info), 200);
  expect(await since(before)).toEqual({ put: 0, get: 0, head: 0, delete: 0 });
  await runAlarm(state);
  expect(await since(before)).toMatchObject({ put: 3, get: 0, delete: 0 });
});

test("the alarm brings the current object up to date", async () => {
  const state = new State(worker.owner);
  const info = lockInfo();
  await state.lock(info);
  await state.post(stateBody({ serial: 1 }), info.ID);
  await state.unlock(info);
  expect(await currentText(state)).toBeUndefined();
  await runAlarm(state);
  expect(await currentText(state)).toBe(stateBody({ serial: 1 }));
  await state.post(stateBody({ serial: 2 }));
  await runAlarm(state);
  expect(await currentText(state)).toBe(stateBody({ serial: 2 }));
});

test("a state that was in the bucket before is found by the first read, and by the first lock", async () => {
  const [read, locked] = [new State(worker.owner), new State(worker.owner)];
  for (const state of [read, locked]) await bucket.put(keyOf(state), stateBody({ serial: 7 }));
  expectState(await read.get(), stateBody({ serial: 7 }));
  const info = lockInfo();
  expectStatus(await locked.lock(info), 200);
  expectProblem(await locked.post(stateBody({ serial: 7, note: "other" }), info.ID), 409);
  expectStatus(await locked.post(stateBody({ serial: 8 }), info.ID), 200);
});

test("a write of an S3 client that is there in spite of it is not overwritten: both are kept, and the state stops", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  await runAlarm(state);
  await state.post(stateBody({ serial: 2, note: "by http" }));
  const foreign = stateBody({ serial: 2, note: "by s3" });
  await setFaults(state, { interloper: foreign });
  await runAlarm(state);
  expect(await currentText(state)).toBe(foreign);
  expect(expectProblem(await state.get(), 500).error).toBe("foreign_write");
  expect(expectProblem(await state.lock(lockInfo()), 500).error).toBe("foreign_write");
  const kept = jsonList(await state.send("GET", "/versions?all=1"));
  const bodies = await Promise.all(
    kept.map(async ({ id }) => (await state.send("GET", `/versions/${id}`)).text),
  );
  expect(bodies).toEqual([foreign, stateBody({ serial: 2, note: "by http" }), stateBody({ serial: 1 })]);
});

test("nor does it hide what was written before the current object followed, though its serial is higher", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  await runAlarm(state);
  await state.post(stateBody({ serial: 2 }));
  await bucket.put(keyOf(state), stateBody({ serial: 4, note: "made of serial 1" }));
  await runAlarm(state);
  expect(expectProblem(await state.get(), 500).error).toBe("foreign_write");
  const versions = jsonList(await state.send("GET", "/versions?all=1"));
  expect(versions.map(({ serial, current }) => [serial, current])).toEqual([
    [4, false],
    [2, true],
    [1, false],
  ]);
});

test("a freeze is seen in the bucket at once, with what was committed: a move to the S3 backend begins with it", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  const freeze = await state.admin("PUT", "/freeze", { reason: "moves to R2" });
  expectStatus(freeze, 200);
  expect(await currentText(state)).toBe(stateBody({ serial: 1 }));
  expect(await s3LockId(worker, state)).toBe(JSON.parse(freeze.text).id);
  expectStatus(await state.send("DELETE", "/freeze"), 200);
  expect(await s3LockId(worker, state)).toBeNull();
});

test("a freeze that begins while a lock is held has its lock file at once, and the end of the lock shows all that was written", async () => {
  const state = new State(worker.owner);
  const info = lockInfo();
  await state.lock(info);
  await state.post(stateBody({ serial: 1 }), info.ID);
  const { id } = JSON.parse((await state.admin("PUT", "/freeze", { reason: "moves to R2" })).text);
  expect(await s3LockId(worker, state)).toBe(id);
  expectStatus(await state.post(stateBody({ serial: 2 }), info.ID), 200);
  expectStatus(await state.unlock(info), 200);
  expect(await s3LockId(worker, state)).toBe(id);
  expect(await currentText(state)).toBe(stateBody({ serial: 2 }));
});

test("a freeze that ends while a lock is held leaves no lock file", async () => {
  const state = new State(worker.owner);
  const info = lockInfo();
  await state.lock(info);
  await state.admin("PUT", "/freeze", { reason: "incident" });
  expectStatus(await state.send("DELETE", "/freeze"), 200);
  expect(await s3LockId(worker, state)).toBeNull();
  expectStatus(await state.post(stateBody({ serial: 1 }), info.ID), 200);
});

test("an older current object that somebody put back is not overwritten, though it has the bytes that were there", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  await runAlarm(state);
  await state.post(stateBody({ serial: 2 }));
  await bucket.put(keyOf(state), stateBody({ serial: 1 }));
  await runAlarm(state);
  expect(await currentText(state)).toBe(stateBody({ serial: 1 }));
  expect(expectProblem(await state.get(), 500).error).toBe("foreign_write");
});

test("a version whose object is gone is read from the current object, where that has it", async () => {
  const state = new State(worker.owner);
  const body = stateBody({ serial: 1, note: "too large to be in memory ".repeat(50_000) });
  await state.post(body);
  await runAlarm(state);
  await bucket.delete(await historyKeys(worker, state));
  expectState(await state.get(), body);
});

test("a state that is deleted is gone from the bucket too, and a restored one is there", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  await runAlarm(state);
  await state.post(stateBody({ serial: 2 }));
  expectStatus(await state.send("DELETE"), 200);
  expect(await currentText(state)).toBeUndefined();
  expectStatus(await state.get(), 204);
  const [newest] = jsonList(await state.send("GET", "/versions?all=1"));
  expectStatus(await state.send("POST", `/versions/${newest?.id}/restore`), 200);
  expect(await currentText(state)).toBe(stateBody({ serial: 2 }));
});

describe("a lock that is held while the setting changes", () => {
  const persist = mkdtempSync(join(tmpdir(), "tfstate-s3-clients-"));
  afterAll(() => rmSync(persist, { recursive: true, force: true }));
  const withSetting = async (
    value: string,
    work: (target: State["target"], bucket: StorageWorker["bucket"]) => Promise<void>,
  ) => {
    const { owner, miniflare } = await startTestWorker({ persist, vars: { TFSTATE_S3_CLIENTS: value } });
    try {
      await work(owner, await miniflare.getR2Bucket("BUCKET"));
    } finally {
      await miniflare.dispose();
    }
  };

  test.each([
    ["off", "on"],
    ["on", "off"],
  ])("from %s to %s stays good, and nothing written under it is lost", async (from, to) => {
    const name = `turned-${to}`;
    const info = lockInfo();
    await withSetting(from, async (target) => {
      const state = new State(target, name);
      expectStatus(await state.lock(info), 200);
      expectStatus(await state.post(stateBody({ serial: 1 }), info.ID), 200);
    });
    await withSetting(to, async (target) => {
      const state = new State(target, name);
      expectState(await state.get(), stateBody({ serial: 1 }));
      expectProblem(await state.lock(lockInfo()), 423);
      expectStatus(await state.post(stateBody({ serial: 2 }), info.ID), 200);
      expectStatus(await state.unlock(info), 200);
      expectStatus(await state.lock(lockInfo()), 200);
      expectState(await state.get(), stateBody({ serial: 2 }));
    });
  });

  test("from off to on keeps S3 clients out from the next write on, and one of them may break it", async () => {
    const info = lockInfo();
    await withSetting("off", async (target) => {
      expectStatus(await new State(target, "kept-out").lock(info), 200);
    });
    await withSetting("on", async (target, bucket) => {
      const state = new State(target, "kept-out");
      const lockFile = `${keyOf(state)}.tflock`;
      expectStatus(await state.post(stateBody({ serial: 1 }), info.ID), 200);
      expect(await bucket.put(lockFile, "{}", createOnly)).toBeNull();
      await bucket.delete(lockFile);
      expectProblem(await state.post(stateBody({ serial: 2 }), info.ID), 409);
    });
  });

  test("from off to on waits with its writes for an S3 client that came first", async () => {
    const info = lockInfo();
    await withSetting("off", async (target) => {
      expectStatus(await new State(target, "came-first").lock(info), 200);
    });
    await withSetting("on", async (target, bucket) => {
      const state = new State(target, "came-first");
      const lockFile = `${keyOf(state)}.tflock`;
      await bucket.put(lockFile, JSON.stringify(lockInfo("s3")), createOnly);
      expectProblem(await state.post(stateBody({ serial: 1 }), info.ID), 423);
      expect(await (await bucket.get(lockFile))?.text()).toContain("s3");
      await bucket.delete(lockFile);
      expectStatus(await state.post(stateBody({ serial: 1 }), info.ID), 200);
      expectStatus(await state.unlock(info), 200);
      expect(await bucket.head(lockFile)).toBeNull();
    });
  });
});
