import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processesWith } from "../support/processes";
import { killPrograms, type RunningProgram, startProgram } from "../support/running-program";
import { unusedPort } from "../support/unused-port";
import { waitUntil } from "../support/wait-until";
import { expectProblem, expectState, expectStatus, json, jsonList } from "../worker/conformance/case";
import {
  closeConnections,
  lockInfo,
  State,
  send,
  stateBody,
  type Target,
} from "../worker/conformance/client";

/** `npm run worker` as a program of its own: it prints one line when it is ready, ends cleanly, loses no write, and believes no header. */
const persist = mkdtempSync(join(tmpdir(), "tfstate-persist-"));
afterAll(async () => {
  killPrograms();
  await closeConnections();
  // workerd ends a moment after its parent.
  await waitUntil(() => processesWith(persist, "environ").length === 0);
  rmSync(persist, { recursive: true, force: true });
});

async function start(port: number, vars: Readonly<Record<string, string>> = {}): Promise<RunningProgram> {
  const program = startProgram(
    "cli/worker.ts",
    ["--port", String(port), "--base-path", "/tfstate", "--persist", persist],
    {
      env: {
        ...process.env,
        TFSTATE_USERNAME: "me",
        TFSTATE_PASSWORD: "my password",
        RUN_OF: persist,
        ...vars,
      },
    },
  );
  await program.firstLine();
  return program;
}

test("states survive a restart and kill -9, on the same port", async () => {
  const port = await unusedPort();
  const target: Target = { url: `http://127.0.0.1:${port}/tfstate`, username: "me", password: "my password" };
  const state = new State(target);
  const info = lockInfo();

  const first = await start(port);
  expect(first.lines()).toEqual([`tfstate worker ready at http://127.0.0.1:${port}/tfstate`]);
  expectStatus(await state.post(stateBody({ serial: 1 })), 200);
  expectStatus(await state.lock(info), 200);
  expectStatus(await state.post(stateBody({ serial: 2 }), info.ID), 200);
  first.child.kill("SIGKILL");
  await first.ended;

  const second = await start(port);
  expectState(await state.get(), stateBody({ serial: 2 }));
  expect(json(await state.holder()).ID).toBe(info.ID);
  expectStatus(await state.post(stateBody({ serial: 3 }), info.ID), 200);
  expectStatus(await state.unlock(info), 200);
  second.child.kill("SIGTERM");
  expect(await second.ended).toBe(0);

  const third = await start(port);
  expectState(await state.get(), stateBody({ serial: 3 }));
  expect(jsonList(await state.send("GET", "/versions?all=1"))).toHaveLength(3);
  expectStatus(await state.post(stateBody({ serial: 4 }), info.ID), 409);
  third.child.kill("SIGINT");
  expect(await third.ended).toBe(0);
});

test("kill -9 in the middle of many writes loses no accepted write", async () => {
  const port = await unusedPort();
  const state = new State({
    url: `http://127.0.0.1:${port}/tfstate`,
    username: "me",
    password: "my password",
  });
  const { child } = await start(port);
  let accepted = 0;
  const writing = (async () => {
    for (let serial = 1; serial < 1000; serial++) {
      const reply = await state.post(stateBody({ serial, note: "n".repeat(20_000) }));
      if (reply.status === 200) accepted = serial;
    }
  })().catch(() => undefined);
  await waitUntil(() => accepted >= 5);
  child.kill("SIGKILL");
  await writing;
  await start(port);
  const { serial } = json(await state.get());
  // The write after the last answer may have been accepted as well.
  expect([accepted, accepted + 1]).toContain(serial);
  expectStatus(await state.post(stateBody({ serial: Number(serial) + 1 })), 200);
});

describe("what only Cloudflare may say of a request, and anyone on this machine can", () => {
  const fingerprint = "ab".repeat(32);
  let target: Target;
  let program: RunningProgram;
  beforeAll(async () => {
    const port = await unusedPort();
    target = { url: `http://127.0.0.1:${port}/tfstate`, username: "me", password: "my password" };
    const certificate = { fingerprint, namespace: "me", scopes: ["read"] };
    program = await start(port, { TFSTATE_MTLS: JSON.stringify([certificate]) });
  });
  afterAll(async () => {
    program.child.kill("SIGTERM");
    await program.ended;
  });

  test("a certificate in MF-CF-Blob opens nothing", async () => {
    const tlsClientAuth = {
      certPresented: "1",
      certVerified: "SUCCESS",
      certRevoked: "0",
      certFingerprintSHA256: fingerprint,
    };
    const headers = { authorization: "", "mf-cf-blob": JSON.stringify({ tlsClientAuth }) };
    expectProblem(await send(target, "GET", "/states/x", { headers }), 401);
  });

  test("guesses are slowed whatever address they claim, and no claimed address is recorded", async () => {
    const state = new State(target);
    const body = JSON.stringify(lockInfo());
    const headers = { "cf-connecting-ip": "203.0.113.9" };
    expectStatus(await state.send("LOCK", "/lock", { body, headers }), 200);
    expect(json(await state.holder()).origin).toBe("127.0.0.1");
    const replies = [];
    for (let guess = 0; guess < 8; guess++) {
      const authorization = `Basic ${Buffer.from(`me:guess ${guess}`).toString("base64")}`;
      const headers = { authorization, "cf-connecting-ip": `203.0.113.${guess}` };
      replies.push((await send(target, "GET", "/states/x", { headers })).status);
    }
    expect(replies).toContain(429);
  });

  test("neither another address nor a trigger of Miniflare's comes in through a header or a path", async () => {
    const elsewhere = { "mf-original-url": `${target.url}/health` };
    expectStatus(await send(target, "GET", "/states/never-written", { headers: elsewhere }), 204);
    expectStatus(await send(target, "GET", "/states/x", { headers: { "mf-route-override": "x" } }), 204);
    const { origin } = new URL(target.url);
    for (const path of ["/cdn-cgi/handler/scheduled", "/cdn-cgi/mf/scheduled", "/cdn-cgi/explorer"])
      expectProblem(await send({ ...target, url: origin }, "GET", path), 400);
  });
});
