import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntil } from "../support/wait-until";
import { expectProblem, expectState, expectStatus, json, jsonList } from "./conformance/case";
import { lockInfo, State, stateBody } from "./conformance/client";
import { startTestWorker } from "./support/harness";
import {
  counted,
  historyKeys,
  keyOf,
  runAlarm,
  type StorageWorker,
  setFaults,
  startStorageWorker,
} from "./support/storage-worker";

/** Where no S3 client is served, a version under a lock is committed with its bytes, which follow to R2 by the alarm. */
let worker: StorageWorker;
beforeAll(async () => {
  worker = await startStorageWorker({ TFSTATE_S3_CLIENTS: "off" });
});
afterAll(() => worker.stop());

/** A state that is locked, with the versions that were written under the lock. */
async function written(
  ...bodies: readonly string[]
): Promise<{ readonly state: State; readonly id: string }> {
  const state = new State(worker.owner);
  const { ID: id } = await locked(state);
  for (const body of bodies) expectStatus(await state.post(body, id), 200);
  return { state, id };
}

async function locked(state: State): Promise<{ readonly ID: string }> {
  const info = lockInfo();
  expectStatus(await state.lock(info), 200);
  return info;
}

async function versionIds(state: State): Promise<readonly string[]> {
  return jsonList(await state.send("GET", "/versions?all=1&limit=1000")).map(({ id }) => String(id));
}

test("a version is read before R2 has it, and then from R2 alone", async () => {
  const bodies = [stateBody({ serial: 1 }), stateBody({ serial: 2 })] as const;
  const { state } = await written(...bodies);
  const [newest, first] = await versionIds(state);
  expect(await historyKeys(worker, state)).toEqual([]);
  expectState(await state.get(), bodies[1]);
  expectState(await state.send("GET", `/versions/${first}`), bodies[0]);

  await runAlarm(state);
  expect(await historyKeys(worker, state)).toHaveLength(2);
  expectState(await state.send("GET", `/versions/${first}`), bodies[0]);
  await worker.bucket.delete(await historyKeys(worker, state));
  for (const id of [first, newest])
    expect(expectProblem(await state.send("GET", `/versions/${id}`), 500).error).toBe("object_missing");
});

test("while R2 does not answer, an apply goes on, and nothing of it is lost", async () => {
  const { state, id } = await written(stateBody({ serial: 1 }));
  await setFaults(state, { rate: "1", kinds: "error before" });
  for (const serial of [2, 3]) {
    expectStatus(await state.post(stateBody({ serial }), id), 200);
    expectState(await state.get(), stateBody({ serial }));
  }
  await runAlarm(state);
  expect(await historyKeys(worker, state)).toEqual([]);
  await setFaults(state);
  await runAlarm(state);
  expect(await historyKeys(worker, state)).toHaveLength(3);
  expectState(await state.get(), stateBody({ serial: 3 }));
});

test.each(["error before", "error after", "crash before", "crash after"])(
  "a version stays until R2 has it: %s its put",
  async (kinds) => {
    const { state } = await written(stateBody({ serial: 1 }));
    await setFaults(state, { rate: "1", kinds, target: "put history" });
    await runAlarm(state);
    const [id] = await versionIds(state);
    expectState(await state.send("GET", `/versions/${id}`), stateBody({ serial: 1 }));
    await setFaults(state);
    await runAlarm(state);
    expect(await historyKeys(worker, state)).toHaveLength(1);
    expectState(await state.send("GET", `/versions/${id}`), stateBody({ serial: 1 }));
  },
);

test("a put whose answer was lost is seen, also under a lock rule that lets nothing be written over", async () => {
  const { state } = await written(stateBody({ serial: 1 }));
  const [id] = await versionIds(state);
  const history = `history/owner/${state.name}`;
  await setFaults(state, { rate: "1", kinds: "error after", target: "put history" });
  await runAlarm(state);
  await setFaults(state, { locked: history });
  await runAlarm(state);
  // The ledger has the bytes no more.
  await worker.bucket.delete(await historyKeys(worker, state));
  expect(expectProblem(await state.send("GET", `/versions/${id}`), 500).error).toBe("object_missing");
});

