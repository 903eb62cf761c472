import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { restartAdvice } from "../../../cli/restart-advice";
import { kubernetesPrograms } from "../../../stand-ins/kubernetes/programs";
import { databaseOf } from "../../../stand-ins/talos/etcd/snapshot";
import { KubernetesApi } from "../../../talos/kubernetes";
import { secretsVariables } from "../../../talos/secrets-bundle";
import { waitUntil } from "../../support/wait-until";
import { ClusterView, KubernetesView } from "../support/cluster-views";
import { RunningCluster, type RunResult } from "../support/running-cluster";
import { SecretsFile } from "../support/secrets-file";

/*
 * The commands that change a running cluster, with the real talosctl, a real Kubernetes API and the real provider on VMs of a
 * stand-in; told in order: each test goes on where the one before ended.
 */

let cluster: RunningCluster;
let seen: ClusterView;
let kubernetes: KubernetesView;
/** The secrets, once they are out of the state. */
let secrets: SecretsFile;
/** Credentials in files, so that not every command has to decrypt the state. */
let credentials: readonly string[];

beforeAll(async () => {
  const report = (line: string) => process.stderr.write(`${line}\n`);
  const programs = await kubernetesPrograms({ report });
  cluster = await RunningCluster.start({ kubernetes: { programs }, vms: true });
  seen = new ClusterView(cluster);
  for (const name of ["talosconfig", "kubeconfig"]) writeFileSync(inFolder(name), await cluster.output(name));
  credentials = ["talosconfig", "kubeconfig"].flatMap((name) => [`--${name}`, inFolder(name)]);
  const { signal } = new AbortController();
  const kubeconfig = readFileSync(inFolder("kubeconfig"), "utf8");
  kubernetes = new KubernetesView(new KubernetesApi({ kubeconfig, env: cluster.env, signal }));
  await cluster.talos.kubernetes?.settled();
  seen.done();
});
afterAll(() => cluster?.stop());

const inFolder = (file: string) => join(cluster.folder, file);
const run = (command: string, ...args: string[]): Promise<RunResult> =>
  cluster.run(`cli/${command}.ts`, [...args, ...credentials]);
/** With the file of the secrets, and the addresses of the nodes that there are. */
const outside = (command: string, ...args: string[]): Promise<RunResult> => {
  const nodes = readFileSync(inFolder("nodes.yaml"), "utf8");
  const endpoints = cluster.env.TALOS_API_ENDPOINTS?.split(",") ?? [];
  const known = endpoints.filter((each) => nodes.includes(`name: ${each.replace(/=.*/, ",")}`));
  return cluster.run(`cli/${command}.ts`, args, { ...secrets.env, TALOS_API_ENDPOINTS: known.join(",") });
};

function rewrite(file: string, change: (text: string) => string): void {
  writeFileSync(inFolder(file), change(readFileSync(inFolder(file), "utf8")));
}

test("upgrade: the dry run shows every node with its own installer, and touches none", async () => {
  rewrite("cluster.yaml", (text) => text.replace("talos_version: v1.13.0", "talos_version: v1.13.9"));
  seen.done();
  const { code, out } = await run("upgrade", "--dry-run", "--json");
  expect(code).toBe(2);
  const report = JSON.parse(out);
  expect(report.problems).toEqual([]);
  expect(report.nodes).toHaveLength(4);
  for (const node of report.nodes) {
    expect(node).toMatchObject({ from: "v1.13.0", to: "v1.13.9" });
    expect(node.image).toBe(`factory.talos.dev/nocloud-installer/${seen.node(node.name)?.schematic}:v1.13.9`);
  }
  expect(seen.done()).toEqual([]);
});

