import {
  expectHeldBy,
  expectNoState,
  expectProblem,
  expectState,
  expectStatus,
  expectUnlocked,
  json,
  jsonList,
} from "./conformance/case";
import { lockInfo, State, send, stateBody } from "./conformance/client";
import {
  counted,
  createOnly,
  historyKeys,
  keyOf,
  type StorageWorker,
  s3LockId,
  startStorageWorker,
} from "./support/storage-worker";

/** What the Worker makes of its bucket, and of others who write there. */
let worker: StorageWorker;
let bucket: StorageWorker["bucket"];
beforeAll(async () => {
  worker = await startStorageWorker();
  ({ bucket } = worker);
});
afterAll(() => worker.stop());

describe("states that were there before", () => {
  test("a state that tfstate-worker wrote is served, byte for byte, and goes on", async () => {
    const state = new State(worker.owner);
    const body = `${JSON.stringify(JSON.parse(stateBody({ serial: 12, lineage: "old" })), null, 2)}\n`;
    await bucket.put(keyOf(state), body);
    expectState(await state.get(), body);
    expectProblem(await state.post(stateBody({ serial: 12, lineage: "old", note: "x" })), 409);
    expectProblem(await state.post(stateBody({ serial: 13, lineage: "new" })), 409);
    expectStatus(await state.post(stateBody({ serial: 13, lineage: "old" })), 200);
    const versions = jsonList(await state.send("GET", "/versions"));
    expect(versions.length).toBe(2);
    expectState(await state.send("GET", `/versions/${versions[1]?.id}`), body);
  });

  test("a state that came in several parts, so that its ETag is no MD5, is served and goes on", async () => {
    const state = new State(worker.owner);
    const body = stateBody({ serial: 3, note: "x".repeat(6_000_000) });
    const upload = await bucket.createMultipartUpload(keyOf(state));
    const parts = [body.slice(0, 5_500_000), body.slice(5_500_000)];
    const uploaded = await Promise.all(parts.map((part, at) => upload.uploadPart(at + 1, part)));
    await upload.complete(uploaded);
    expectState(await state.get(), body);
    expectState(await state.get(), body);
    const info = lockInfo();
    await state.lock(info);
    expectStatus(await state.post(stateBody({ serial: 4 }), info.ID), 200);
    expectState(await state.get(), stateBody({ serial: 4 }));
  });

  test("a state that was there before is listed once it was read", async () => {
    const state = new State(worker.owner);
    await bucket.put(keyOf(state), stateBody({ serial: 3 }));
    await state.get();
    const reply = await send(worker.owner, "GET", `/states?after=${state.name.slice(0, -1)}`);
    expect(jsonList(reply).some(({ name }) => name === state.name)).toBe(true);
  });

  test("reading a state that is not there writes nothing, once its tables are there", async () => {
    const state = new State(worker.owner);
    expectNoState(await state.get());
    const before = await counted(worker, "rows written");
    expectNoState(await state.get());
    expectUnlocked(await state.holder());
    expect(await counted(worker, "rows written")).toBe(before);
  });

  test("a first write does not pass over a state that was there before", async () => {
    const state = new State(worker.owner);
    await bucket.put(keyOf(state), stateBody({ serial: 12 }));
    expectProblem(await state.post(stateBody({ serial: 1, lineage: "new" })), 409);
    expectState(await state.get(), stateBody({ serial: 12 }));
  });

  test.each([
    ["empty", ""],
    ["not JSON", "<html>"],
    ["cut off", stateBody({ serial: 3 }).slice(0, -5)],
  ])("an object that is %s is a 5xx, never a new project", async (_, content) => {
    const state = new State(worker.owner);
    await bucket.put(keyOf(state), content);
    expectProblem(await state.get(), 500);
    expectProblem(await state.lock(lockInfo()), 500);
    expectProblem(await state.post(stateBody({ serial: 1 })), 500);
    expect(await (await bucket.get(keyOf(state)))?.text()).toBe(content);
    expectStatus(await state.send("DELETE"), 200);
    expectNoState(await state.get());
    expectStatus(await state.post(stateBody({ serial: 1 })), 200);
  });
});