test("what somebody else put in the place of a version is written over, and where a rule keeps it, the ledger keeps the bytes", async () => {
  const { state } = await written(stateBody({ serial: 1 }));
  const [id] = await versionIds(state);
  const key = `history/owner/${state.name}/${id}.tfstate`;
  await worker.bucket.put(key, "another's");
  await setFaults(state, { locked: key });
  await runAlarm(state);
  expectState(await state.send("GET", `/versions/${id}`), stateBody({ serial: 1 }));
  await setFaults(state);
  await runAlarm(state);
  expect(await (await worker.bucket.get(key))?.text()).toBe(stateBody({ serial: 1 }));
});

test("a sweep that is cut off leaves nothing of the version that it took, and all of the others", async () => {
  const { state, id } = await written(...[1, 2, 3].map((serial) => stateBody({ serial })));
  const [third, , first] = await versionIds(state);
  // The object is of the first one from now on, so nothing else spares the second.
  expectStatus(await state.send("POST", `/versions/${first}/restore?ID=${id}`), 200);
  expectStatus(await state.admin("PUT", "/policy", { keep: { versions: 1, days: 0 } }), 200);
  await setFaults(state, { rate: "1", kinds: "error before" });
  expectStatus(await state.send("POST", "/sweep"), 503);
  expect(await versionIds(state)).toEqual([third, first]);
  await setFaults(state);
  await runAlarm(state);
  const kept = [first, third].map((each) => `history/owner/${state.name}/${each}.tfstate`);
  expect((await historyKeys(worker, state)).sort()).toEqual(kept.sort());
  expectState(await state.send("GET", `/versions/${third}`), stateBody({ serial: 3 }));
});

test("bytes that are not those of their MD5 are refused, though R2 does not see them", async () => {
  const { state, id } = await written(stateBody({ serial: 1 }));
  const wrong = { "content-md5": Buffer.alloc(16).toString("base64") };
  expect(expectProblem(await state.post(stateBody({ serial: 2 }), id, wrong), 400).error).toBe(
    "md5_mismatch",
  );
  expectState(await state.get(), stateBody({ serial: 1 }));
  expect(await versionIds(state)).toHaveLength(1);
});

test("what is too large for a row, or more than there is room for, goes to R2 at once", async () => {
  const large = stateBody({ serial: 1, note: "x".repeat(1024 * 1024) });
  const { state, id } = await written(large);
  expect(await historyKeys(worker, state)).toHaveLength(1);
  const note = "x".repeat(1000 * 1024);
  for (let serial = 2; serial <= 19; serial++)
    expectStatus(await state.post(stateBody({ serial, note }), id), 200);
  expect((await historyKeys(worker, state)).length).toBe(1 + 2);
  await runAlarm(state);
  expect(await historyKeys(worker, state)).toHaveLength(19);
});

test("an alarm stores thirty at most, the oldest first, and the next one the rest", async () => {
  const { state } = await written(...Array.from({ length: 32 }, (_, at) => stateBody({ serial: at + 1 })));
  const ids = [...(await versionIds(state))].reverse();
  const stored = async () =>
    (await historyKeys(worker, state)).map((key) => key.split("/").at(-1)?.split(".")[0]);
  await runAlarm(state);
  expect((await stored()).sort()).toEqual(ids.slice(0, 30).sort());
  await runAlarm(state);
  expect(await stored()).toHaveLength(32);
});

test("without a lock, R2 has a version when it is answered", async () => {
  const state = new State(worker.owner);
  expectStatus(await state.post(stateBody({ serial: 1 })), 200);
  expect(await historyKeys(worker, state)).toHaveLength(1);
});

test("a freeze stores what is left before it is answered, and what is written during it at once", async () => {
  const { state, id } = await written(stateBody({ serial: 1 }));
  expectStatus(await state.admin("PUT", "/freeze", { reason: "moves to R2" }), 200);
  expect(await historyKeys(worker, state)).toHaveLength(1);
  expectStatus(await state.post(stateBody({ serial: 2 }), id), 200);
  expect(await historyKeys(worker, state)).toHaveLength(2);
});