test("upgrade: a node that rolls back by itself stops it, drained and cordoned, after a snapshot", async () => {
  await kubernetes.runPod("web", "cp-1", true);
  await kubernetes.runPod("tool", "cp-2", false);
  const fault = await cluster.talos.control.addFault({ kind: "upgrade-fails", node: "cp-1" });
  const snapshot = inFolder("before.snapshot");
  const { code, said } = await run("upgrade", "--node", "cp-1", "cp-2", "--snapshot", snapshot);
  expect({ code, said }).toEqual({ code: 1, said: expect.stringMatching(/stopped at cp-1: .*rolled back/) });
  expect((statSync(snapshot).mode & 0o777).toString(8)).toBe("600");
  expect(seen.done()).toEqual(["EtcdSnapshot cp-1", "Upgrade cp-1", "Reboot cp-1"]);
  expect([await kubernetes.hasPod("web"), await kubernetes.hasPod("tool")]).toEqual([false, true]);
  expect([await kubernetes.isCordoned("cp-1"), await kubernetes.isCordoned("cp-2")]).toEqual([true, false]);
  await cluster.talos.control.removeFaults(fault);
});

test("upgrade: run again it goes on, and stops at a pod that nothing would start again", async () => {
  const { code, said } = await run("upgrade", "--node", "cp-2", "cp-1", "--snapshot", inFolder("b.snapshot"));
  expect({ code, said }).toEqual({
    code: 1,
    said: expect.stringMatching(/stopped at cp-2: .*default\/tool/),
  });
  expect(seen.done()).toEqual(["EtcdSnapshot cp-1"]);
  const args = ["--evict-unmanaged", "--json", "--snapshot", inFolder("c.snapshot")];
  const running = run("upgrade", "--node", "cp-2", "cp-1", ...args);
  await waitUntil(async () =>
    (await kubernetes.leases()).some((holder) => /^npm run upgrade of /.test(holder)),
  );
  const somebodyElse = await run("reboot", "cp-1");
  const again = await running;
  expect({ codes: [somebodyElse.code, again.code], said: somebodyElse.said }).toEqual({
    codes: [3, 0],
    said: expect.stringContaining("refused, nothing was touched"),
  });
  expect(JSON.parse(again.out).nodes).toMatchObject([
    { name: "cp-2", outcome: "changed" },
    { name: "cp-1", outcome: "changed" },
  ]);
  expect(seen.done()).toEqual([
    "EtcdSnapshot cp-1",
    "Upgrade cp-2",
    "Reboot cp-2",
    "Upgrade cp-1",
    "Reboot cp-1",
  ]);
  expect([seen.node("cp-1")?.version, seen.node("cp-2")?.version]).toEqual(["v1.13.9", "v1.13.9"]);
  expect([
    await kubernetes.isCordoned("cp-1"),
    await kubernetes.isCordoned("cp-2"),
    await kubernetes.hasPod("tool"),
  ]).toEqual([false, false, false]);
});

test("a deploy is refused by a node that has to restart; apply-config and reboot do it for this node alone", async () => {
  writeFileSync(inFolder("env.yaml"), "machine:\n  env: { GODEBUG: madvdontneed=1 }\n");
  cluster.configure("kubernetes_version: v1.36.0\nworkers: { patches: [env.yaml] }");
  const refusal = await cluster.apply().then(String, (error: Error) => error.message);
  expect(restartAdvice(refusal)).toMatch(/:\n {2}npm run apply-config -- --reboot worker-1$/);
  seen.done();
  const staged = await run("apply-config", "--staged", "--json", "worker-1");
  expect(staged.code).toBe(0);
  expect(JSON.parse(staged.out)).toMatchObject({ node: "worker-1", mode: "staged" });
  const planned = await run("reboot", "--dry-run", "--json");
  expect(planned.code).toBe(2);
  expect(JSON.parse(planned.out).nodes.filter((node: { staged: boolean }) => node.staged)).toEqual([
    { name: "worker-1", staged: true },
  ]);
  expect(seen.done()).toEqual([]);
  const restarted = await run("reboot");
  expect({ code: restarted.code, said: restarted.said }).toEqual({
    code: 0,
    said: expect.stringMatching(/worker-1: drained[\s\S]*worker-1: uncordoned/),
  });
  expect(seen.done()).toEqual(["Reboot worker-1"]);
  expect(seen.node("worker-1")?.rebootPending).toBe(false);
  await cluster.apply();
  writeFileSync(inFolder("env.yaml"), "machine:\n  env: { GODEBUG: madvdontneed=0 }\n");
  await cluster.apply().catch(() => undefined);
  seen.done();
  const { code, said } = await run("apply-config", "--reboot", "worker-1");
  expect({ code, said }).toEqual({
    code: 0,
    said: expect.stringMatching(/config staged[\s\S]*drained[\s\S]*uncordoned/),
  });
  expect(seen.done()).toEqual(["Reboot worker-1"]);
  expect(seen.node("worker-1")?.rebootPending).toBe(false);
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
  seen.done();
  const { code, out, said } = await restore("--json", "--yes", "lab", "--replace-healthy");
  const told = /volumes of pods that are in \/var of these nodes[\s\S]*cp-1, cp-2, cp-3 are members/;
  expect({ code, said }).toEqual({ code: 0, said: expect.stringMatching(told) });
  expect(JSON.parse(out)).toMatchObject({ problems: [], outcome: "restored" });
  expect([...seen.done()].sort()).toEqual(["Bootstrap cp-1", "Reset cp-1", "Reset cp-2", "Reset cp-3"]);
  expect(seen.members).toEqual(["cp-1", "cp-2", "cp-3"]);
});