describe("objects that are not where they should be", () => {
  test("with all its objects gone, a known state is a 5xx that names the version, and not a new project", async () => {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1 }));
    await bucket.delete([keyOf(state), ...(await historyKeys(worker, state))]);
    const problem = expectProblem(await state.get(), 500);
    expect(problem.error).toBe("object_missing");
    expectProblem(await state.get(), 500);
    expectStatus(await state.lock(lockInfo()), 500);
  });

  test("a current object that is gone comes back from the history", async () => {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1 }));
    await bucket.delete(keyOf(state));
    expectState(await state.get(), stateBody({ serial: 1 }));
    expect(await (await bucket.get(keyOf(state)))?.text()).toBe(stateBody({ serial: 1 }));
    const audit = jsonList(await state.send("GET", "/audit"));
    expect(audit.some(({ action }) => action === "current_object_missing")).toBe(true);
  });

  test("a version whose object is gone is a 5xx for who asks for it, and the current state is served", async () => {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1 }));
    await bucket.delete(await historyKeys(worker, state));
    const [version] = jsonList(await state.send("GET", "/versions"));
    expect(expectProblem(await state.send("GET", `/versions/${version?.id}`), 500).error).toBe(
      "object_missing",
    );
    expectProblem(await state.send("POST", `/versions/${version?.id}/restore`), 500);
    expectState(await state.get(), stateBody({ serial: 1 }));
  });

  test("what a refused upload stored is deleted again", async () => {
    const state = new State(worker.owner);
    const large = (serial: number, note: string) => stateBody({ serial, note: note.repeat(17_000_000) });
    await state.post(large(2, "a"));
    expectProblem(await state.post(large(1, "b")), 409);
    expectProblem(
      await state.post(large(3, "c"), undefined, { "content-md5": "1B2M2Y8AsgTpgAmY7PhCfg==" }),
      400,
    );
    expect((await historyKeys(worker, state)).length).toBe(1);
  });
});

