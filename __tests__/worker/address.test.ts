import { bundleWorker } from "../../worker/build";
import { expectProblem } from "./conformance/case";
import { closeConnections, send, stateBody } from "./conformance/client";
import { startTestWorker, type TestWorker } from "./support/harness";

/** The addresses at which a Worker answers; at all others, an error that no client takes for "no state". */
let worker: TestWorker;
beforeAll(async () => {
  const script = await bundleWorker();
  worker = await startTestWorker({ script, vars: { TFSTATE_DOMAIN: "tfstate.example.com" } });
});
afterAll(async () => {
  await closeConnections();
  await worker.miniflare.dispose();
});

const at = (url: string, init: { method?: string; body?: string; password?: string } = {}) => {
  const { method = "GET", body, password = worker.owner.password } = init;
  const authorization = `Basic ${Buffer.from(`owner:${password}`).toString("base64")}`;
  return worker.miniflare.dispatchFetch(url, { method, body, headers: { authorization } });
};

/** Clients print what is in the body only where they want a lock. */
const refusal = (path: string): number => (path.endsWith("/lock") ? 409 : 421);
const paths = ["/health", "/states/x", "/states/x/lock", "/", "/nowhere", "/openapi.json"];

test.each(paths)("plain http is refused at %s, with the address that is meant", async (path) => {
  const answer = await at(`http://tfstate.example.com${path}`);
  expect(answer.status).toBe(refusal(path));
  expect(await answer.json()).toMatchObject({
    error: "https_required",
    fix: expect.stringContaining("https://tfstate.example.com"),
  });
});

test("nothing of a request by plain http is looked at: neither its password nor its body", async () => {
  const body = stateBody({ serial: 1 });
  expect((await at("http://tfstate.example.com/states/plain", { method: "POST", body })).status).toBe(421);
  for (let guess = 0; guess < 8; guess++) {
    const answer = await at("http://tfstate.example.com/states/plain", { password: `guess ${guess}` });
    expect(answer.status).toBe(421);
  }
  expect(worker.logged()).not.toContain("wrong_password");
  expect((await at("https://tfstate.example.com/states/plain")).status).toBe(204);
});

test.each(["http://127.0.0.1:8787", "http://localhost", "http://[::1]:1", "http://worker.localhost"])(
  "on this machine, plain http is enough: %s",
  async (origin) => {
    expect((await at(`${origin}/states/x`)).status).toBe(204);
  },
);

test.each(["http://127.0.0.1.example.com", "http://localhost.example.com", "http://10.0.0.1"])(
  "%s is not this machine",
  async (origin) => {
    expect((await at(`${origin}/states/x`)).status).toBe(421);
  },
);

test("a lock is refused with a status of which clients print the body", async () => {
  for (const url of ["http://tfstate.example.com", "https://tfstate.my-team.workers.dev"]) {
    for (const path of ["/states/x", "/states/x/lock"]) {
      expect((await at(`${url}${path}`, { method: "LOCK", body: "{}" })).status).toBe(409);
    }
  }
});

test("a Host that a client sends is the address", async () => {
  expectProblem(
    await send(worker.owner, "GET", "/states/x", { headers: { host: "tfstate.example.com" } }),
    421,
  );
});

test.each(paths)("with a domain, workers.dev answers an error at %s that names the domain", async (path) => {
  for (const host of ["tfstate.my-team.workers.dev", "TFSTATE.My-Team.Workers.Dev"]) {
    const answer = await at(`https://${host}${path}`);
    expect(answer.status).toBe(refusal(path));
    expect(await answer.json()).toMatchObject({
      error: "moved",
      fix: expect.stringContaining("https://tfstate.example.com"),
    });
  }
});

test("without a domain, workers.dev is the address", async () => {
  const other = await startTestWorker();
  try {
    const answer = await other.miniflare.dispatchFetch("https://tfstate.my-team.workers.dev/health");
    expect(answer.status).toBe(200);
  } finally {
    await other.miniflare.dispose();
  }
});

test("a domain that is no host name locks the Worker", async () => {
  const other = await startTestWorker({ vars: { TFSTATE_DOMAIN: "https://tfstate.example.com" } });
  try {
    const { status, text } = await send(other.owner, "GET", "/health");
    expect({ status, text }).toEqual({ status: 503, text: expect.stringContaining("TFSTATE_DOMAIN") });
  } finally {
    await other.miniflare.dispose();
  }
});