test("upgrade-kubernetes: the key is written once talosctl has brought it everywhere, and it goes on after a failure", async () => {
  const file = () => readFileSync(inFolder("cluster.yaml"), "utf8");
  const before = file();
  const versionsBefore = await kubernetes.versions();
  const tried = await run("upgrade-kubernetes", "1.36.3", "--dry-run");
  expect({ code: tried.code, file: file() }).toEqual({ code: 2, file: before });
  expect(await kubernetes.versions()).toEqual(versionsBefore);
  const refusal = { kind: "status", status: "UNAVAILABLE", message: "not now" } as const;
  const fault = await cluster.talos.control.addFault({
    ...refusal,
    node: "cp-2",
    method: "ApplyConfiguration",
  });
  const failed = await run("upgrade-kubernetes", "1.36.3", "--snapshot", inFolder("e.snapshot"));
  expect({ code: failed.code, said: failed.said }).toEqual({
    code: 1,
    said: expect.stringMatching(/update kube-apiserver: .*[\s\S]*stopped: .*not now\n.*goes on from here/),
  });
  expect(file()).toBe(before);
  const half = await kubernetes.versions();
  expect(half).toEqual(
    expect.arrayContaining(["kube-apiserver-cp-1 v1.36.3", "kube-apiserver-cp-2 v1.36.0"]),
  );
  await cluster.talos.control.removeFaults(fault);
  const args = ["--json", "--snapshot", inFolder("f.snapshot")];
  const { code, out, said } = await run("upgrade-kubernetes", "1.36.3", ...args);
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining("created ClusterRoleBinding/") });
  expect(JSON.parse(out)).toMatchObject({ version: "v1.36.3", apiVersion: "v1.36.3", key: "written" });
  const versions = await kubernetes.versions();
  expect(versions).toHaveLength(4 + 3 * 3);
  expect(versions.filter((each) => !each.endsWith(" v1.36.3"))).toEqual([]);
  expect(file()).toBe(before.replace("kubernetes_version: v1.36.0", "kubernetes_version: v1.36.3"));
  expect(seen.done()).toEqual(["EtcdSnapshot cp-1", "EtcdSnapshot cp-1"]);
});

test("upgrade: the secrets are taken out of the state, and the credentials are made of their file", async () => {
  secrets = await SecretsFile.for(cluster);
  expect(await outside("secrets", "talos", "--from-state")).toMatchObject({ code: 0 });
  await cluster.forget("talos_machine_secrets.cluster");
  rewrite("cluster.yaml", (text) =>
    text
      .replace("talos:\n", "talos:\n  secrets: out-of-state\n")
      .replace("talos_version: v1.13.0", "talos_version: v1.13.9"),
  );
  await cluster.apply(secretsVariables(await secrets.read()));
  expect(await cluster.resources()).not.toContain("talos_cluster_kubeconfig.cluster");
  seen.done();
  const args = ["--node", "worker-1", "--snapshot", inFolder("g.snapshot")];
  expect(await outside("upgrade", ...args)).toMatchObject({ code: 0 });
  expect(seen.done()).toEqual(["EtcdSnapshot cp-1", "Upgrade worker-1", "Reboot worker-1"]);
  expect(seen.node("worker-1")?.version).toBe("v1.13.9");
});