describe("an S3 client on the same object", () => {
  test("while the Worker holds the lock, its lock file is there with the LockInfo, and gone after it", async () => {
    const state = new State(worker.owner);
    const info = lockInfo();
    await state.lock(info);
    expect(await s3LockId(worker, state)).toBe(info.ID);
    expect(await bucket.put(`${keyOf(state)}.tflock`, "{}", createOnly)).toBeNull();
    await state.unlock(info);
    expect(await bucket.head(`${keyOf(state)}.tflock`)).toBeNull();
  });

  test("its lock file keeps the Worker's clients out, with its LockInfo", async () => {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1 }));
    const info = lockInfo("s3-user@laptop");
    await bucket.put(`${keyOf(state)}.tflock`, JSON.stringify(info), createOnly);
    expectHeldBy(await state.lock(lockInfo()), info);
    expectHeldBy(await state.post(stateBody({ serial: 2 })), info);
    expectHeldBy(await state.send("DELETE"), info);
    expectProblem(await state.post(stateBody({ serial: 2 }), info.ID), 409, 423);
    expect(json(await state.holder()).ID).toBe(info.ID);
    expect(await s3LockId(worker, state)).toBe(info.ID);
    await bucket.delete(`${keyOf(state)}.tflock`);
    expectStatus(await state.lock(lockInfo()), 200);
  });

  test.each([
    ["cannot be read", "not JSON"],
    ["is far too long", JSON.stringify({ ID: "x", Info: "i".repeat(2_000_000) })],
  ])("a lock file that %s locks too", async (_, content) => {
    const state = new State(worker.owner);
    await bucket.put(`${keyOf(state)}.tflock`, content);
    const problem = expectProblem(await state.lock(lockInfo()), 423);
    expect(String(problem.ID)).toMatch(/^unreadable-/);
  });

  test.each([
    ["its ID", (ID: string) => JSON.stringify({ ID })],
    ["an empty body", () => ""],
  ])("its lock is broken by force-unlock with %s", async (_, body) => {
    const state = new State(worker.owner);
    const info = lockInfo("s3");
    await bucket.put(`${keyOf(state)}.tflock`, JSON.stringify(info));
    expectHeldBy(await state.unlock({ ID: "other" }), info);
    expectStatus(await state.unlock(body(info.ID)), 200);
    expect(await bucket.head(`${keyOf(state)}.tflock`)).toBeNull();
    expectStatus(await state.lock(lockInfo()), 200);
  });

  test("its force-unlock of the Worker's lock ends that lock: the ID never writes again", async () => {
    const state = new State(worker.owner);
    const info = lockInfo();
    await state.lock(info);
    await bucket.delete(`${keyOf(state)}.tflock`);
    expectProblem(await state.post(stateBody({ serial: 1 }), info.ID), 409);
    expectProblem(await state.lock(info), 409);
    expectStatus(await state.lock(lockInfo()), 200);
  });

  test("with the ID of a lock that it broke nothing is restored", async () => {
    const state = new State(worker.owner);
    for (const serial of [1, 2]) await state.post(stateBody({ serial }));
    const oldest = jsonList(await state.send("GET", "/versions")).at(-1);
    const info = lockInfo();
    await state.lock(info);
    await bucket.delete(`${keyOf(state)}.tflock`);
    expectProblem(await state.send("POST", `/versions/${oldest?.id}/restore?ID=${info.ID}`), 409);
    expectState(await state.get(), stateBody({ serial: 2 }));
    expectStatus(await state.send("POST", `/versions/${oldest?.id}/restore`), 200);
  });

  test("what it wrote is what the Worker serves next, as a version", async () => {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1 }));
    await bucket.put(keyOf(state), stateBody({ serial: 2, note: "by s3" }));
    expectState(await state.get(), stateBody({ serial: 2, note: "by s3" }));
    const [version] = jsonList(await state.send("GET", "/versions"));
    expect(version?.source).toBe("s3");
    expectProblem(await state.post(stateBody({ serial: 2, note: "by http" })), 409);
    expectStatus(await state.post(stateBody({ serial: 3 })), 200);
    expect(await (await bucket.get(keyOf(state)))?.text()).toBe(stateBody({ serial: 3 }));
  });

  test.each([
    ["another lineage", stateBody({ serial: 9, lineage: "foreign" })],
    ["an older serial", stateBody({ serial: 1, note: "foreign" })],
  ])(
    "a write of it with %s stops the state until an admin chooses, and both are kept",
    async (_, foreign) => {
      for (const chosen of ["ours", "theirs"]) {
        const state = new State(worker.owner);
        const ours = stateBody({ serial: 5 });
        await state.post(ours);
        await bucket.put(keyOf(state), foreign);
        expect(expectProblem(await state.get(), 500).error).toBe("foreign_write");
        expectProblem(await state.lock(lockInfo()), 500);
        expectProblem(await state.post(stateBody({ serial: 10 })), 500);
        expect(await (await bucket.get(keyOf(state)))?.text()).toBe(foreign);
        const [theirs, own] = jsonList(await state.send("GET", "/versions"));
        const choice = chosen === "ours" ? own : theirs;
        expectStatus(await state.send("POST", `/versions/${choice?.id}/restore`), 200);
        expectState(await state.get(), chosen === "ours" ? ours : foreign);
        expect(await (await bucket.get(keyOf(state)))?.text()).toBe(chosen === "ours" ? ours : foreign);
        expectStatus(await state.lock(lockInfo()), 200);
      }
    },
  );

  test("a write of it without a lock, under a lock of ours, is not passed over: the apply fails, and both are kept", async () => {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1 }));
    const info = lockInfo();
    await state.lock(info);
    await state.get();
    const foreign = stateBody({ serial: 2, note: "by s3" });
    await bucket.put(keyOf(state), foreign);
    const ours = stateBody({ serial: 2, note: "by http" });
    for (let again = 0; again < 2; again++)
      expect(expectProblem(await state.post(ours, info.ID), 500).error).toBe("foreign_write");
    expect(await (await bucket.get(keyOf(state)))?.text()).toBe(foreign);
    const kept = jsonList(await state.send("GET", "/versions?all=1"));
    expect(kept.length).toBe(3);
    const [theirs, own] = kept;
    expectState(await state.send("GET", `/versions/${theirs?.id}`), foreign);
    expectState(await state.send("GET", `/versions/${own?.id}`), ours);
    expectStatus(await state.send("POST", `/versions/${own?.id}/restore?ID=${info.ID}`), 200);
    expectState(await state.get(), ours);
  });

  test("plaintext of it over an encrypted state is not served", async () => {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1, encrypted: true }));
    await bucket.put(keyOf(state), stateBody({ serial: 2 }));
    expect(expectProblem(await state.get(), 500).error).toBe("foreign_write");
  });

  test("a freeze keeps it out as well", async () => {
    const state = new State(worker.owner);
    await state.admin("PUT", "/freeze", { reason: "incident" });
    expect(await bucket.put(`${keyOf(state)}.tflock`, "{}", createOnly)).toBeNull();
    await state.send("DELETE", "/freeze");
    expect(await bucket.head(`${keyOf(state)}.tflock`)).toBeNull();
  });
});

test("a lock file that a crash left behind does not lock anyone out", async () => {
  const state = new State(worker.owner);
  await bucket.put(`${keyOf(state)}.tflock`, JSON.stringify(lockInfo("crashed")), {
    customMetadata: { "written-by": "tfstate-worker" },
  });
  expectStatus(await state.lock(lockInfo()), 200);
});
