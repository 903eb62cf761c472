import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { ProxmoxControl } from "../../../stand-ins/proxmox";

const ROOT = resolve(__dirname, "../../..");
const TS_NODE = join(ROOT, "node_modules", ".bin", "ts-node");

const dataDir = mkdtempSync(join(tmpdir(), "proxmox-command-"));
let child: ChildProcess | undefined;
afterEach(() => child?.kill("SIGKILL"));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const run = (...args: string[]): ChildProcess => {
  child = spawn(TS_NODE, ["--swc", "stand-ins/main.ts", "proxmox", ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return child;
};

test.each(["SIGTERM", "SIGINT"] as const)("says in one line where it is, and ends on %s", async (signal) => {
  const process = run("--hosts", "alpha,beta", "--data", dataDir);
  const lines: string[] = [];
  if (!process.stdout) throw new Error("no output");
  const output = createInterface({ input: process.stdout });
  output.on("line", (line) => lines.push(line));
  await once(output, "line");
  const ready = JSON.parse(lines[0] ?? "");
  expect(ready).toEqual({
    endpoint: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\/$/),
    token: expect.stringMatching(/^tofu@pve!ci=[0-9a-f-]{36}$/),
    caFile: join(dataDir, "tls", "ca.pem"),
    env: {
      PROXMOX_VE_ENDPOINT: ready.endpoint,
      PROXMOX_VE_API_TOKEN: ready.token,
      SSL_CERT_FILE: ready.caFile,
    },
    control: { url: `${ready.endpoint}_control`, token: expect.any(String) },
  });
  const control = new ProxmoxControl({ ...ready.control, caFile: ready.caFile });
  expect(await control.listFaults()).toEqual([]);
  await control.close();

  const ended = once(process, "exit");
  process.kill(signal);
  expect(await ended).toEqual([0, null]);
  expect(lines).toHaveLength(1);
  expect(existsSync(join(dataDir, "cluster.json"))).toBe(true);
});

test("an option that makes no sense is an error", async () => {
  const process = run("--port", "high");
  let error = "";
  process.stderr?.on("data", (chunk) => (error += chunk));
  const [code] = await once(process, "close");
  expect([code, error]).toEqual([
    1,
    expect.stringContaining('"high" is no port: give a number from 0 to 65535.'),
  ]);
});
