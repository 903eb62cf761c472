import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { expectStatus, json } from "./conformance/case";
import { lockInfo, State, stateBody } from "./conformance/client";
import { startTestWorker, type TestWorker } from "./support/harness";

/** A state of 90 MB, in a Worker that has 128 MB. */
let worker: TestWorker;
beforeAll(async () => {
  worker = await startTestWorker();
});
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
);
