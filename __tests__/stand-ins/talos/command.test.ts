import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { TalosClient } from "./support/client";

const ROOT = resolve(__dirname, "../../..");
const TS_NODE = join(ROOT, "node_modules", ".bin", "ts-node");

const folder = mkdtempSync(join(tmpdir(), "talos-command-"));
let child: ChildProcess | undefined;
afterEach(() => child?.kill("SIGKILL"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]): ChildProcess => {
  child = spawn(TS_NODE, ["--swc", "stand-ins/main.ts", "talos", ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return child;
};

test.each(["SIGTERM", "SIGINT"] as const)(
  "says in one line where they are, and ends on %s",
  async (signal) => {
    const process = run("--nodes", "cp-1=10.20.1.11,w-1", "--folder", folder, "--one-address");
    const lines: string[] = [];
    let log = "";
    process.stderr?.on("data", (chunk) => {
      log += chunk;
    });
    if (!process.stdout) throw new Error("no output");
    const output = createInterface({ input: process.stdout });
    output.on("line", (line) => lines.push(line));
    await once(output, "line");
    const ready = JSON.parse(lines[0] ?? "");
    const endpoint = expect.stringMatching(/^127\.0\.0\.1:\d+$/);
    expect(ready).toEqual({
      nodes: [
        { name: "cp-1", address: "10.20.1.11", endpoint },
        { name: "w-1", address: "127.0.0.1", endpoint },
      ],
      control: { url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), token: expect.any(String) },
    });
    const client = TalosClient.insecure(ready.nodes[0].endpoint);
    await client.unary("Version", {}, { node: "10.20.1.11" });
    client.close();
    expect(log).toMatch(/^cp-1 machine\.MachineService\/Version os:reader OK \d+ ms\n$/);

    const { url, token } = ready.control;
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const ask = async (path: string, init: RequestInit = {}) => {
      const answer = await fetch(`${url}${path}`, { headers, ...init });
      return [answer.status, await answer.json()];
    };
    const [status] = await ask("/faults", { method: "POST", body: '{"kind":"unreachable","node":"w-1"}' });
    expect([status, await ask("/nodes")]).toMatchObject([
      200,
      [200, { data: [{ reachable: true }, { reachable: false }] }],
    ]);
    expect(await ask("/nodes/w-2", { method: "PATCH", body: '{"power":"off"}' })).toEqual([
      400,
      { message: 'no node "w-2"; there are cp-1, w-1' },
    ]);
    expect((await fetch(`${url}/nodes`)).status).toBe(401);

    const ended = once(process, "exit");
    process.kill(signal);
    expect(await ended).toEqual([0, null]);
    expect(lines).toHaveLength(1);
    expect(existsSync(join(folder, "nodes.json"))).toBe(true);
  },
);

test("an option that makes no sense is an error", async () => {
  const process = run("--nodes", "a,a");
  let error = "";
  process.stderr?.on("data", (chunk) => {
    error += chunk;
  });
  const [code] = await once(process, "close");
  expect([code, error]).toEqual([
    1,
    expect.stringContaining('"a,a" has a node without a name, or the same name twice'),
  ]);
});
