import { expectNoState, expectProblem, expectState, expectStatus, json, jsonList } from "./conformance/case";
import { lockInfo, State, send, stateBody } from "./conformance/client";
import { startTestWorker, type TestWorker } from "./support/harness";

/** The copy in the second bucket, and the way back. */
let worker: TestWorker;
type Bucket = Awaited<ReturnType<TestWorker["miniflare"]["getR2Bucket"]>>;
let bucket: Bucket;
let backup: Bucket;
beforeEach(async () => {
  worker = await startTestWorker();
  bucket = await worker.miniflare.getR2Bucket("BUCKET");
  backup = await worker.miniflare.getR2Bucket("BACKUP");
});
afterEach(() => worker.miniflare.dispose());

async function empty(target: Bucket): Promise<void> {
  const { objects } = await target.list();
  await target.delete(objects.map(({ key }) => key));
}

const schedule = async (): Promise<void> => {
  const reply = await worker.miniflare.dispatchFetch("http://localhost/cdn-cgi/mf/scheduled");
  expect(reply.status).toBe(200);
};

test("the schedule copies every state where plain tofu reads it, and copies again only what changed", async () => {
  const states = ["a", "b", "c"].map((name) => new State(worker.owner, name));
  for (const state of states) await state.post(stateBody({ serial: 1, lineage: state.name }));
  await schedule();
  for (const { name } of states) {
    expect(await (await backup.get(`owner/${name}.tfstate`))?.text()).toBe(
      stateBody({ serial: 1, lineage: name }),
    );
  }
  await states[0]?.post(stateBody({ serial: 2, lineage: "a" }));
  const results = JSON.parse((await send(worker.owner, "POST", "/backup")).text) as { result: string }[];
  expect(results.map(({ result }) => result)).toEqual(["copied", "unchanged", "unchanged"]);
  expect((await backup.list({ prefix: "versions/owner/a/" })).objects.length).toBe(2);
});

test("one state is restored from its copy after its bucket lost everything", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 3 }));
  expectStatus(await state.send("POST", "/backup"), 200);
  await empty(bucket);
  expectProblem(await state.get(), 500);
  expectStatus(await state.send("POST", "/backup/restore"), 200);
  expectState(await state.get(), stateBody({ serial: 3 }));
  expectStatus(await state.post(stateBody({ serial: 4 })), 200);
});

test("everything is restored into a new deployment", async () => {
  for (const name of ["a", "b", "c"])
    await new State(worker.owner, name).post(stateBody({ serial: 1, lineage: name }));
  await schedule();
  const copies: [string, string][] = [];
  for (const { key } of (await backup.list()).objects)
    copies.push([key, (await (await backup.get(key))?.text()) ?? ""]);
  const fresh = await startTestWorker();
  try {
    const bucketOfFresh = await fresh.miniflare.getR2Bucket("BACKUP");
    for (const [key, text] of copies) await bucketOfFresh.put(key, text);
    expectNoState(await new State(fresh.owner, "a").get());
    const reply = json(await send(fresh.owner, "POST", "/backup/restore"));
    expect(reply).toEqual({ restored: ["a", "b", "c"], kept: [], failed: [], next: null });
    const again = json(await send(fresh.owner, "POST", "/backup/restore"));
    expect(again).toMatchObject({ restored: [], kept: Array(3).fill({ reason: "same" }) });
    for (const name of ["a", "b", "c"]) {
      expectState(await new State(fresh.owner, name).get(), stateBody({ serial: 1, lineage: name }));
    }
  } finally {
    await fresh.miniflare.dispose();
  }
});

test("a state that cannot be copied or brought back is named, and keeps no other from it", async () => {
  for (const name of ["a", "b", "c"])
    await new State(worker.owner, name).post(stateBody({ serial: 1, lineage: name }));
  await empty(bucket);
  await bucket.put("owner/b.tfstate", stateBody({ serial: 2, lineage: "b" }));
  const copies = JSON.parse((await send(worker.owner, "POST", "/backup")).text) as { result: string }[];
  expect(copies.map(({ result }) => result)).toEqual(["failed", "copied", "failed"]);
  for (const name of ["a", "c"])
    await backup.put(`owner/${name}.tfstate`, stateBody({ serial: 1, lineage: name }));
  await backup.put("owner/a.tfstate", "not a state");
  const reply = json(await send(worker.owner, "POST", "/backup/restore"));
  expect([reply.restored, reply.kept]).toMatchObject([["c"], [{ state: "b", reason: "same" }]]);
  expect(
    (reply.failed as { state: string; error: string }[]).map(({ state, error }) => [state, error]),
  ).toEqual([["a", "not_a_state"]]);
  expectState(await new State(worker.owner, "c").get(), stateBody({ serial: 1, lineage: "c" }));
});

