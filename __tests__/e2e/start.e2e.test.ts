import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hasEnded } from "../support/end-with-tests";
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

/** Ends a run, and sees that nothing is left of it. */
async function end(run: ReturnType<typeof start>, kill: () => void): Promise<void> {
  kill();
  await run.ended;
  await waitUntil(() => processesOfTheRun().length === 0);
}

it("goes from an empty account through the life of a cluster, however often it is ended in the middle", async () => {
  for (const title of ["Apply", "Deploy"]) {
    const run = start();
    await run.says(`❯ ${title}\n`);
    await sleep(title === "Deploy" ? 4_000 : 1_000);
    await end(run, () => run.child.kill("SIGTERM"));
  }

  const third = start();
  await third.says("❯ npm run upgrade -- --no-drain\n");
  expect(third.said()).toMatch(/✔ Deploy: 6 VMs: /);
  expect(third.said()).toMatch(
    /✔ Second client: waited for the lock of \S+@\S+, then had it; its plan is empty \[/,
  );
  expect(third.said()).toMatch(/✔ npm run health -- --no-kubernetes: healthy \[/);
  expect(third.said()).toMatch(/✔ Add a worker: worker-4 at 10\.20\.1\.24, a new entry in \S+nodes\.yaml \[/);
  expect(third.said()).toMatch(/✔ Deploy: 2 added, 0 changed, 0 destroyed \[/);
  const log = join(folder, "logs/upgrade.log");
  await waitUntil(() => {
    if (hasEnded(third.child)) throw new Error(`it ended before its time:\n${third.said()}`);
    return existsSync(log) && readFileSync(log, "utf8").includes("cp-2: restarts");
  });
  await end(third, () => third.child.kill("SIGTERM"));

  const last = start("--kubernetes");
  await last.says("it runs until Ctrl-C");
  expect(last.said()).toMatch(/✔ Deploy: 7 VMs: 0 added, 0 changed, 0 destroyed \[/);
  expect(last.said()).toMatch(/✔ kubectl get nodes: 7 nodes are ready \[/);
  expect(last.said()).not.toContain("Add a worker");
  expect(last.said()).toMatch(/✔ npm run upgrade: 7 nodes run Talos v1\.13\.1 \[/);
  const upgrade = readFileSync(log, "utf8");
  expect(upgrade).toContain("cp-1: nothing to do");
  expect(upgrade).toContain("worker-4: drained");
  expect(last.said()).toMatch(
    /✔ npm run remove-node -- worker-4 .*: worker-4 is wiped, and gone from \S+nodes\.yaml \[/,
  );
  expect(last.said()).toMatch(/✔ Deploy: 1 added, 12 changed, 3 destroyed \[/);
  // The deploy that was interrupted may have written a part of the state.
  const [, serial] = /✔ Versions: \d+, the newest of serial (\d+) \[/.exec(last.said()) ?? [];
  expect(last.said()).toContain(
    `✔ Restore: the version of serial ${Number(serial) - 1} is the state again [`,
  );
  expect(last.said()).toMatch(/✔ Last plan: empty \[/);
  expect(last.said()).toMatch(/\n {2}worker-3 +worker +7013 +10\.20\.1\.23 +pve1\n/);
  expect(last.said()).not.toMatch(/\n {2}worker-4 /);
  expect(readdirSync(join(folder, "snapshots"))).toHaveLength(2);

  const secret = (name: string) => {
    const file = join(folder, name);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const value = readFileSync(file, "utf8");
    expect(last.said()).not.toContain(value);
    return value;
  };
  secret("state-passphrase");
  expect(secret("kubeconfig")).toContain("server: https://10.20.1.10:6443");
  expect(secret("talosconfig")).toMatch(/- 10\.20\.1\.11/);
  const [, dashboard = ""] = /dashboard +(\S+)\//.exec(last.said()) ?? [];
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

  // To the whole group, as a terminal does.
  await end(last, () => process.kill(-(last.child.pid ?? 0), "SIGINT"));
});
