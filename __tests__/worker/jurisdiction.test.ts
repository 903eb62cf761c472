import { join } from "node:path";
import { bundleWorker } from "../../worker/build";
import { expectStatus } from "./conformance/case";
import { lockInfo, State, send, stateBody } from "./conformance/client";
import { startTestWorker } from "./support/harness";

/** An object is found only in the jurisdiction in which it was made, so each way to one has to name the same. */
async function objectsOf(vars: Record<string, string>): Promise<string[]> {
  const script = await bundleWorker(join(__dirname, "support/runtime", "jurisdiction-worker.ts"));
  const worker = await startTestWorker({ script, vars });
  try {
    const state = new State(worker.owner, "prod");
    const info = lockInfo();
    expectStatus(await state.lock(info), 200);
    expectStatus(await state.post(stateBody({ serial: 1 }), info.ID), 200);
    expectStatus(await state.unlock(info), 200);
    expectStatus(await state.send("DELETE"), 200);
    for (const path of ["/states", "/metrics", "/tokens", "/audit", "/"]) {
      expectStatus(await send(worker.owner, "GET", path), 200);
    }
    expectStatus(await send(worker.owner, "POST", "/backup"), 200);
    return (await (await fetch(`${worker.owner.url}/asked`)).json()) as string[];
  } finally {
    await worker.miniflare.dispose();
  }
}

test.each([
  ["eu", "eu/"],
  ["", ""],
])("with TFSTATE_JURISDICTION=%s, all objects are there", async (jurisdiction, prefix) => {
  const asked = await objectsOf({ TFSTATE_JURISDICTION: jurisdiction });
  const kinds = new Set(asked.map((name) => name.replace(/\d+$/, "N")));
  expect([...kinds].sort()).toEqual(
    ["directory", "owner/prod", "passwords-N"].map((name) => `${prefix}${name}`),
  );
});

test("a jurisdiction that there is not locks the Worker", async () => {
  const worker = await startTestWorker({ vars: { TFSTATE_JURISDICTION: "europe" } });
  try {
    const { status, text } = await send(worker.owner, "GET", "/health");
    expect({ status, text }).toEqual({ status: 503, text: expect.stringContaining("TFSTATE_JURISDICTION") });
  } finally {
    await worker.miniflare.dispose();
  }
});
