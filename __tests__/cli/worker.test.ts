import { deepEqual, equal, ok } from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expectState, expectStatus, json, jsonList } from "../worker/conformance/case";
import { closeConnections, lockInfo, State, stateBody, type Target } from "../worker/conformance/client";

/** `npm run worker`, as a program of its own: one ready line, a clean end, and nothing lost in between. */
const root = join(__dirname, "..", "..");
const persist = mkdtempSync(join(tmpdir(), "tfstate-persist-"));
const running = new Set<ChildProcess>();
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await closeConnections();
  await sleep(500); // workerd notices that its parent is gone
  rmSync(persist, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function start(port: number): Promise<{ child: ChildProcess; lines: string[] }> {
  const args = [join("node_modules", "ts-node", "dist", "bin.js"), "--swc", join("cli", "worker.ts")];
  const child = spawn(
    process.execPath,
    [...args, "--port", String(port), "--base-path", "/tfstate", "--persist", persist],
    {
      cwd: root,
      env: { ...process.env, TFSTATE_USERNAME: "me", TFSTATE_PASSWORD: "my password" },
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  running.add(child);
  let output = "";
  child.stdout?.on("data", (data: Buffer) => {
    output += data.toString();
  });
  for (let tries = 0; !output.includes("\n"); tries++) {
    if (tries > 600 || child.exitCode !== null) throw new Error(`not ready: ${output}`);
    await sleep(100);
  }
  return { child, lines: output.trim().split("\n") };
}

test("what was stored is there after a restart and after kill -9, on the same port", async () => {
  const port = await freePort();
  const target: Target = { url: `http://127.0.0.1:${port}/tfstate`, username: "me", password: "my password" };
  const state = new State(target);
  const info = lockInfo();

  const first = await start(port);
  deepEqual(first.lines, [`tfstate worker ready at http://127.0.0.1:${port}/tfstate`]);
  expectStatus(await state.post(stateBody({ serial: 1 })), 200);
  expectStatus(await state.lock(info), 200);
  expectStatus(await state.post(stateBody({ serial: 2 }), info.ID), 200);
  first.child.kill("SIGKILL");
  await once(first.child, "exit");

  const second = await start(port);
  expectState(await state.get(), stateBody({ serial: 2 }));
  equal(json(await state.holder()).ID, info.ID);
  expectStatus(await state.post(stateBody({ serial: 3 }), info.ID), 200);
  expectStatus(await state.unlock(info), 200);
  second.child.kill("SIGTERM");
  const [code] = await once(second.child, "exit");
  equal(code, 0);

  const third = await start(port);
  expectState(await state.get(), stateBody({ serial: 3 }));
  equal(jsonList(await state.send("GET", "/versions?all=1")).length, 3);
  ok((await state.post(stateBody({ serial: 4 }), info.ID)).status >= 400);
  third.child.kill("SIGINT");
  equal((await once(third.child, "exit"))[0], 0);
}, 180_000);

test("kill -9 in the middle of many writes loses none that was accepted", async () => {
  const port = await freePort();
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
  while (accepted < 5) await sleep(20);
  child.kill("SIGKILL");
  await writing;
  await start(port);
  const { serial } = json(await state.get());
  ok(
    Number(serial) >= accepted && Number(serial) <= accepted + 1,
    `serial ${serial}, ${accepted} was accepted`,
  );
  expectStatus(await state.post(stateBody({ serial: Number(serial) + 1 })), 200);
}, 180_000);
