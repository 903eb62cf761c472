import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processesWith } from "../support/processes";
import { killPrograms, startScript } from "../support/running-program";
import { waitUntil } from "../support/wait-until";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "start-test-"));
});
afterEach(() => {
  killPrograms();
  rmSync(folder, { recursive: true, force: true });
});

/** `npm start`, with its data in the test's folder, in a process group of its own. */
function start(...args: string[]) {
  const env = { ...process.env, CLUSTER_CONFIG: "examples/six-nodes" };
  return startScript(["start", "--", "--folder", folder, ...args], { env, detached: true });
}

/** Processes whose arguments name the test's folder. */
const processesOfTheRun = () => processesWith(folder, "cmdline");

it("creates state backend and cluster, runs until it is interrupted, and has nothing to do the next time", async () => {
  const first = start();
  await first.says("it runs until Ctrl-C");
  expect(first.said()).toMatch(/✔ Deploy: 6 VMs \[/);
  expect(first.said()).toMatch(/✔ Second plan: empty \[/);
  expect(first.said()).toMatch(/✔ Credentials: \S+talosconfig, \S+kubeconfig \[/);
  expect(first.said()).toMatch(/✔ Second client: waited for the lock of \S+@\S+, then had it \[/);
  expect(first.said()).toMatch(/✔ Versions: 2, the newest of serial 2 \[/);
  expect(first.said()).toMatch(/✔ Restore: the version of serial 1 is the state again \[/);
  expect(first.said()).toMatch(/✔ Plan after it: empty \[/);
  expect(first.said()).toMatch(/\n {2}worker-3 +worker +7013 +10\.20\.1\.23 +pve1\n/);

  const secret = (name: string) => {
    const file = join(folder, name);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const value = readFileSync(file, "utf8");
    expect(first.said()).not.toContain(value);
    return value;
  };
  secret("state-passphrase");
  expect(secret("kubeconfig")).toContain("server: https://10.20.1.10:6443");
  expect(secret("talosconfig")).toMatch(/- 10\.20\.1\.11/);
  const [, dashboard = ""] = /dashboard +(\S+)\//.exec(first.said()) ?? [];
  const authorization = `Basic ${Buffer.from(`owner:${secret("worker-password")}`).toString("base64")}`;
  const get = async (path: string) =>
    (await fetch(`${dashboard}${path}`, { headers: { authorization } })).text();
  expect(await get("/")).toMatch(/proxmox/);
  const state = await get("/states/proxmox");
  expect(JSON.parse(state)).toHaveProperty("encrypted_data");
  expect(state).not.toMatch(/worker-3|10\.20\.1\.23/);

  const another = start("--once");
  expect(await another.ended).toBe(1);
  expect(another.said()).toMatch(/another npm start is running in .*; stop it first/);

  process.kill(-(first.child.pid ?? 0), "SIGINT"); // to the whole group, as a terminal does
  await first.ended;
  expect(processesOfTheRun()).toEqual([]);

  const second = start("--once", "--kubernetes");
  expect({ code: await second.ended, said: second.said() }).toMatchObject({ code: 0 });
  expect(second.said()).toMatch(/✔ kubectl get nodes: 6 nodes are ready \[/);
  expect(readFileSync(join(folder, "logs/apply.log"), "utf8")).toContain("0 added, 0 changed, 0 destroyed");
  expect(processesOfTheRun()).toEqual([]);
});

it("leaves no process behind when npm is ended in the middle, and the next run continues", async () => {
  for (const title of ["Apply", "Deploy"]) {
    const run = start();
    await run.says(`❯ ${title}\n`);
    await sleep(title === "Deploy" ? 4_000 : 1_000);
    run.child.kill("SIGTERM");
    await run.ended;
    await waitUntil(() => processesOfTheRun().length === 0);
  }
  const next = start("--once");
  expect({ code: await next.ended, said: next.said() }).toMatchObject({ code: 0 });
  expect(next.said()).toContain("✔ Deploy: 6 VMs");
});
