import { expectNoState, expectProblem, expectState, expectStatus, jsonList } from "./conformance/case";
import { lockInfo, State, stateBody } from "./conformance/client";
import {
  createOnly,
  keyOf,
  runAlarm,
  type StorageWorker,
  setFaults,
  startStorageWorker,
} from "./support/storage-worker";

/** What S3 clients put in the place of a state: the rules hold for it too, and nothing of it is lost without a word. */
let worker: StorageWorker;
let strict: StorageWorker;
beforeAll(async () => {
  worker = await startStorageWorker();
  strict = await startStorageWorker({ TFSTATE_ENCRYPTION: "required" });
});
afterAll(async () => {
  await worker.miniflare.dispose();
  await strict.stop();
});

const auditOf = async (state: State): Promise<string[]> =>
  jsonList(await state.send("GET", "/audit?limit=1000")).map(({ action, detail }) => `${action} ${detail}`);
const versionsOf = async (state: State) => jsonList(await state.send("GET", "/versions?all=1"));
const textAt = async ({ bucket }: StorageWorker, state: State): Promise<string | undefined> =>
  (await bucket.get(keyOf(state)))?.text();
const override = { allow: ["plaintext"], reason: "a test" };

describe("plaintext where it has to be encrypted", () => {
  test.each([
    ["before there was any state", null],
    ["over an encrypted one", stateBody({ serial: 1, encrypted: true })],
  ])("is kept aside where the deployment requires encryption, %s", async (_, before) => {
    const state = new State(strict.owner);
    if (before) await state.post(before);
    const foreign = stateBody({ serial: 2 });
    await strict.bucket.put(keyOf(state), foreign);
    for (const reply of [await state.get(), await state.lock(lockInfo()), await state.get()]) {
      const problem = expectProblem(reply, 500);
      expect(problem.error).toBe("foreign_write");
      expect(problem.message).toContain("it is not encrypted, which it has to be");
      expect(problem.fix).toContain('"allow":["plaintext"]');
    }
    const [theirs, ours] = await versionsOf(state);
    expectState(await state.send("GET", `/versions/${theirs?.id}`), foreign);
    expectProblem(await state.send("POST", `/versions/${theirs?.id}/restore`), 409);
    if (before) {
      expectStatus(await state.send("POST", `/versions/${ours?.id}/restore`), 200);
      expectState(await state.get(), before);
      expect(await textAt(strict, state)).toBe(before);
    } else {
      await state.admin("POST", "/override", override);
      expectStatus(await state.send("POST", `/versions/${theirs?.id}/restore`), 200);
      expectState(await state.get(), foreign);
    }
  });

  test("is kept aside where the policy of the state requires encryption", async () => {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1 }));
    await state.admin("PUT", "/policy", { encryption: "required" });
    await worker.bucket.put(keyOf(state), stateBody({ serial: 2 }));
    expect(expectProblem(await state.get(), 500).message).toContain("not encrypted");
    expect((await auditOf(state)).at(-1)).toMatch(/^foreign_write_kept_aside .*"rule":"plaintext"/);
  });

  test("an encrypted write of an S3 client is adopted, as before", async () => {
    const state = new State(strict.owner);
    const sealed = stateBody({ serial: 2, encrypted: true });
    await strict.bucket.put(keyOf(state), sealed);
    expectState(await state.get(), sealed);
  });
});