test("the schedule finds what others left in the bucket, past a long history", async () => {
  const mine = new State(worker.owner, "mine");
  await mine.post(stateBody({ serial: 1 }));
  const body = stateBody({ serial: 4, lineage: "theirs" });
  // More than one page of objects, most of them versions.
  for (let at = 0; at < 1010; at += 10)
    await Promise.all(
      Array.from({ length: 10 }, (_, next) => bucket.put(`history/owner/gone/${at + next}.tfstate`, "{}")),
    );
  for (const name of ["first", "last"]) await bucket.put(`owner/${name}.tfstate`, body);
  for (const key of ["owner/first.tfstate.tflock", "owner/notes.txt", "deep/er/x.tfstate", "a/other.tfstate"])
    await bucket.put(key, key.endsWith(".tflock") ? "{}" : body);
  await bucket.delete("owner/first.tfstate.tflock");
  for (let run = 0; run < 3; run++) await schedule();
  for (const key of ["a/other.tfstate", "owner/first.tfstate", "owner/last.tfstate"])
    expect(await (await backup.get(key))?.text()).toBe(body);
  const names = jsonList(await send(worker.owner, "GET", "/states")).map(({ name }) => name);
  expect(names).toEqual(["first", "last", "mine"]);
});

test("an admin's backup is of the own namespace", async () => {
  const other = await startTestWorker({
    vars: {
      TFSTATE_USERS:
        '[{"name":"other","namespace":"other","password":"password of other","scopes":["write","admin"]}]',
    },
  });
  try {
    await new State(other.owner, "ours").post(stateBody({ serial: 1 }));
    const theirs = other.as("other", "password of other");
    await new State(theirs, "theirs").post(stateBody({ serial: 1 }));
    const copied = JSON.parse((await send(theirs, "POST", "/backup")).text) as { key: string }[];
    expect(copied.map(({ key }) => key)).toEqual(["other/theirs.tfstate"]);
  } finally {
    await other.miniflare.dispose();
  }
});

test("a copy that was damaged is not restored", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 3 }));
  await state.send("POST", "/backup");
  const key = `owner/${state.name}.tfstate`;
  const { customMetadata } = (await backup.head(key)) ?? {};
  await backup.put(key, stateBody({ serial: 3, note: "damaged" }), { customMetadata });
  const restore = await state.send("POST", `/backup/restore?force=${state.name}`);
  expect(expectProblem(restore, 500).error).toBe("backup_damaged");
  expectState(await state.get(), stateBody({ serial: 3 }));
});

test("a lock keeps a restore out, and a state without a copy says so", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  expectProblem(await state.send("POST", "/backup/restore"), 409);
  await state.send("POST", "/backup");
  const info = lockInfo();
  await state.lock(info);
  expectProblem(await state.send("POST", "/backup/restore"), 423);
  await state.unlock(info);
  await state.admin("PUT", "/freeze", { reason: "incident: nobody but us restores" });
  expectStatus(await state.send("POST", "/backup/restore"), 200);
});

