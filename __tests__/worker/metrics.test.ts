import { join } from "node:path";
import { bundleWorker } from "../../worker/build";
import { expectStatus } from "./conformance/case";
import { lockInfo, State, send, stateBody } from "./conformance/client";
import { startTestWorker, type TestWorker } from "./support/harness";

/** What the metrics say of many states, and what it takes to ask for them. */
let worker: TestWorker;
beforeAll(async () => {
  const script = await bundleWorker(join(__dirname, "support/runtime", "faulty-worker.ts"));
  worker = await startTestWorker({ script });
});
afterAll(() => worker.stop());

const alarm = (state: State) => send(worker.owner, "GET", `/alarm/owner/${state.name}`);

async function gauges(): Promise<Record<string, number>> {
  const reply = await send(worker.owner, "GET", "/metrics");
  expectStatus(reply, 200);
  const lines = reply.text.matchAll(
    /^(tfstate_(?:states|locks_held|conflicts|oldest_lock_seconds)) ([\d.]+)$/gm,
  );
  return Object.fromEntries([...lines].map(([, name, value]) => [name, Number(value)]));
}

async function objectRequests(): Promise<number> {
  const counted = JSON.parse((await send(worker.owner, "GET", "/faults/none")).text) as Record<
    string,
    number
  >;
  return counted["object requests"] ?? 0;
}

test("gauges count every state, and cost the same however many there are", async () => {
  const states = Array.from({ length: 60 }, (_, at) => new State(worker.owner, `s${at}`));
  for (const state of states) expectStatus(await state.post(stateBody({ serial: 5 })), 200);
  const infos = states.map(() => lockInfo());
  for (const at of [3, 41, 59]) await states[at]?.lock(infos[at] ?? lockInfo());
  const bucket = await worker.miniflare.getR2Bucket("BUCKET");
  await bucket.put("owner/s50.tfstate", stateBody({ serial: 1, lineage: "foreign" }));
  expectStatus(await new State(worker.owner, "s50").get(), 500);
  for (const state of states) await alarm(state);

  const before = await objectRequests();
  const { tfstate_oldest_lock_seconds: age, ...counts } = await gauges();
  expect((await objectRequests()) - before).toBeLessThanOrEqual(3);
  expect(counts).toEqual({ tfstate_states: 60, tfstate_locks_held: 3, tfstate_conflicts: 1 });
  expect(age).toBeGreaterThan(0);
  expect(age).toBeLessThan(600);

  for (const at of [3, 41]) await states[at]?.unlock(infos[at] ?? lockInfo());
  await states[50]?.send("DELETE");
  for (const state of states) await alarm(state);
  const { tfstate_oldest_lock_seconds: _, ...later } = await gauges();
  expect(later).toEqual({ tfstate_states: 60, tfstate_locks_held: 1, tfstate_conflicts: 0 });
});

test("an apply is counted by route, and an alarm after it tells the Directory nothing that it knows", async () => {
  const state = new State(worker.owner, "s0");
  const info = lockInfo();
  await state.lock(info);
  await state.post(stateBody({ serial: 6 }), info.ID);
  await state.unlock(info);
  const before = await objectRequests();
  await alarm(state);
  expect((await objectRequests()) - before).toEqual(0);
  const { text } = await send(worker.owner, "GET", "/metrics");
  expect(text).toMatch(
    /^tfstate_requests_total\{method="LOCK",route="\/states\/:name\/lock",status="200"\} \d+$/m,
  );
});
