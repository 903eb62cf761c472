import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunningCluster, type RunResult } from "../support/running-cluster";

/* The commands that change a running cluster, with the real talosctl; told in order: each test goes on where the one before ended. */

let cluster: RunningCluster;
/** A talosconfig in a file, so that not every command has to decrypt the state. */
let talosconfig: readonly string[];

beforeAll(async () => {
  cluster = await RunningCluster.start();
  const file = inFolder("talosconfig");
  await cluster.run("cli/talosconfig.ts", ["--out", file]);
  talosconfig = ["--talosconfig", file];
});
afterAll(() => cluster?.stop());

const inFolder = (file: string) => join(cluster.folder, file);
const run = (command: string, ...args: string[]): Promise<RunResult> =>
  cluster.run(`cli/${command}.ts`, [...args, "--no-drain", ...talosconfig]);

function rewrite(file: string, change: (text: string) => string): void {
  writeFileSync(inFolder(file), change(readFileSync(inFolder(file), "utf8")));
}

const nodes = () => cluster.talos.control.listNodes();
const named = (name: string) => nodes().find((node) => node.name === name);
const members = () => nodes().flatMap(({ name, etcdMember }) => (etcdMember === undefined ? [] : [name]));

/** What was done to nodes since the last time, in order. */
function done(): readonly string[] {
  const calls = cluster.talos.control
    .listCalls()
    .filter(({ method }) => /\/(Reboot|Upgrade|Reset|EtcdSnapshot|EtcdRemoveMemberByID)$/.test(method));
  cluster.talos.control.clearCalls();
  return calls.map(({ node, method }) => `${method.split("/").pop()} ${node}`);
}

test("upgrade: the dry run shows every node with its own installer, and touches none", async () => {
  rewrite("cluster.yaml", (text) => text.replace("talos_version: v1.13.0", "talos_version: v1.13.9"));
  const { code, out } = await run("upgrade", "--dry-run", "--json");
  expect(code).toBe(2);
  const report = JSON.parse(out);
  expect(report.problems).toEqual([]);
  expect(report.nodes).toHaveLength(4);
  for (const node of report.nodes) {
    expect(node).toMatchObject({ from: "v1.13.0", to: "v1.13.9" });
    expect(node.image).toBe(`factory.talos.dev/nocloud-installer/${named(node.name)?.schematic}:v1.13.9`);
  }
  expect(done()).toEqual([]);
});

test("upgrade: a node that rolls back by itself stops it, after a snapshot", async () => {
  const fault = await cluster.talos.control.addFault({ kind: "upgrade-fails", node: "cp-1" });
  const snapshot = inFolder("before.snapshot");
  const { code, said } = await run("upgrade", "--node", "cp-1", "cp-2", "--snapshot", snapshot);
  expect({ code, said }).toEqual({ code: 1, said: expect.stringMatching(/stopped at cp-1: .*rolled back/) });
  expect((statSync(snapshot).mode & 0o777).toString(8)).toBe("600");
  expect(done()).toEqual(["EtcdSnapshot cp-1", "Upgrade cp-1", "Reboot cp-1"]);
  await cluster.talos.control.removeFaults(fault);
});

test("upgrade: run again it goes on, one control plane after the other", async () => {
  const { code, out } = await run(
    "upgrade",
    "--node",
    "cp-2",
    "cp-1",
    "--json",
    "--snapshot",
    inFolder("b.snapshot"),
  );
  expect(code).toBe(0);
  expect(
    JSON.parse(out).nodes.map(({ name, outcome }: Record<string, string>) => `${name} ${outcome}`),
  ).toEqual(["cp-2 changed", "cp-1 changed"]);
  expect(done()).toEqual(["EtcdSnapshot cp-1", "Upgrade cp-2", "Reboot cp-2", "Upgrade cp-1", "Reboot cp-1"]);
  expect([named("cp-1")?.version, named("cp-2")?.version]).toEqual(["v1.13.9", "v1.13.9"]);
  const again = await run("upgrade", "--node", "cp-1", "--json");
  expect({ code: again.code, nodes: JSON.parse(again.out).nodes }).toMatchObject({
    code: 0,
    nodes: [{ outcome: "unchanged" }],
  });
  expect(done()).toEqual([]);
});

