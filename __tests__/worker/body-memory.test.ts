import { setTimeout as sleep } from "node:timers/promises";
import { expectStatus, jsonList } from "./conformance/case";
import { lockInfo, State, slowly, stateBody } from "./conformance/client";
import { startTestWorker, type TestWorker } from "./support/harness";

/** A Worker of its own: what earlier tests left behind would share the memory for bodies. */
let worker: TestWorker;
beforeAll(async () => {
  worker = await startTestWorker();
});
afterAll(() => worker.stop());

test("while the memory for bodies is all taken, small ones and large ones are stored all the same", async () => {
  const megabytes = 1024 * 1024;
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const emptyLength = stateBody({ serial: 1 }).length;
  const large = stateBody({ serial: 1, note: "x".repeat(16 * megabytes - emptyLength) });
  const slow = Array.from({ length: 4 }, async () => {
    const state = new State(worker.owner);
    const headers = { "content-length": String(large.length) };
    const reply = await state.send("POST", "", { body: slowly(large, () => gate), headers });
    return { state, reply };
  });
  await sleep(1000); // until their first halves have come in
  for (const size of [10, 500_000, 2 * megabytes]) {
    const state = new State(worker.owner);
    const info = lockInfo();
    await state.lock(info);
    const body = stateBody({ serial: 1, note: "y".repeat(size) });
    expectStatus(await state.post(body, info.ID), 200);
    await state.unlock(info);
    const [version] = jsonList(await state.send("GET", "/versions"));
    expect((await state.send("GET", `/versions/${version?.id}`)).text === body).toBe(true);
  }
  open();
  for (const { state, reply } of await Promise.all(slow)) {
    expectStatus(reply, 200);
    expect((await state.get()).text === large).toBe(true);
  }
});

test("a body above the limit is refused before it is read", async () => {
  const state = new State(worker.owner);
  const reply = await state
    .send("POST", "", { body: Buffer.from("{"), headers: { "content-length": "200000000" } })
    .catch(() => null);
  // Null where the server closed the connection before the body was through.
  expect([undefined, 413]).toContain(reply?.status);
  expect((await state.get()).status).toBe(204);
});
