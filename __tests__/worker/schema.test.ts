import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleWorker } from "../../worker/build";
import { expectProblem, expectState, expectStatus, json, jsonList } from "./conformance/case";
import { State, send, stateBody } from "./conformance/client";
import { startTestWorker } from "./support/harness";

/** What becomes of the tables when the Worker is replaced by a later one, and by an older one. */
const persist = mkdtempSync(join(tmpdir(), "tfstate-schema-"));
afterAll(() => rmSync(persist, { recursive: true, force: true }));

const body = stateBody({ serial: 4, encrypted: true });
const hash = (algorithm: string): string => createHash(algorithm).update(body).digest("hex");
const version = {
  id: "version-4",
  serial: 4,
  lineage: "lineage-1",
  sha256: hash("sha256"),
  md5: hash("md5"),
  size: body.length,
  encrypted: 1,
  createdAt: "2026-01-01T00:00:00.000Z",
  createdBy: "basic:owner",
  lockId: "held",
  source: "http",
  resources: JSON.stringify(["terraform_data.old"]),
};

/** Makes the tables of the state `name` those of another Worker. */
async function leave(form: "first" | "later", name: string, tokens?: readonly object[]): Promise<void> {
  const other = await startTestWorker({
    persist,
    script: await bundleWorker(join(__dirname, "support/runtime", "other-forms.ts")),
  });
  const content = JSON.stringify({ form, name: `owner/${name}`, version, tokens });
  expect((await fetch(other.owner.url, { method: "POST", body: content })).status).toBe(200);
  const bucket = await other.miniflare.getR2Bucket("BUCKET");
  await bucket.put(`owner/${name}.tfstate`, body);
  await bucket.put(`owner/${name}.tfstate.tflock`, "{}", {
    customMetadata: { "written-by": "tfstate-worker" },
  });
  await bucket.put(`history/owner/${name}/version-4.tfstate`, body);
  await bucket.put(`history/owner/${name}/lost.tfstate`, "{");
  await other.miniflare.dispose();
}

test("a state that the first Worker left is served with its lock, its history and its policy, and goes on", async () => {
  await leave("first", "old");
  const worker = await startTestWorker({ persist });
  try {
    const state = new State(worker.owner, "old");
    expectState(await state.get(), body);
    expect(json(await state.holder()).ID).toBe("held");
    expectProblem(await state.lock({ ID: "broken" }), 423);
    expectProblem(await state.post(stateBody({ serial: 5 }), "held"), 409);
    expectStatus(await state.post(stateBody({ serial: 5, encrypted: true }), "held"), 200);
    expectStatus(await state.unlock({ ID: "held" }), 200);
    expectProblem(await state.lock({ ID: "broken" }), 409);
    const serials = jsonList(await state.send("GET", "/versions?all=1")).map(({ serial }) => serial);
    expect(serials).toEqual([5, 4]);
    const changes = json(await state.send("GET", "/versions/version-4/changes"));
    expect(changes).toMatchObject({ against: null, diff: { added: ["terraform_data.old"], removed: [] } });
    expect(json(await state.admin("PUT", "/policy", {})).keep).toEqual({ versions: 7 });
    expectStatus(await state.send("POST", "/sweep"), 200);
    const bucket = await worker.miniflare.getR2Bucket("BUCKET");
    expect(await bucket.head("history/owner/old/lost.tfstate")).toBeNull();
    expectState(await state.send("GET", "/versions/version-4"), body);
  } finally {
    await worker.miniflare.dispose();
  }
});

test("tokens that the first Worker left work, and one is revoked with those that it minted", async () => {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const tokens = [
    ["a1", "lead", "basic:owner"],
    ["a2", "child", "token:lead"],
    ["a3", "grandchild", "token:child"],
    ["a4", "other", "basic:owner"],
  ].map(([id = "", name = "", createdBy]) => ({
    hash: createHash("sha256").update(`tfs_${id}_secret`).digest("base64url"),
    info: {
      id,
      name,
      namespace: "owner",
      scopes: ["read"],
      states: ["*"],
      createdAt: "2026-01-01T00:00:00.000Z",
      createdBy,
      expiresAt,
    },
  }));
  await leave("first", "with-tokens", tokens);
  const worker = await startTestWorker({ persist });
  try {
    const state = (id: string) => new State(worker.as("any", `tfs_${id}_secret`), "with-tokens");
    for (const { info } of tokens) expectState(await state(info.id).get(), body);
    // A new token of the name of an old one is not taken for the one that minted the old ones.
    const request = JSON.stringify({ name: "lead", scopes: ["read"] });
    const { id } = json(await send(worker.owner, "POST", "/tokens", { body: request }));
    expect(json(await send(worker.owner, "DELETE", `/tokens/${id}`)).children).toEqual([]);
    expect(json(await send(worker.owner, "DELETE", "/tokens/a1")).children).toEqual(["a2", "a3"]);
    for (const gone of ["a1", "a2", "a3"]) expectProblem(await state(gone).get(), 401);
    expectState(await state("a4").get(), body);
  } finally {
    await worker.miniflare.dispose();
  }
});

test("tables of a later Worker are left alone: an error, and never no state", async () => {
  await leave("later", "new");
  const worker = await startTestWorker({ persist });
  try {
    const state = new State(worker.owner, "new");
    for (const reply of [
      await state.get(),
      await state.post(stateBody({ serial: 9 })),
      await state.unlock(""),
    ])
      expectProblem(reply, 503);
  } finally {
    await worker.miniflare.dispose();
  }
});

test("a new object gets the tables that all the scripts lead to", async () => {
  const script = await bundleWorker(join(__dirname, "support/runtime", "other-forms.ts"));
  const { owner, miniflare } = await startTestWorker({ script });
  try {
    const asked = JSON.stringify({ form: "tables", name: "owner/tables" });
    const answer = await fetch(owner.url, { method: "POST", body: asked });
    const [created, migrated] = (await answer.json()) as [readonly { readonly name: string }[], unknown];
    expect(created.map(({ name }) => name)).toContain("unstored_body");
    expect(created).toEqual(migrated);
  } finally {
    await miniflare.dispose();
  }
});
