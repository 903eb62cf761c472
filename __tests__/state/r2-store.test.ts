import { newLock } from "../../state/lock-info";
import { R2Client } from "../../state/r2-client";
import { R2Store } from "../../state/r2-store";
import type { StateStore } from "../../state/store";
import { underLock } from "../../state/under-lock";
import { type Places, startPlaces } from "./support/places";
import { encryptedOf, StateProject, stateOf } from "./support/project";
import { ToldServer } from "./support/told-server";

const write = (store: StateStore, bytes: Buffer) =>
  underLock(store, "test", (lock) => store.write(bytes, lock));

describe("an object that a Worker serves", () => {
  let places: Places;
  let project: StateProject;
  beforeAll(async () => {
    places = await startPlaces();
  });
  afterAll(() => places.stop());
  let count = 0;
  let [r2, worker]: StateStore[] = [];
  beforeEach(async () => {
    const name = `served-${count++}`;
    project = new StateProject({
      env: places.env,
      state: ["backend: r2", `key: owner/${name}.tfstate`, `url: ${places.workerUrl}/states/${name}`],
    });
    [r2, worker] = [project.store("r2"), project.store("worker")];
    for (const serial of [1, 2]) await write(worker, stateOf(serial));
  });
  afterEach(() => project.remove());

  test.each([
    ["an older serial", stateOf(1)],
    ["the same serial with something else", stateOf(2, { content: "y" })],
    ["another lineage", stateOf(3, { lineage: "another" })],
    ["what is no state", Buffer.from("{}")],
  ])("takes not %s, and the Worker still serves it", async (_, bytes) => {
    if (!r2 || !worker) throw new Error("no stores");
    await expect(write(r2, bytes)).rejects.toThrow(
      /is served by a tfstate Worker.*restore --at worker, or STATE_BACKEND=worker/,
    );
    expect(Buffer.from((await worker.read()) ?? "").toString()).toBe(stateOf(2).toString());
    expect(await worker.holder()).toBeUndefined();
  });

  test("takes no plain text where it is encrypted", async () => {
    if (!r2 || !worker) throw new Error("no stores");
    await write(worker, encryptedOf(3));
    await expect(write(r2, stateOf(4))).rejects.toThrow("or in plain text");
    expect(Buffer.from((await worker.read()) ?? "").toString()).toBe(encryptedOf(3).toString());
  });

  test("is not restored here", async () => {
    if (!r2) throw new Error("no store");
    const store = r2;
    const oldest = (await store.versions()).at(-1)?.id ?? "";
    await expect(underLock(store, "restore", (lock) => store.restore(oldest, lock))).rejects.toThrow(
      "is served by a tfstate Worker",
    );
  });

  test("takes its own bytes and a newer serial", async () => {
    if (!r2 || !worker) throw new Error("no stores");
    await write(r2, stateOf(2));
    await write(r2, encryptedOf(3));
    expect(Buffer.from((await worker.read()) ?? "").toString()).toBe(encryptedOf(3).toString());
  });
});

describe("a lost answer", () => {
  let server: ToldServer;
  let lockFile = "";
  let lost: string | undefined;
  beforeEach(async () => {
    server = await ToldServer.start();
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
    expect(server.asked.filter((line) => line.startsWith("DELETE"))).toHaveLength(2);
  });
});
