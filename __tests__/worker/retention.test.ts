import { setTimeout as sleep } from "node:timers/promises";
import { expectProblem, expectState, expectStatus, json, jsonList } from "./conformance/case";
import { State, slowly, stateBody } from "./conformance/client";
import {
  historyKeys,
  runAlarm,
  type StorageWorker,
  setFaults,
  startStorageWorker,
} from "./support/storage-worker";

/** What retention does where R2 does not let an object go: under a lock rule of the bucket, or at its worst. */
let worker: StorageWorker;
beforeAll(async () => {
  worker = await startStorageWorker();
});
afterAll(() => worker.stop());

const serialsOf = async (state: State): Promise<unknown[]> =>
  jsonList(await state.send("GET", "/versions")).map(({ serial }) => serial);

/** A state with versions 1 to 5, of which retention keeps the newest alone; and the ID of each version. */
async function stateWithHistory(): Promise<{ state: State; ids: Map<unknown, string> }> {
  const state = new State(worker.owner);
  for (let serial = 1; serial <= 5; serial++) await state.post(stateBody({ serial }));
  const versions = jsonList(await state.send("GET", "/versions"));
  const ids = new Map(versions.map(({ serial, id }) => [serial, String(id)]));
  await state.admin("PUT", "/policy", { keep: { versions: 1, days: 0 } });
  return { state, ids };
}

test("with every version locked, all of them stay listed and can be read, and a sweep is no error", async () => {
  const { state, ids } = await stateWithHistory();
  await setFaults(state, { locked: `history/owner/${state.name}` });
  for (let again = 0; again < 2; again++) {
    expect(json(await state.send("POST", "/sweep"))).toEqual({ deleted: 0, kept: 4 });
    expect(await serialsOf(state)).toEqual([5, 4, 3, 2, 1]);
    for (const [serial, id] of ids)
      expectState(await state.send("GET", `/versions/${id}`), stateBody({ serial: Number(serial) }));
  }
  const audit = jsonList(await state.send("GET", "/audit"));
  expect(audit.filter(({ action }) => action === "prune")).toEqual([]);
});

test("with one version locked, the sweep goes on with the others, and takes that one once it may", async () => {
  const { state, ids } = await stateWithHistory();
  await setFaults(state, { locked: String(ids.get(2)) });
  expect(json(await state.send("POST", "/sweep"))).toEqual({ deleted: 3, kept: 1 });
  expect(await serialsOf(state)).toEqual([5, 2]);
  expectState(await state.send("GET", `/versions/${ids.get(2)}`), stateBody({ serial: 2 }));
  await setFaults(state);
  await runAlarm(state);
  expect(await serialsOf(state)).toEqual([5]);
  expect((await historyKeys(worker, state)).length).toBe(1);
  const audit = jsonList(await state.send("GET", "/audit"));
  expect(audit.filter(({ action }) => action === "prune").length).toBe(4);
});

test("a sweep that a lock holds up still gets to the uploads that nobody finished", async () => {
  const { state, ids } = await stateWithHistory();
  await setFaults(state, { locked: `history/owner/${state.name}` });
  // Refused after it was stored, as it is too large for the memory; and then it cannot be deleted.
  expectProblem(await state.post(stateBody({ serial: 1, note: "x".repeat(17_000_000) })), 409);
  expect((await historyKeys(worker, state)).length).toBe(6);
  await runAlarm(state, 2);
  expect((await historyKeys(worker, state)).length).toBe(6);
  await setFaults(state, { locked: String(ids.get(2)) });
  await runAlarm(state, 2);
  expect((await historyKeys(worker, state)).length).toBe(2);
  expect(await serialsOf(state)).toEqual([5, 2]);
});

test.each(["error before", "error after", "crash before", "crash after"])(
  "where deletes fail (%s), no version is listed without its bytes, and the next sweep finishes the work",
  async (kinds) => {
    const { state, ids } = await stateWithHistory();
    await setFaults(state, { rate: "1", kinds, target: "delete history" });
    await state.send("POST", "/sweep");
    await setFaults(state);
    for (const serial of await serialsOf(state))
      expectState(
        await state.send("GET", `/versions/${ids.get(serial)}`),
        stateBody({ serial: Number(serial) }),
      );
    expectStatus(await state.send("POST", "/sweep"), 200);
    expect(await serialsOf(state)).toEqual([5]);
    expect((await historyKeys(worker, state)).length).toBe(1);
    for (const serial of [1, 2, 3, 4])
      expectProblem(await state.send("GET", `/versions/${ids.get(serial)}`), 400);
  },
);

test("an upload that the sweep gave up while it came in, and that is then refused, does not fail the next one", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  const body = `${stateBody({ serial: 2 })}}`;
  const headers = { "content-length": String(body.length) };
  const refused = await state.send("POST", "", {
    body: slowly(body, async () => {
      await sleep(300); // until its first half has come in
      await runAlarm(state, 2);
    }),
    headers,
  });
  expectProblem(refused, 400);
  expectStatus(await state.post(stateBody({ serial: 2 })), 200);
});
