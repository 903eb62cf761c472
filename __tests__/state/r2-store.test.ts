import { newLock } from "../../state/locks";
import { R2Client } from "../../state/r2-client";
import { R2Store } from "../../state/r2-store";
import type { StateStore } from "../../state/store";
import { withLock } from "../../state/with-lock";
import { encryptedOf, stateOf, textOf } from "./support/project";
import { ScriptedServer } from "./support/scripted-server";
import { useBackends } from "./support/use-backends";

const write = (store: StateStore, bytes: Buffer) =>
  withLock(store, "test", (lock) => store.write(bytes, lock));

describe("an object that a Worker serves", () => {
  const backends = useBackends();
  let r2: StateStore;
  let worker: StateStore;
  beforeEach(async () => {
    const project = backends.project({ backend: "r2", isOneObject: true });
    [r2, worker] = [project.store("r2"), project.store("worker")];
    for (const serial of [1, 2]) await write(worker, stateOf(serial));
  });

  test.each([
    ["an older serial", stateOf(1)],
    ["the same serial with something else", stateOf(2, { content: "y" })],
    ["another lineage", stateOf(3, { lineage: "another" })],
    ["what is no state", Buffer.from("{}")],
  ])("does not take %s, and the Worker still serves the old state", async (_, bytes) => {
    await expect(write(r2, bytes)).rejects.toThrow(
      /is served by a tfstate Worker.*restore --at worker, or STATE_BACKEND=worker/,
    );
    expect(await textOf(worker)).toBe(stateOf(2).toString());
    expect(await worker.holder()).toBeUndefined();
  });

  test("takes no plain text where it is encrypted", async () => {
    await write(worker, encryptedOf(3));
    await expect(write(r2, stateOf(4))).rejects.toThrow("or it is in plain text");
    expect(await textOf(worker)).toBe(encryptedOf(3).toString());
  });

  test("is not restored here", async () => {
    const oldest = (await r2.versions()).at(-1)?.id ?? "";
    await expect(withLock(r2, "restore", (lock) => r2.restore(oldest, lock))).rejects.toThrow(
      "is served by a tfstate Worker",
    );
    expect(await textOf(worker)).toBe(stateOf(2).toString());
  });

  test("takes its own bytes and a newer serial", async () => {
    await write(r2, stateOf(2));
    await write(r2, encryptedOf(3));
    expect(await textOf(worker)).toBe(encryptedOf(3).toString());
  });
});

describe("a lost answer", () => {
  let server: ScriptedServer;
  let lockFile = "";
  let lost: string | undefined;
  beforeEach(async () => {
    server = await ScriptedServer.start();
    lockFile = "";
    server.answer = (response, { method }, body) => {
      const isTaken = method === "PUT" && lockFile !== "";
      if (method === "PUT" && !isTaken) lockFile = body;
      if (method === "DELETE") lockFile = "";
      if (method === lost) {
        lost = undefined;
        return response.destroy();
      }
      if (isTaken) response.writeHead(412).end();
      else if (method === "GET" && !lockFile)
        response.writeHead(404).end("<Error><Code>NoSuchKey</Code></Error>");
      else response.writeHead(200, { etag: '"1"' }).end(method === "GET" ? lockFile : "");
    };
  });
  afterEach(() => server.stop());
  const store = () =>
    new R2Store(
      new R2Client(server.url, "tfstate", { accessKeyId: "a", secretAccessKey: "b" }),
      "tfstate",
      "a",
    );

  test("to the put of a lock: it is ours", async () => {
    const lock = newLock("test");
    lost = "PUT";
    await store().lock(lock);
    expect(JSON.parse(lockFile).ID).toBe(lock.ID);
    await expect(store().lock(newLock("other"))).rejects.toThrow(lock.ID);
  });

  test("to the delete of a lock: it is gone, and the next one's stays", async () => {
    const lock = newLock("test");
    await store().lock(lock);
    lost = "DELETE";
    await store().unlock(lock);
    expect(lockFile).toBe("");

    await store().lock(lock);
    const next = JSON.stringify(newLock("next"));
    const before = server.answer;
    server.answer = (response, request, body) => {
      if (request.method !== "DELETE") return before(response, request, body);
      lockFile = next;
      response.destroy();
    };
    await store().unlock(lock);
    expect(lockFile).toBe(next);
    expect(server.requests.filter((line) => line.startsWith("DELETE"))).toHaveLength(2);
  });
});
