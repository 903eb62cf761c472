import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubernetesPrograms } from "../../../stand-ins/kubernetes/programs";
import { databaseOf } from "../../../stand-ins/talos/etcd/snapshot";
import { KubernetesApi } from "../../../talos/kubernetes";
import { RunningCluster, type RunResult } from "../support/running-cluster";

/*
 * The commands that change a running cluster, with the real talosctl and a real Kubernetes API; told in order: each test goes on where
 * the one before ended.
 */

let cluster: RunningCluster;
let kubernetes: KubernetesApi;
/** Credentials in files, so that not every command has to decrypt the state. */
let credentials: readonly string[];

beforeAll(async () => {
  const report = (line: string) => process.stderr.write(`${line}\n`);
  cluster = await RunningCluster.start({ kubernetes: { programs: await kubernetesPrograms({ report }) } });
  await cluster.run("cli/talosconfig.ts", ["--out", inFolder("talosconfig")]);
  await cluster.run("cli/kubeconfig.ts", [
    "--talosconfig",
    inFolder("talosconfig"),
    "--out",
    inFolder("kubeconfig"),
  ]);
  credentials = ["--talosconfig", inFolder("talosconfig"), "--kubeconfig", inFolder("kubeconfig")];
  const { signal } = new AbortController();
  kubernetes = new KubernetesApi({
    kubeconfig: readFileSync(inFolder("kubeconfig"), "utf8"),
    env: cluster.env,
    signal,
  });
  await cluster.talos.kubernetes?.settled();
});
afterAll(() => cluster?.stop());

const inFolder = (file: string) => join(cluster.folder, file);
const run = (command: string, ...args: string[]): Promise<RunResult> =>
  cluster.run(`cli/${command}.ts`, [...args, ...credentials]);

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
    .filter(({ method }) =>
      /\/(Reboot|Upgrade|Reset|EtcdSnapshot|EtcdRemoveMemberByID|Bootstrap)$/.test(method),
    );
  cluster.talos.control.clearCalls();
  return calls.map(({ node, method }) => `${method.split("/").pop()} ${node}`);
}

const PODS = "/api/v1/namespaces/default/pods";

/** Runs a pod on a node; without an owner, nothing starts it again elsewhere. */
async function runPod(name: string, nodeName: string, isOwned: boolean): Promise<void> {
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "1", controller: true };
  const spec = { nodeName, containers: [{ name, image: "example.com/web" }] };
  const metadata = { name, ...(isOwned && { ownerReferences: [owner] }) };
  await kubernetes.call(PODS, { method: "POST", body: { metadata, spec } });
}
const hasPod = async (name: string) => (await kubernetes.find(`${PODS}/${name}`)) !== undefined;
const isCordoned = async (name: string) => {
  const { spec } = (await kubernetes.call(`/api/v1/nodes/${name}`)) as { spec: { unschedulable?: boolean } };
  return spec.unschedulable ?? false;
};

