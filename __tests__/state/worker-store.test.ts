import { newLock } from "../../state/locks";
import { WorkerStore } from "../../state/worker-store";
import { RequestTimeouts } from "./support/request-timeouts";
import { hangAt, ScriptedServer } from "./support/scripted-server";

const OWNER = { username: "owner", password: "secret" };
const IDENTITY = { "x-tfstate-worker": "1" };

let server: ScriptedServer;
let store: WorkerStore;
beforeEach(async () => {
  server = await ScriptedServer.start();
  store = new WorkerStore(`${server.url}/states/a`, OWNER);
});
afterEach(() => server.stop());

test.each([
  [204, ""],
  [200, "<html>log in</html>"],
])("a %s of something else says nothing of a state or a lock", async (status, body) => {
  server.answer = (response) => response.writeHead(status).end(body || undefined);
  const lock = newLock("test");
  const requests = [() => store.read(), () => store.holder(), () => store.lock(lock), () => store.versions()];
  for (const request of requests) {
    await expect(request()).rejects.toThrow(/what answers there is not a tfstate Worker.*check state\.url/);
  }
  server.answer = (response) => response.writeHead(204, IDENTITY).end();
  expect(await store.read()).toBeUndefined();
  expect(await store.holder()).toBeUndefined();
});

describe("in time", () => {
  let timeouts: RequestTimeouts;
  beforeEach(() => {
    timeouts = new RequestTimeouts();
    store = new WorkerStore(`${server.url}/states/a`, OWNER, { timeoutMs: 300 });
  });
  afterEach(() => jest.restoreAllMocks());

  test.each(["head", "body"] as const)("a server that hangs at its %s is given up, once", async (where) => {
    server.answer = hangAt(where, () => timeouts.pass(), IDENTITY);
    await expect(store.read()).rejects.toThrow("does not answer within 0.3 s");
    expect(server.requests).toHaveLength(1);
    expect(timeouts.asked).toEqual([300]);
  });

  test("a large state on its way is given the time that a slow line takes", async () => {
    server.answer = (response) => response.writeHead(200, IDENTITY).end();
    await store.write(new Uint8Array(50_000), newLock("test"));
    expect(timeouts.asked).toEqual([1_300]);
  });
});

test("a lock whose answer was lost is asked for again", async () => {
  const lock = newLock("test");
  let [held, left] = ["", 2];
  server.answer = (response, request, body) => {
    if (request.method === "LOCK") held = body;
    if (request.method === "LOCK" && left-- > 0) return response.destroy();
    response.writeHead(held ? 200 : 204, IDENTITY).end(held || undefined);
  };
  await store.lock(lock);
  expect(JSON.parse(held).ID).toBe(lock.ID);
  left = Number.POSITIVE_INFINITY;
  await expect(store.lock(newLock("other"))).rejects.toThrow("does not answer");
});

test.each([
  [{}, /; wait, or if bob is gone: npm run state -- unlock other$/],
  [{ freeze: {} }, /; wait until the freeze ends, or ask an admin .* DELETE \/states\/\{name\}\/freeze$/],
])("a 423 with the holder's fields %j says what to do with these commands", async (fields, fix) => {
  const holder = { ...newLock("apply"), ID: "other", Who: "bob", ...fields };
  const body = JSON.stringify({ error: "locked", message: "no", fix: "the Worker's own", ...holder, holder });
  server.answer = (response, request) =>
    request.method === "GET"
      ? response.writeHead(204, IDENTITY).end()
      : response.writeHead(423, IDENTITY).end(body);
  await expect(store.lock(newLock("test"))).rejects.toThrow(fix);
});

test("versions beyond the first page are listed too", async () => {
  const all = Array.from({ length: 2001 }, (_, index) => ({
    id: `v${2001 - index}`,
    createdAt: "2026-01-31T12:00:00Z",
    serial: 2001 - index,
    sha256: "ab",
    size: 1,
    createdBy: "owner",
    current: index === 0,
  }));
  server.answer = (response, request) => {
    const query = new URL(request.url ?? "", server.url).searchParams;
    const start = all.findIndex(({ id }) => id === query.get("before")) + 1;
    const page = all.slice(start, start + Number(query.get("limit")));
    response.writeHead(200, IDENTITY).end(JSON.stringify(page));
  };
  expect((await store.versions()).map(({ id }) => id)).toEqual(all.map(({ id }) => id));
});