test("a deploy is refused by a node that has to restart; apply-config and reboot do it for this node alone", async () => {
  writeFileSync(inFolder("env.yaml"), "machine:\n  env: { GODEBUG: madvdontneed=1 }\n");
  cluster.configure("workers: { patches: [env.yaml] }");
  await expect(cluster.apply()).rejects.toThrow(/worker-1/);
  cluster.talos.control.clearCalls();
  const staged = await cluster.run("cli/apply-config.ts", ["--staged", "worker-1", "--no-drain"]);
  expect(staged.code).toBe(0);
  const planned = await run("reboot", "--dry-run", "--json");
  expect(planned.code).toBe(2);
  expect(JSON.parse(planned.out).nodes.filter((node: { staged: boolean }) => node.staged)).toEqual([
    { name: "worker-1", staged: true },
  ]);
  expect(done()).toEqual([]);
  const { code, said } = await cluster.run("cli/apply-config.ts", ["--reboot", "worker-1", "--no-drain"]);
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining("worker-1: config staged") });
  expect(done()).toEqual(["Reboot worker-1"]);
  expect(named("worker-1")?.rebootPending).toBe(false);
  const nothing = await run("reboot", "--json");
  expect({ code: nothing.code, done: done() }).toEqual({ code: 0, done: [] });
  await cluster.apply();
});

test("a lost control plane stops every change, and leaves etcd by way of another one", async () => {
  await cluster.talos.control.setPower("cp-3", "off");
  const refused = await run("upgrade", "--json");
  expect(refused.code).toBe(3);
  expect(JSON.parse(refused.out).problems.join("\n")).toMatch(/cp-3: cp-3 .*|etcd on cp-3/);
  const unknown = await run("remove-node", "cp-3", "--yes", "cp-3", "--no-deploy");
  expect({ code: unknown.code, said: unknown.said }).toEqual({
    code: 3,
    said: expect.stringMatching(/pass --lost/),
  });
  const healthy = await run("remove-node", "cp-1", "--yes", "cp-1", "--no-deploy");
  expect({ code: healthy.code, said: healthy.said }).toEqual({
    code: 3,
    said: expect.stringMatching(/cp-1: etcd would have 2 members, of which 1 healthy, and needs 2/),
  });
  expect(done()).toEqual([]);
  const { code, said } = await run("replace-node", "cp-3", "--yes", "cp-3", "--no-deploy");
  expect({ code, said }).toEqual({
    code: 0,
    said: expect.stringContaining("cp-3: removed from etcd by cp-1"),
  });
  expect(done()).toEqual(["EtcdSnapshot cp-1", "EtcdRemoveMemberByID cp-1"]);
  expect(members()).toEqual(["cp-1", "cp-2"]);
});

test("remove-node: a worker is wiped and goes from the files, once its name is given", async () => {
  const wrong = await run("remove-node", "worker-1", "--yes", "worker-2", "--no-deploy");
  expect({ code: wrong.code, said: wrong.said }).toEqual({
    code: 1,
    said: expect.stringMatching(/--yes worker-1/),
  });
  const asked = await run("remove-node", "worker-1", "--no-deploy");
  expect(asked.said).toMatch(/no terminal to type the name of the node on; pass --yes worker-1/);
  expect(done()).toEqual([]);
  const { code, said } = await run("remove-node", "worker-1", "--yes", "worker-1", "--no-deploy");
  expect({ code, said }).toEqual({
    code: 0,
    said: expect.stringContaining("run npm run deploy -- --allow worker-1: it destroys the VM"),
  });
  expect(done()).toEqual(["Reset worker-1"]);
  expect(readFileSync(inFolder("nodes.yaml"), "utf8")).not.toContain("worker-1");
  expect(named("worker-1")?.condition).toBe("OFF");
});