describe("a freeze that began while an S3 client held the lock", () => {
  const lockFile = (state: State): string => `${keyOf(state)}.tflock`;

  async function frozenUnderS3Lock(): Promise<State> {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1 }));
    await worker.bucket.put(lockFile(state), JSON.stringify(lockInfo("s3")), createOnly);
    expectStatus(await state.admin("PUT", "/freeze", { reason: "incident" }), 200);
    await runAlarm(state);
    return state;
  }

  test("takes the lock file as soon as that client is done, and no other S3 client gets it", async () => {
    const state = await frozenUnderS3Lock();
    await worker.bucket.delete(lockFile(state));
    await runAlarm(state);
    expect(await worker.bucket.put(lockFile(state), "{}", createOnly)).toBeNull();
  });

  test("adopts no write of an S3 client until it ends, and then the one that is there", async () => {
    const state = await frozenUnderS3Lock();
    await worker.bucket.delete(lockFile(state));
    expect(await worker.bucket.put(lockFile(state), "{}", createOnly)).not.toBeNull();
    const other = stateBody({ serial: 2, note: "during the freeze" });
    await worker.bucket.put(keyOf(state), other);
    await worker.bucket.delete(lockFile(state));
    for (let again = 0; again < 2; again++) {
      const problem = expectProblem(await state.get(), 500);
      expect(problem.message).toContain("while the state is frozen");
      expect(problem.fix).toContain("adopted when the freeze ends");
      await runAlarm(state);
    }
    expect((await versionsOf(state)).map(({ current }) => current)).toEqual([false, true]);
    expectStatus(await state.send("DELETE", "/freeze"), 200);
    expectState(await state.get(), other);
    expect((await versionsOf(state)).map(({ current }) => current)).toEqual([true, false]);
    expect(await worker.bucket.head(lockFile(state))).toBeNull();
  });

  test("ends by itself: the alarm adopts what waited for it", async () => {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1 }));
    await state.admin("PUT", "/freeze", { reason: "incident", expiresInSeconds: 1 });
    const foreign = stateBody({ serial: 2 });
    await worker.bucket.put(keyOf(state), foreign);
    await state.get();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await runAlarm(state);
    expect((await auditOf(state)).at(-1)).toMatch(/^adopted/);
    expectState(await state.get(), foreign);
    expect((await versionsOf(state)).length).toBe(2);
  });

  test("lets an admin choose before it ends", async () => {
    const state = await frozenUnderS3Lock();
    await worker.bucket.put(keyOf(state), stateBody({ serial: 2 }));
    await worker.bucket.delete(lockFile(state));
    expectProblem(await state.get(), 500);
    const [theirs] = await versionsOf(state);
    expectStatus(await state.send("POST", `/versions/${theirs?.id}/restore`), 200);
    expectState(await state.get(), stateBody({ serial: 2 }));
  });
});

test("what an S3 client wrote before a freeze is read during it", async () => {
  const [known, unknown] = [new State(worker.owner), new State(worker.owner)];
  await known.post(stateBody({ serial: 1 }));
  for (const state of [known, unknown]) {
    await worker.bucket.put(keyOf(state), stateBody({ serial: 2 }));
    expectStatus(await state.admin("PUT", "/freeze", { reason: "incident" }), 200);
    expectState(await state.get(), stateBody({ serial: 2 }));
  }
});

describe("objects that cannot become a version", () => {
  test("one that is larger than a state may be is named, with the way on, and not with a 503 for ever", async () => {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1 }));
    const upload = await worker.bucket.createMultipartUpload(keyOf(state));
    const part = new Uint8Array(53 * 1024 * 1024);
    await upload.complete([await upload.uploadPart(1, part), await upload.uploadPart(2, part)]);
    for (let again = 0; again < 2; again++) {
      const problem = expectProblem(await state.get(), 500);
      expect(problem.message).toContain("has more than 104857600 bytes");
      expect(problem.fix).toContain("/restore");
    }
    expect((await auditOf(state)).filter((entry) => entry.startsWith("foreign_object_refused"))).toEqual([
      expect.stringContaining('"rule":"too_large"'),
    ]);
    const [ours] = await versionsOf(state);
    expectStatus(await state.send("POST", `/versions/${ours?.id}/restore`), 200);
    expectState(await state.get(), stateBody({ serial: 1 }));
  });

  test("garbage leaves an entry in the audit, once", async () => {
    const state = new State(worker.owner);
    await state.post(stateBody({ serial: 1 }));
    await worker.bucket.put(keyOf(state), "<html>");
    for (let again = 0; again < 2; again++) expectProblem(await state.get(), 500);
    expect((await auditOf(state)).filter((entry) => entry.startsWith("foreign_object_refused"))).toEqual([
      expect.stringMatching(/"rule":"not_a_state","size":6,"why":"the body is not a Terraform/),
    ]);
  });
});

