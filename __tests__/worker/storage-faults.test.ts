import { setTimeout as sleep } from "node:timers/promises";
import { expectHeldBy, expectProblem, expectState, expectStatus, jsonList } from "./conformance/case";
import { lockInfo, State, stateBody } from "./conformance/client";
import {
  counted,
  createOnly,
  setFaults as faults,
  historyKeys,
  keyOf,
  type StorageWorker,
  s3LockId,
  startStorageWorker,
} from "./support/storage-worker";

/** What the Worker makes of a storage that fails, and what it asks of one that does not. */
let worker: StorageWorker;
let bucket: StorageWorker["bucket"];
beforeAll(async () => {
  worker = await startStorageWorker();
  ({ bucket } = worker);
});
afterAll(() => worker.stop());

describe("with R2 and SQLite at their worst", () => {
  test("an S3 write in the moment between the look and the copy is not overwritten: both are kept", async () => {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1 }));
    const foreign = stateBody({ serial: 2, note: "by s3" });
    await faults(state, { interloper: foreign });
    await state.post(stateBody({ serial: 2, note: "by http" }));
    expect(await (await bucket.get(keyOf(state)))?.text()).toBe(foreign);
    expect(expectProblem(await state.get(), 500).error).toBe("foreign_write");
    const [theirs, ours] = jsonList(await state.send("GET", "/versions"));
    expectState(await state.send("GET", `/versions/${theirs?.id}`), foreign);
    expectState(await state.send("GET", `/versions/${ours?.id}`), stateBody({ serial: 2, note: "by http" }));
  });

  test.each(["error before", "error after"])(
    "where the put of a version fails (%s), the version before it stays, and the same request again works",
    async (kinds) => {
      const state = new State(worker.owner);
      const info = lockInfo();
      await state.lock(info);
      await state.post(stateBody({ serial: 1 }), info.ID);
      await faults(state, { rate: "1", kinds, target: "put history" });
      expectProblem(await state.post(stateBody({ serial: 2 }), info.ID), 503);
      expectState(await state.get(), stateBody({ serial: 1 }));
      await faults(state);
      expectStatus(await state.post(stateBody({ serial: 2 }), info.ID), 200);
      expectState(await state.get(), stateBody({ serial: 2 }));
    },
  );

  test.each([
    ["a transaction before it began", "transaction", "error before"],
    ["a transaction at its end", "commit", "error after"],
    ["a transaction after its commit", "transaction", "error after"],
    ["the object in the middle of a transaction", "commit", "crash after"],
    ["the object right after a commit", "transaction", "crash after"],
    ["a statement of SQLite", "sql insert", "error after"],
  ])(
    "where %s fails, the state is the old one or the new one, and the same request again works",
    async (_, target, kinds) => {
      const state = new State(worker.owner);
      const info = lockInfo();
      const attempt = async (work: () => Promise<unknown>): Promise<void> => {
        await faults(state, { sqlRate: "1", kinds, target });
        await work();
        await faults(state);
      };
      await attempt(async () => expectProblem(await state.lock(info), 503));
      expectStatus(await state.lock(info), 200);
      await state.post(stateBody({ serial: 1 }), info.ID);
      await attempt(async () => expectProblem(await state.post(stateBody({ serial: 2 }), info.ID), 503));
      const { text } = await state.get();
      expect([stateBody({ serial: 1 }), stateBody({ serial: 2 })]).toContain(text);
      expectStatus(await state.post(stateBody({ serial: 2 }), info.ID), 200);
      expectState(await state.get(), stateBody({ serial: 2 }));
      await attempt(async () => expectProblem(await state.unlock(info), 503));
      expectStatus(await state.unlock(info), 200);
      expect(await (await bucket.get(keyOf(state)))?.text()).toBe(stateBody({ serial: 2 }));
      expect(await bucket.head(`${keyOf(state)}.tflock`)).toBeNull();
      expectProblem(await state.post(stateBody({ serial: 3 }), info.ID), 409);
      expect(jsonList(await state.send("GET", "/versions?all=1")).length).toBe(2);
    },
  );

  test("where a read of SQLite fails, the lock is not granted, and the same request again works", async () => {
    const state = new State(worker.owner);
    const info = lockInfo();
    await faults(state, { sqlRate: "1", kinds: "error before", target: "sql select" });
    expectProblem(await state.lock(info), 503);
    await faults(state);
    expectStatus(await state.lock(info), 200);
  });

  test("a write under the lock is answered and read before its copy is made, and UNLOCK waits for the copy", async () => {
    const state = new State(worker.owner);
    const info = lockInfo();
    await state.lock(info);
    await state.post(stateBody({ serial: 1 }), info.ID);
    await faults(state, { rate: "1", kinds: "held", target: "put current" });
    for (const serial of [2, 3]) {
      expectStatus(await state.post(stateBody({ serial }), info.ID), 200);
      expectState(await state.get(), stateBody({ serial }));
    }
    const unlocked = state.unlock(info);
    const first = await Promise.race([unlocked, sleep(300, "still waiting")]);
    expect(first).toBe("still waiting");
    expect(await (await bucket.get(keyOf(state)))?.text()).toBe(stateBody({ serial: 1 }));
    expect(await bucket.head(`${keyOf(state)}.tflock`)).not.toBeNull();
    await faults(state);
    expectStatus(await unlocked, 200);
    expect(await (await bucket.get(keyOf(state)))?.text()).toBe(stateBody({ serial: 3 }));
    expect(await bucket.head(`${keyOf(state)}.tflock`)).toBeNull();
  });

  test("while the copy cannot be made, what was committed is kept, and S3 clients stay out until they can read it", async () => {
    const state = new State(worker.owner);
    const info = lockInfo();
    await state.lock(info);
    await state.post(stateBody({ serial: 1 }), info.ID);
    await faults(state, { rate: "1", kinds: "error before", target: "put current" });
    expectStatus(await state.post(stateBody({ serial: 2 }), info.ID), 200);
    expectStatus(await state.unlock(info), 200);
    expect(await (await bucket.get(keyOf(state)))?.text()).toBe(stateBody({ serial: 1 }));
    expect(await bucket.put(`${keyOf(state)}.tflock`, "{}", createOnly)).toBeNull();
    await faults(state);
    expectState(await state.get(), stateBody({ serial: 2 }));
    expect(await (await bucket.get(keyOf(state)))?.text()).toBe(stateBody({ serial: 2 }));
    const next = lockInfo();
    expectStatus(await state.lock(next), 200);
    expectStatus(await state.unlock(next), 200);
    expect(await bucket.head(`${keyOf(state)}.tflock`)).toBeNull();
  });

  test("no answer of R2 is an answer of ours: reads fail, and none says that there is no state", async () => {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1 }));
    await faults(state, { rate: "1", kinds: "error before" });
    expectProblem(await state.get(), 503);
    expectProblem(await state.lock(lockInfo()), 503);
    await faults(state);
    expectState(await state.get(), stateBody({ serial: 1 }));
  });

  test("of 20 clients that want the lock of a slow bucket one gets it, and the lock file names that one", async () => {
    const state = new State(worker.owner);
    await faults(state, { rate: "1", kinds: "slow", seed: "5" });
    const infos = Array.from({ length: 20 }, (_, at) => lockInfo(`client-${at}`));
    const replies = await Promise.all(infos.map((info) => state.lock(info)));
    const [winner = lockInfo()] = infos.filter((_, at) => replies[at]?.status === 200);
    expect(await s3LockId(worker, state)).toBe(winner.ID);
    for (const reply of replies.filter(({ status }) => status !== 200)) expectHeldBy(reply, winner);
  });

  test("a lock that is taken while another is given back keeps its lock file", async () => {
    for (let round = 0; round < 5; round++) {
      const state = new State(worker.owner);
      const first = lockInfo();
      await state.lock(first);
      await faults(state, { rate: "1", kinds: "slow", seed: String(round) });
      const next = Array.from({ length: 4 }, () => lockInfo());
      const [unlocked, ...locked] = await Promise.all([
        state.unlock(first),
        ...next.map((info) => state.lock(info)),
      ]);
      expectStatus(unlocked, 200);
      const winner = next.find((_, at) => locked[at]?.status === 200);
      expect(await s3LockId(worker, state)).toBe(winner?.ID ?? null);
      if (winner) expectStatus(await state.post(stateBody({ serial: 1 }), winner.ID), 200);
    }
  });

  test.each([
    ["small", 10],
    ["large", 5_000_000],
  ])("a %s version that someone wrote over is not handed out", async (_, size) => {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1, note: "a".repeat(size) }));
    const [version] = jsonList(await state.send("GET", "/versions"));
    const [key = ""] = await historyKeys(worker, state);
    await bucket.put(key, stateBody({ serial: 1, note: "b".repeat(size) }));
    expect(expectProblem(await state.send("GET", `/versions/${version?.id}`), 500).error).toBe(
      "object_damaged",
    );
    await state.post(stateBody({ serial: 2 }));
    const restore = await state.send("POST", `/versions/${version?.id}/restore`);
    expect(expectProblem(restore, 500).error).toBe("object_damaged");
    expectState(await state.get(), stateBody({ serial: 2 }));
  });
});

test("an apply takes at most five class A operations, and few of the rest", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  const take = async () => ({
    put: await counted(worker, "put"),
    look: (await counted(worker, "head")) + (await counted(worker, "get")),
    rows: await counted(worker, "rows written"),
  });
  const before = await take();
  const info = lockInfo();
  await state.lock(info);
  await state.get();
  await state.post(stateBody({ serial: 2 }), info.ID);
  await state.post(stateBody({ serial: 3 }), info.ID);
  await state.unlock(info);
  const after = await take();
  expect(after.put - before.put).toBe(5); // one lock file, and for each write its version and the current object
  // The state, the lock file before each write and before it goes, and the current object before the first write.
  expect(after.look - before.look).toBeLessThanOrEqual(6); // DELETE is free
  expect(after.rows - before.rows).toBeLessThanOrEqual(20);
});