test("upgrade: the dry run shows every node with its own installer, and touches none", async () => {
  rewrite("cluster.yaml", (text) => text.replace("talos_version: v1.13.0", "talos_version: v1.13.9"));
  done();
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

test("upgrade: a node that rolls back by itself stops it, drained and cordoned, after a snapshot", async () => {
  await runPod("web", "cp-1", true);
  await runPod("tool", "cp-2", false);
  const fault = await cluster.talos.control.addFault({ kind: "upgrade-fails", node: "cp-1" });
  const snapshot = inFolder("before.snapshot");
  const { code, said } = await run("upgrade", "--node", "cp-1", "cp-2", "--snapshot", snapshot);
  expect({ code, said }).toEqual({ code: 1, said: expect.stringMatching(/stopped at cp-1: .*rolled back/) });
  expect((statSync(snapshot).mode & 0o777).toString(8)).toBe("600");
  expect(done()).toEqual(["EtcdSnapshot cp-1", "Upgrade cp-1", "Reboot cp-1"]);
  expect([await hasPod("web"), await hasPod("tool")]).toEqual([false, true]);
  expect([await isCordoned("cp-1"), await isCordoned("cp-2")]).toEqual([true, false]);
  await cluster.talos.control.removeFaults(fault);
});

test("upgrade: run again it goes on, and stops at a pod that nothing would start again", async () => {
  const { code, said } = await run("upgrade", "--node", "cp-2", "cp-1", "--snapshot", inFolder("b.snapshot"));
  expect({ code, said }).toEqual({
    code: 1,
    said: expect.stringMatching(/stopped at cp-2: .*default\/tool/),
  });
  expect(done()).toEqual(["EtcdSnapshot cp-1"]);
  const args = ["--evict-unmanaged", "--json", "--snapshot", inFolder("c.snapshot")];
  const again = await run("upgrade", "--node", "cp-2", "cp-1", ...args);
  expect(again.code).toBe(0);
  expect(JSON.parse(again.out).nodes).toMatchObject([
    { name: "cp-2", outcome: "changed" },
    { name: "cp-1", outcome: "changed" },
  ]);
  expect(done()).toEqual(["EtcdSnapshot cp-1", "Upgrade cp-2", "Reboot cp-2", "Upgrade cp-1", "Reboot cp-1"]);
  expect([named("cp-1")?.version, named("cp-2")?.version]).toEqual(["v1.13.9", "v1.13.9"]);
  expect([await isCordoned("cp-1"), await isCordoned("cp-2"), await hasPod("tool")]).toEqual([
    false,
    false,
    false,
  ]);
});

test("a deploy is refused by a node that has to restart; apply-config and reboot do it for this node alone", async () => {
  writeFileSync(inFolder("env.yaml"), "machine:\n  env: { GODEBUG: madvdontneed=1 }\n");
  cluster.configure("kubernetes_version: v1.36.0\nworkers: { patches: [env.yaml] }");
  await expect(cluster.apply()).rejects.toThrow(/worker-1/);
  done();
  const staged = await cluster.run("cli/apply-config.ts", ["--staged", "worker-1"]);
  expect(staged.code).toBe(0);
  const planned = await run("reboot", "--dry-run", "--json");
  expect(planned.code).toBe(2);
  expect(JSON.parse(planned.out).nodes.filter((node: { staged: boolean }) => node.staged)).toEqual([
    { name: "worker-1", staged: true },
  ]);
  expect(done()).toEqual([]);
  const { code, said } = await cluster.run("cli/apply-config.ts", ["--reboot", "worker-1"]);
  expect({ code, said }).toEqual({
    code: 0,
    said: expect.stringMatching(/config staged[\s\S]*drained[\s\S]*uncordoned/),
  });
  expect(done()).toEqual(["Reboot worker-1"]);
  expect(named("worker-1")?.rebootPending).toBe(false);
  const nothing = await run("reboot", "--json");
  expect({ code: nothing.code, done: done() }).toEqual({ code: 0, done: [] });
  await cluster.apply();
});

test("etcd restore: refused while etcd has a quorum; then it has what was in the snapshot", async () => {
  const snapshot = inFolder("before.snapshot");
  const restore = (...args: string[]) =>
    cluster.run("cli/etcd.ts", ["restore", snapshot, ...args, ...credentials]);
  const refused = await restore("--yes", "lab");
  expect({ code: refused.code, said: refused.said }).toEqual({
    code: 3,
    said: expect.stringMatching(/has a quorum/),
  });
  done();
  const { code, said } = await restore("--yes", "lab", "--replace-healthy");
  expect({ code, said }).toEqual({ code: 0, said: expect.stringMatching(/cp-1, cp-2, cp-3 are members/) });
  expect([...done()].sort()).toEqual(["Bootstrap cp-1", "Reset cp-1", "Reset cp-2", "Reset cp-3"]);
  expect(members()).toEqual(["cp-1", "cp-2", "cp-3"]);
});

test("a lost control plane stops every change, and leaves etcd by way of another one", async () => {
  await cluster.talos.control.setPower("cp-3", "off");
  await cluster.talos.kubernetes?.settled();
  const refused = await run("upgrade", "--json");
  expect(refused.code).toBe(3);
  expect(JSON.parse(refused.out).problems.join("\n")).toMatch(/^cp-3: .*\n(.*\n)*etcd on cp-3: /);
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
  const args = ["--yes", "cp-3", "--no-deploy", "--snapshot", inFolder("d.snapshot")];
  const { code, said } = await run("replace-node", "cp-3", ...args);
  expect({ code, said }).toEqual({
    code: 0,
    said: expect.stringContaining("cp-3: removed from etcd by cp-1"),
  });
  expect(done()).toEqual(["EtcdSnapshot cp-1", "EtcdRemoveMemberByID cp-1"]);
  expect(members()).not.toContain("cp-3");
  expect(await kubernetes.find("/api/v1/nodes/cp-3")).toBeUndefined();
  const databases = ["before.snapshot", "d.snapshot"].map((file) =>
    databaseOf(readFileSync(inFolder(file)), false),
  );
  expect(databases[1]).toBe(databases[0]);
});

test("remove-node: a worker is wiped, and goes from Kubernetes and the files, once its name is given", async () => {
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
  expect(named("worker-1")?.condition).toBe("OFF");
  expect(await kubernetes.find("/api/v1/nodes/worker-1")).toBeUndefined();
  expect(readFileSync(inFolder("nodes.yaml"), "utf8")).not.toContain("worker-1");
});