describe("a copy of an older current object that keeps its metadata", () => {
  /** As CopyObject does it. */
  async function copyOf(state: State): Promise<() => Promise<void>> {
    const found = await worker.bucket.get(keyOf(state));
    const [text, customMetadata] = [(await found?.text()) ?? "", found?.customMetadata];
    return async () => {
      await worker.bucket.put(keyOf(state), text, { customMetadata });
    };
  }
  /** A Durable Object without its memory, as after an eviction. */
  async function evict(state: State): Promise<void> {
    await setFaults(state, { sqlRate: "1", kinds: "crash before", target: "sql select" });
    await state.holder().catch(() => undefined);
    await setFaults(state);
  }

  test.each([1, 2])(
    "is a foreign write that goes back to serial %i: kept aside, not overwritten",
    async (serial) => {
      for (const isEvicted of [false, true]) {
        const state = new State(worker.owner);
        let putBack = async (): Promise<void> => undefined;
        for (const each of [1, 2, 3]) {
          await state.post(stateBody({ serial: each }));
          if (each === serial) putBack = await copyOf(state);
        }
        if (isEvicted) await evict(state);
        await putBack();
        if (isEvicted) await runAlarm(state);
        expect(expectProblem(await state.get(), 500).error).toBe("foreign_write");
        expect(await textAt(worker, state)).toBe(stateBody({ serial }));
        const versions = await versionsOf(state);
        expect(versions.length).toBe(3);
        expect((await auditOf(state)).at(-1)).toMatch(/^foreign_write_kept_aside .*"rule":"serial"/);
        const chosen = versions.find((version) => version.serial === serial);
        expectStatus(await state.send("POST", `/versions/${chosen?.id}/restore`), 200);
        expectState(await state.get(), stateBody({ serial }));
      }
    },
  );

  test("is adopted where it follows the current version, and adds none", async () => {
    const state = new State(worker.owner);
    for (const serial of [1, 2]) await state.post(stateBody({ serial }));
    const putBack = await copyOf(state);
    const oldest = (await versionsOf(state)).at(-1);
    await state.send("POST", `/versions/${oldest?.id}/restore`);
    await putBack();
    expectState(await state.send("GET", ""), stateBody({ serial: 2 }));
    expect((await versionsOf(state)).length).toBe(2);
    expect((await auditOf(state)).at(-1)).toMatch(/^adopted/);
  });
});

describe("a delete whose object stays", () => {
  test.each([
    ["of ours", stateBody({ serial: 1 })],
    ["of an S3 client that waited for a decision", stateBody({ serial: 1, lineage: "foreign" })],
    ["that is no state", "<html>"],
  ])("an object %s is deleted by the alarm, or by the next request", async (_, content) => {
    for (const repair of ["alarm", "request"]) {
      const state = new State(worker.owner);
      await state.post(stateBody({ serial: 1 }));
      if (content !== stateBody({ serial: 1 })) {
        await worker.bucket.put(keyOf(state), content);
        expectProblem(await state.get(), 500);
      }
      await setFaults(state, { rate: "1", kinds: "error before", target: "delete current" });
      expectStatus(await state.send("DELETE"), 200);
      expect(await textAt(worker, state)).toBe(content);
      await setFaults(state);
      if (repair === "alarm") await runAlarm(state);
      else expectNoState(await state.get());
      expect(await worker.bucket.head(keyOf(state))).toBeNull();
      expectNoState(await state.get());
      expectStatus(await state.post(stateBody({ serial: 1, note: "new" })), 200);
    }
  });
});

test("a version that was damaged is not put in the place of the current object", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  const [version] = await versionsOf(state);
  await worker.bucket.put(
    `history/owner/${state.name}/${version?.id}.tfstate`,
    stateBody({ serial: 1, note: "x" }),
  );
  await worker.bucket.delete(keyOf(state));
  for (let again = 0; again < 2; again++)
    expect(expectProblem(await state.get(), 500).error).toBe("object_damaged");
  expect(await worker.bucket.head(keyOf(state))).toBeNull();
});

