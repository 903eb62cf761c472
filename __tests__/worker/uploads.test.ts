import { join } from "node:path";
import { bundleWorker } from "../../worker/build";
import { expectProblem, expectStatus } from "./conformance/case";
import { lockInfo, State, send, stateBody } from "./conformance/client";
import { startTestWorker, type TestWorker } from "./support/harness";
import type { Crowd, StoredUploads } from "./support/stored-uploads";

/** What is remembered of uploads that do not end: a row of SQLite holds 2 MB, and a Worker is reset above 128 MB. */
let worker: TestWorker;
beforeAll(async () => {
  const script = await bundleWorker(join(__dirname, "support/runtime", "uploads-worker.ts"));
  worker = await startTestWorker({ script });
});
afterAll(() => worker.stop());

const ask = async <T>(name: string): Promise<T> =>
  JSON.parse((await send(worker.owner, "GET", `/uploads/${name}`)).text) as T;
const storedOf = ({ name }: State) => ask<StoredUploads>(`owner/${name}`);
const otherMd5 = { "content-md5": "1B2M2Y8AsgTpgAmY7PhCfg==" };

test("400 refused uploads leave nothing", async () => {
  const state = new State(worker.owner);
  const info = lockInfo();
  await state.lock(info);
  await state.post(stateBody({ serial: 5 }), info.ID);
  const before = await storedOf(state);
  for (let at = 0; at < 100; at++) {
    const refused = await Promise.all([
      state.post(stateBody({ serial: 6, note: "n" }), info.ID, otherMd5),
      state.post(stateBody({ serial: 1, note: "n" }), info.ID),
      state.post("{", info.ID),
      state.post(stateBody({ serial: 7, lineage: "other" }), info.ID),
    ]);
    for (const reply of refused) expectProblem(reply, 400, 409);
  }
  expectStatus(await state.post(stateBody({ serial: 6 }), info.ID), 200);
  const after = await storedOf(state);
  expect(after.older).toBe(0);
  expect(after.newest).toBeLessThanOrEqual(before.newest);
  const bucket = await worker.miniflare.getR2Bucket("BUCKET");
  const { objects } = await bucket.list({ prefix: `history/owner/${state.name}/` });
  expect(objects).toHaveLength(2);
});

test("nor do large ones, of which R2 never gets the whole", async () => {
  const state = new State(worker.owner);
  const large = (serial: number) => stateBody({ serial, note: "n".repeat(17_000_000) });
  expectStatus(await state.post(large(5)), 200);
  const before = await storedOf(state);
  expectProblem(await state.post(large(6), undefined, otherMd5), 400);
  expectProblem(await state.post(large(6).slice(0, -1)), 400);
  expectProblem(await state.post(`${large(6)}}`), 400);
  expectStatus(await state.post(large(6)), 200);
  expect(await storedOf(state)).toMatchObject({ newest: before.newest, older: 0 });
});

test("of many uploads that do not end, the settings keep the newest, a table the rest, and the sweep takes the oldest", async () => {
  const few = await ask<Crowd>("few?count=16");
  expect(few.stored).toMatchObject({ newest: 16, older: 0 });
  const many = await ask<Crowd>("many?count=1100");
  expect(many).toMatchObject({
    all: true,
    stored: { newest: 16, older: 1084 },
    left: { newest: 0, older: 0 },
  });
  expect(many.stored.settings).toBeLessThan(2000);
  expect([...many.taken].sort((a, b) => a - b)).toEqual(Array.from({ length: 84 }, (_, at) => at));
});