test("a lost control plane keeps the others in etcd, and gets a new VM that is a member again", async () => {
  cluster.proxmox?.powerOff(7013);
  await waitUntil(() => seen.node("cp-3")?.condition === "OFF");
  await cluster.talos.kubernetes?.settled();
  const healthy = await outside("remove-node", "cp-1", "--yes", "cp-1", "--no-deploy");
  expect({ code: healthy.code, said: healthy.said }).toEqual({
    code: 3,
    said: expect.stringMatching(/cp-1: etcd would have 2 members, 1 of them healthy, and needs 2/),
  });
  expect(seen.done()).toEqual([]);
  const before = seen.vm("cp-3");
  const args = ["--yes", "cp-3", "--json", "--snapshot", inFolder("d.snapshot")];
  const written = readFileSync(inFolder("cluster.yaml"), "utf8");
  rewrite("cluster.yaml", (text) => `cluster_svc_cidr: 10.97.0.0/16\n${text}`);
  const refused = await outside("replace-node", "cp-3", ...args);
  expect({ code: refused.code, said: refused.said }).toEqual({
    code: 3,
    said: expect.stringMatching(
      /refused: the network of the services would change[\s\S]*cp-3: the deploy that gives it a new VM would lose more than its VM/,
    ),
  });
  expect(seen.done()).toEqual([]);
  rewrite("cluster.yaml", () => written);
  const { code, out, said } = await outside("replace-node", "cp-3", ...args);
  expect({ code, said }).toEqual({
    code: 0,
    said: expect.stringMatching(
      /cp-3: removed from etcd by cp-1\ncp-3: is no member of etcd[\s\S]*cp-3: runs in its new VM/,
    ),
  });
  expect(JSON.parse(out)).toMatchObject({ node: "cp-3", deploy: "done" });
  expect(seen.done()).toEqual(["EtcdSnapshot cp-1", "EtcdRemoveMemberByID cp-1"]);
  const databases = ["before.snapshot", "d.snapshot"].map((file) =>
    databaseOf(readFileSync(inFolder(file)), false),
  );
  expect(databases[1]).toBe(databases[0]);
  const after = seen.vm("cp-3");
  expect(after).toMatchObject({ name: "cp-3", run: expect.any(Number) });
  expect(after?.id).not.toBe(before?.id);
  expect(seen.members).toEqual(["cp-1", "cp-2", "cp-3"]);
  await cluster.talos.kubernetes?.settled();
  expect(await kubernetes.hasNode("cp-3")).toBe(true);
  expect(await cluster.plannedActions()).toEqual({});
});

test("remove-node: a worker is wiped, goes from Kubernetes and the files, and a deploy destroys its VM and no other", async () => {
  const others = seen.vms.filter(({ name }) => name !== "worker-1");
  expect(others).toHaveLength(3);
  const { code, out, said } = await outside("remove-node", "worker-1", "--yes", "worker-1", "--json");
  // Without workers, the control planes take pods, so the deploy gives them another config.
  expect({ code, said }).toEqual({
    code: 0,
    said: expect.stringMatching(/worker-1 is gone from \S+nodes\.yaml/),
  });
  expect(JSON.parse(out)).toMatchObject({ node: "worker-1", deploy: "done" });
  expect(seen.done()).toEqual(["Reset worker-1"]);
  expect(seen.node("worker-1")?.condition).toBe("OFF");
  expect(await kubernetes.hasNode("worker-1")).toBe(false);
  expect(await kubernetes.leases()).toEqual([]);
  expect(readFileSync(inFolder("nodes.yaml"), "utf8")).not.toContain("worker-1");
  expect(seen.vms).toEqual(others);
  expect((await cluster.resources()).filter((address) => address.includes("worker-1"))).toEqual([]);
  expect(await cluster.plannedActions()).toEqual({});
});

test("destroy --reset: every node is wiped before its VM goes, and the file with the secrets stays", async () => {
  const before = await secrets.read();
  const { code, said } = await outside("cdktf", "destroy", "--reset", "--yes", "lab");
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining("cp-1: wiped") });
  expect(seen.done()).toEqual(["Reset cp-3", "Reset cp-2", "Reset cp-1"]);
  expect(seen.vms).toEqual([]);
  expect(await secrets.read()).toEqual(before);
});