test("a freeze stores thirty, and the alarm what is left a second later", async () => {
  const { state } = await written(...Array.from({ length: 32 }, (_, at) => stateBody({ serial: at + 1 })));
  const before = await counted(worker, "alarms set");
  expectStatus(await state.admin("PUT", "/freeze", { reason: "moves to R2" }), 200);
  expect(await counted(worker, "alarms set")).toBe(before + 1);
  await waitUntil(async () => (await historyKeys(worker, state)).length === 32);
});

test("a write that came while a freeze was waiting for R2 is in R2 when it is answered", async () => {
  const { state, id } = await written(stateBody({ serial: 1 }));
  await setFaults(state, { rate: "1", kinds: "held", target: "put history" });
  const asked = await counted(worker, "object requests");
  const frozen = state.admin("PUT", "/freeze", { reason: "moves to R2" });
  await waitUntil(async () => (await counted(worker, "object requests")) > asked);
  const posted = state.post(stateBody({ serial: 2 }), id);
  await waitUntil(async () => (await counted(worker, "object requests")) > asked + 1);
  await setFaults(state);
  expectStatus(await frozen, 200);
  expectStatus(await posted, 200);
  expect(await historyKeys(worker, state)).toHaveLength(2);
});

test("a version that R2 does not have yet is restored, and retention takes it away whole", async () => {
  const { state, id } = await written(
    stateBody({ serial: 1 }),
    stateBody({ serial: 2 }),
    stateBody({ serial: 3 }),
  );
  const [, , first] = await versionIds(state);
  expectStatus(await state.send("POST", `/versions/${first}/restore?ID=${id}`), 200);
  expectState(await state.get(), stateBody({ serial: 1 }));
  expectStatus(await state.admin("PUT", "/policy", { keep: { versions: 1, days: 0 } }), 200);
  expect(json(await state.send("POST", "/sweep")).deleted).toBe(1);
  expect(await versionIds(state)).toHaveLength(2);
  await runAlarm(state);
  expect(await historyKeys(worker, state)).toHaveLength(2);
  expect(await (await worker.bucket.get(keyOf(state)))?.text()).toBe(stateBody({ serial: 1 }));
});

test("half a minute after a write the bytes are on their way, whatever the alarm was set for", async () => {
  const { state, id } = await written(stateBody({ serial: 1 }));
  await runAlarm(state); // under a lock, the next one is minutes away
  const before = await counted(worker, "alarms set");
  expectStatus(await state.post(stateBody({ serial: 2 }), id), 200);
  expect(await counted(worker, "alarms set")).toBe(before + 1);
});

test("bytes that were not stored are there after a restart, also where S3 clients are served from then on", async () => {
  const persist = mkdtempSync(join(tmpdir(), "tfstate-unstored-"));
  const start = (value: string) => startTestWorker({ persist, vars: { TFSTATE_S3_CLIENTS: value } });
  try {
    const first = await start("off");
    const before = new State(first.owner, "kept");
    const info = lockInfo();
    expectStatus(await before.lock(info), 200);
    // The object is of the version before, which a freeze has put there.
    expectStatus(await before.post(stateBody({ serial: 0 }), info.ID), 200);
    expectStatus(await before.admin("PUT", "/freeze", { reason: "a while" }), 200);
    expectStatus(await before.admin("DELETE", "/freeze"), 200);
    expectStatus(await before.post(stateBody({ serial: 1 }), info.ID), 200);
    await first.miniflare.dispose();

    const second = await start("on");
    const after = new State(second.owner, "kept");
    expectState(await after.get(), stateBody({ serial: 1 }));
    expectStatus(await after.post(stateBody({ serial: 2 }), info.ID), 200);
    expectStatus(await after.unlock(info), 200);
    const bucket = await second.miniflare.getR2Bucket("BUCKET");
    expect(await (await bucket.get(keyOf(after)))?.text()).toBe(stateBody({ serial: 2 }));
    const [, oldest] = await versionIds(after);
    expectState(await after.send("GET", `/versions/${oldest}`), stateBody({ serial: 1 }));
    await second.miniflare.dispose();
  } finally {
    rmSync(persist, { recursive: true, force: true });
  }
});