describe("an S3 client that writes several times without a lock, beside a client of the Worker that holds one", () => {
  const theirs = stateBody({ serial: 4, note: "by s3, made of serial 1" });
  const ours = stateBody({ serial: 2, note: "by http" });

  async function expectBothKept(state: State): Promise<void> {
    for (let again = 0; again < 2; again++) {
      const problem = expectProblem(await state.get(), 500);
      expect(problem.error).toBe("foreign_write");
      expect(problem.message).toContain("without having read the version before it");
      await runAlarm(state);
    }
    const [foreign, version] = await versionsOf(state);
    expect([foreign?.current, version?.current]).toEqual([false, true]);
    expectState(await state.send("GET", `/versions/${foreign?.id}`), theirs);
    expectState(await state.send("GET", `/versions/${version?.id}`), ours);
    expectStatus(await state.send("POST", `/versions/${version?.id}/restore`), 200);
    expectState(await state.get(), ours);
  }

  async function lockedState() {
    const state = new State(worker.owner);
    const info = lockInfo();
    await state.post(stateBody({ serial: 1 }));
    await state.lock(info);
    await state.get();
    return { state, info };
  }

  test("does not hide what that client writes after it, though its serial is higher", async () => {
    const { state, info } = await lockedState();
    await worker.bucket.put(keyOf(state), theirs);
    expect(expectProblem(await state.post(ours, info.ID), 500).error).toBe("foreign_write");
    await state.unlock(info);
    await expectBothKept(state);
  });

  test("does not hide what that client was told is written, before its copy was made", async () => {
    const { state, info } = await lockedState();
    await setFaults(state, { interloper: theirs });
    expectStatus(await state.post(ours, info.ID), 200);
    await state.unlock(info);
    await setFaults(state);
    await expectBothKept(state);
  });

  test("is adopted as ever where it wrote over the version that it had read", async () => {
    const { state, info } = await lockedState();
    expectStatus(await state.post(ours, info.ID), 200);
    await state.unlock(info);
    await worker.bucket.put(keyOf(state), theirs);
    expectState(await state.get(), theirs);
  });
});

describe("a current version whose object is lost, and the current object with it", () => {
  async function withLostVersion(): Promise<State> {
    const state = new State(worker.owner);
    for (const serial of [1, 2]) await state.post(stateBody({ serial }));
    const [newest] = await versionsOf(state);
    await worker.bucket.delete([keyOf(state), `history/owner/${state.name}/${newest?.id}.tfstate`]);
    expect(expectProblem(await state.get(), 500).error).toBe("object_missing");
    return state;
  }

  test("an admin restores another version, as the error says", async () => {
    const state = await withLostVersion();
    const older = (await versionsOf(state)).at(-1);
    expectStatus(await state.send("POST", `/versions/${older?.id}/restore`), 200);
    expectState(await state.get(), stateBody({ serial: 1 }));
    expect(await textAt(worker, state)).toBe(stateBody({ serial: 1 }));
  });

  test("an admin deletes the state, and a new one begins", async () => {
    const state = await withLostVersion();
    expectStatus(await state.send("DELETE"), 200);
    expectNoState(await state.get());
    expectStatus(await state.post(stateBody({ serial: 1, note: "new" })), 200);
  });
});

test("a current object that could not be read to its end is read again, and not taken for no state", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  await worker.bucket.put(keyOf(state), stateBody({ serial: 2 }));
  await setFaults(state, { rate: "1", kinds: "cut", target: "get current" });
  expectProblem(await state.get(), 503);
  await setFaults(state);
  expectState(await state.get(), stateBody({ serial: 2 }));
});

test("a freeze takes the lock file at once where an admin has yet to choose", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  await worker.bucket.put(keyOf(state), "<html>");
  expectProblem(await state.get(), 500);
  expectStatus(await state.admin("PUT", "/freeze", { reason: "incident" }), 200);
  expect(await worker.bucket.put(`${keyOf(state)}.tflock`, "{}", createOnly)).toBeNull();
});

test("a lock that is not granted leaves the lock file of the freeze that lets it through", async () => {
  const state = new State(worker.owner);
  const info = lockInfo();
  await state.post(stateBody({ serial: 1 }));
  await state.admin("PUT", "/freeze", { reason: "moved", lock: info.ID });
  await setFaults(state, { rate: "1", kinds: "error before", target: "put current" });
  await worker.bucket.delete(keyOf(state));
  expectProblem(await state.get(), 503);
  expectProblem(await state.lock(info), 503);
  await setFaults(state);
  expect(await worker.bucket.put(`${keyOf(state)}.tflock`, "{}", createOnly)).toBeNull();
  expectStatus(await state.lock(info), 200);
});
