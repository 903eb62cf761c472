import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expectStatus, json, jsonList } from "./conformance/case";
import { lockInfo, State, slowly, stateBody } from "./conformance/client";
import { startTestWorker, type TestWorker } from "./support/harness";

/** A state of 90 MB, in a Worker that has 128 MB. */
let worker: TestWorker;
beforeAll(async () => {
  worker = await startTestWorker();
}, 60_000);
afterAll(() => worker.stop());

/** Resident memory of the workerd that this process started, in MB. On Linux only; elsewhere null. */
function residentMB(): number | null {
  if (process.platform !== "linux") return null;
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const [, parent] = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
      if (Number(parent) !== process.pid || !readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("workerd"))
        continue;
      const [, peak] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
      return Math.round(Number(peak) / 1024);
    } catch {
      // a process that ended while we looked
    }
  }
  return null;
}

const resource = (at: number) => ({
  mode: "managed",
  type: "terraform_data",
  name: `${at}-${"n".repeat(4000)}`,
});

test.each([
  ["of one long text", { outputs: { note: { value: "0123456789".repeat(9_000_000), type: "string" } } }],
  ["of resources with long names", { resources: Array.from({ length: 22_500 }, (_, at) => resource(at)) }],
])(
  "a 90 MB state %s goes in and out whole, and is streamed: workerd grows by less than 100 MB",
  async (_, content) => {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1 }));
    const before = residentMB();
    const body = JSON.stringify({ version: 4, serial: 2, lineage: "lineage-1", ...content });
    const info = lockInfo();
    await state.lock(info);
    const stored = await state.post(body, info.ID);
    expectStatus(stored, 200);
    expect(json(stored).sha256).toBe(createHash("sha256").update(body).digest("hex"));
    const read = await state.get();
    expectStatus(read, 200);
    // Not compared by jest, which would print both.
    expect(read.text === body).toBe(true);
    const after = residentMB();
    // R2 and SQLite included, which workerd plays here.
    if (before !== null && after !== null) expect(after - before).toBeLessThan(100);
  },
  280_000,
);

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
}, 280_000);

test("a body above the limit is refused before it is read", async () => {
  const state = new State(worker.owner);
  const reply = await state
    .send("POST", "", { body: Buffer.from("{"), headers: { "content-length": "200000000" } })
    .catch(() => null);
  // Null where the server closed the connection before the body was through.
  expect([undefined, 413]).toContain(reply?.status);
  expect((await state.get()).status).toBe(204);
});