describe("a restore of everything", () => {
  const audits = async (state: State): Promise<number> => jsonList(await state.send("GET", "/audit")).length;
  const versions = async (state: State): Promise<number> =>
    jsonList(await state.send("GET", "/versions")).length;
  const restoreAll = async (query = "") => json(await send(worker.owner, "POST", `/backup/restore${query}`));

  /** States that went different ways since they were copied, by name. */
  async function afterTheBackup() {
    const names = ["damaged", "deleted", "foreign", "lost", "newer", "rolled-back", "same"] as const;
    const states = Object.fromEntries(names.map((name) => [name, new State(worker.owner, name)]));
    const state = (name: (typeof names)[number]): State => states[name] ?? new State(worker.owner, name);
    for (const serial of [1, 2])
      for (const name of names) await state(name).post(stateBody({ serial, lineage: name }));
    await schedule();
    const objects = async (prefix: string) => (await bucket.list({ prefix })).objects.map(({ key }) => key);
    await bucket.delete([...(await objects("owner/lost.")), ...(await objects("history/owner/lost/"))]);
    for (const key of await objects("history/owner/damaged/")) await bucket.put(key, "damaged");
    await bucket.delete("owner/damaged.tfstate");
    await state("newer").post(stateBody({ serial: 3, lineage: "newer" }));
    await state("deleted").send("DELETE");
    const oldest = jsonList(await state("rolled-back").send("GET", "/versions")).at(-1);
    await state("rolled-back").send("POST", `/versions/${oldest?.id}/restore`);
    await bucket.put("owner/foreign.tfstate", stateBody({ serial: 9, lineage: "another" }));
    return state;
  }

  test("brings back what is missing or damaged, leaves the rest, says why, and does nothing the second time", async () => {
    const state = await afterTheBackup();
    const kept = [
      { state: "deleted", reason: "deleted", message: "the state was deleted on purpose" },
      { state: "foreign", reason: "undecided", message: expect.stringContaining("an admin has to choose") },
      {
        state: "newer",
        reason: "healthy",
        message: "the state is whole: its serial 3 is newer than serial 2 of the copy",
      },
      {
        state: "rolled-back",
        reason: "healthy",
        message: "the state is whole: its serial 1 is older than serial 2 of the copy",
      },
      { state: "same", reason: "same", message: "the state has the content of the copy" },
    ];
    expect(await restoreAll()).toEqual({ restored: ["damaged", "lost"], kept, failed: [], next: null });
    for (const name of ["damaged", "lost"] as const)
      expectState(await state(name).get(), stateBody({ serial: 2, lineage: name }));
    expectState(await state("newer").get(), stateBody({ serial: 3, lineage: "newer" }));
    expectState(await state("rolled-back").get(), stateBody({ serial: 1, lineage: "rolled-back" }));
    expectNoState(await state("deleted").get());
    expectProblem(await state("foreign").get(), 500);
    const [before, entries] = [await versions(state("lost")), await audits(state("lost"))];
    const again = await restoreAll();
    expect([again.restored, again.failed]).toEqual([[], []]);
    expect([await versions(state("lost")), await audits(state("lost"))]).toEqual([before, entries]);
  });

  test("brings back more by name, without a version more where the history has it", async () => {
    const state = await afterTheBackup();
    const forced = ["newer", "deleted", "foreign"] as const;
    const { restored } = await restoreAll(`?${forced.map((name) => `force=${name}`).join("&")}`);
    expect(restored).toEqual(["damaged", "deleted", "foreign", "lost", "newer"]);
    for (const name of forced) expectState(await state(name).get(), stateBody({ serial: 2, lineage: name }));
    const all = await Promise.all(forced.map((name) => versions(state(name))));
    expect(all).toEqual([3, 2, 3]); // of the last one, the S3 client's write is kept too
  });

  test("of one state is refused where it needs no copy, unless that state is named", async () => {
    const state = await afterTheBackup();
    for (const name of ["newer", "deleted"] as const) {
      const problem = expectProblem(await state(name).send("POST", "/backup/restore"), 409);
      expect(problem).toMatchObject({
        error: "copy_not_needed",
        fix: expect.stringContaining(`?force=${name}`),
      });
      expectProblem(await state(name).send("POST", "/backup/restore?force=lost"), 400);
      expectStatus(await state(name).send("POST", `/backup/restore?force=${name}`), 200);
      expectState(await state(name).get(), stateBody({ serial: 2, lineage: name }));
    }
    for (let again = 0; again < 2; again++)
      expect(json(await state("lost").send("POST", "/backup/restore"))).toMatchObject({ serial: 2 });
  });

  test("does not make a state of an object whose name no state can have", async () => {
    await backup.put("owner/a%b.tfstate", stateBody({ serial: 1 }));
    const { failed } = await restoreAll();
    expect(failed).toMatchObject([{ error: "bad_state_name" }]);
    expect((await bucket.list()).objects).toEqual([]);
  });
});

test("the copies of a state are listed, oldest first, each with the head of its audit", async () => {
  const state = new State(worker.owner);
  for (const serial of [1, 2]) {
    await state.post(stateBody({ serial }));
    await state.send("POST", "/backup");
  }
  const entries = jsonList(await state.send("GET", "/audit"));
  const { copies, next } = json(await state.send("GET", "/backup")) as {
    copies: { serial: number; audit: object }[];
    next: null;
  };
  expect(next).toBeNull();
  expect(copies.map(({ serial, audit }) => ({ serial, audit }))).toEqual(
    entries.map(({ seq, hash }, at) => ({ serial: at + 1, audit: { seq, hash } })),
  );
});

test("a copy carries the head of the audit, so that a cut-off end shows", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  await state.send("POST", "/backup");
  const copy = await backup.head(`owner/${state.name}.tfstate`);
  const [entry] = jsonList(await state.send("GET", "/audit"));
  expect(entry).toMatchObject({ seq: 1, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect([copy?.customMetadata?.auditSeq, copy?.customMetadata?.auditHash]).toEqual([
    String(entry?.seq),
    entry?.hash,
  ]);
});
