import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { runGroup } from "../../../process/process-group";
import type { KubernetesPrograms } from "../../../stand-ins/kubernetes";
import { kubernetesPrograms } from "../../../stand-ins/kubernetes/programs";
import { runNodesOnVms } from "../../../stand-ins/nodes-of-vms";
import { type RunningProxmox, startProxmox } from "../../../stand-ins/proxmox";
import { resolveKubernetes, resolveTalosctl } from "../../../toolchain";
import { processesWith } from "../../support/processes";
import { waitUntil } from "../../support/wait-until";
import { ApiClient } from "../proxmox/support/api-client";
import { TestCluster } from "../talos/support/cluster";
import { machineConfig } from "../talos/support/machine-config";

/** A cluster on stand-ins, and the real kubectl and talosctl. Each test goes on where the one before ended. */

const NODES = [
  { name: "cp-1", address: "10.20.1.11", vmid: 201 },
  { name: "w-1", address: "10.20.1.21", vmid: 211 },
  { name: "w-2", address: "10.20.1.22", vmid: 212 },
];
const [CP_1, W_1, W_2] = [0, 1, 2];

let folder: string;
let programs: KubernetesPrograms;
let kubectlPath: string;
let talosctlPath: string;
let proxmox: RunningProxmox;
let api: ApiClient;
let cluster: TestCluster;
let endCoupling: () => void;

beforeAll(async () => {
  const report = (line: string) => process.stderr.write(`${line}\n`);
  programs = await kubernetesPrograms({ report });
  kubectlPath = await resolveKubernetes("kubectl", { report });
  talosctlPath = (await resolveTalosctl({ report })).path;
  folder = mkdtempSync(join(tmpdir(), "kubectl-"));
  proxmox = await startProxmox();
  api = new ApiClient(proxmox);
  await startNodes();
  const image = { url: "https://images.example/talos.qcow2", content: "import", filename: "talos.qcow2" };
  await api.task(api.post("/nodes/pve1/storage/nfs/download-url", image));
  for (const { name, vmid } of NODES) {
    const form = { vmid, name, scsi0: "local-lvm:0,import-from=nfs:import/talos.qcow2", start: 1 };
    await api.task(api.post("/nodes/pve1/qemu", form));
  }
});
afterAll(async () => {
  await stopNodes();
  await proxmox.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function startNodes(): Promise<void> {
  const options = {
    nodes: NODES,
    platform: "nocloud",
    poweredOn: false,
    folder: join(folder, "talos"),
  } as const;
  cluster = await TestCluster.start({ ...options, kubernetes: { programs } }, cluster?.secrets);
  endCoupling = runNodesOnVms(proxmox, cluster.talos);
}

async function stopNodes(): Promise<void> {
  endCoupling();
  await cluster.stop();
}

const run = (file: string, args: readonly string[]) =>
  runGroup(file, args, { env: { ...process.env, HOME: folder } });
const kubectl = (args: string) =>
  run(kubectlPath, ["--kubeconfig", join(folder, "kubeconfig"), "--request-timeout=20s", ...args.split(" ")]);
const talosctl = (index: number, args: string) => {
  const node = cluster.node(index);
  const through = ["--talosconfig", join(folder, "talosconfig"), "-e", cluster.node(CP_1).endpoint];
  return run(talosctlPath, [...through, "-n", node.address, ...args.split(" ")]);
};
async function ok(call: ReturnType<typeof run>): Promise<string> {
  const { exitCode, stdout, output } = await call;
  if (exitCode !== 0) throw new Error(`${exitCode}\n${output}`);
  return stdout;
}
const power = (index: number, state: "start" | "stop") =>
  api.task(api.post(`/nodes/pve1/qemu/${NODES[index]?.vmid}/status/${state}`));
/** The lines of `kubectl get nodes` by name: `Ready control-plane v1.36.0`. */
async function nodes(): Promise<Readonly<Record<string, string>>> {
  const lines = (await ok(kubectl("get nodes --no-headers"))).trim().split("\n");
  return Object.fromEntries(
    lines.map((line) => {
      const [name, status, roles, , version] = line.split(/ +/);
      return [name, [status, roles, version].join(" ")];
    }),
  );
}
const untilNode = (name: string, status: string | undefined) =>
  waitUntil(async () => (await nodes())[name]?.split(" ")[0] === status);

function apply(name: string, object: object): Promise<string> {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, stringify(object));
  return ok(kubectl(`apply -f ${file}`));
}
const pod = (name: string, nodeName: string) => ({
  ...{ apiVersion: "v1", kind: "Pod", metadata: { name } },
  spec: { nodeName, containers: [{ name: "main", image: "registry.k8s.io/pause:3.10" }] },
});

it("is what the kubeconfig of a new cluster leads to, with a node for each machine", async () => {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const { secrets, admin } = cluster;
  const context = { ca: base64(secrets.os.crt), crt: base64(admin.crt), key: base64(admin.key) };
  writeFileSync(join(folder, "talosconfig"), stringify({ context: "lab", contexts: { lab: context } }));
  for (const [index, { name }] of NODES.entries()) {
    await cluster.until(index, ({ condition, reachable }) => condition === "MAINTENANCE" && reachable);
    const type = name.startsWith("cp") ? "controlplane" : "worker";
    const change = (main: { machine: object }) =>
      Object.assign(main.machine, { nodeLabels: { rack: name }, nodeTaints: { dedicated: "a:NoSchedule" } });
    await cluster.configure(index, machineConfig(secrets, type, { hostname: name, change }));
  }
  await ok(talosctl(CP_1, "bootstrap"));
  await ok(talosctl(CP_1, `kubeconfig ${folder}/kubeconfig`));
  expect(readFileSync(join(folder, "kubeconfig"), "utf8")).toContain("server: https://10.20.1.5:6443");
  await cluster.talos.kubernetes?.settled();
  expect(await nodes()).toEqual({
    "cp-1": "Ready control-plane v1.35.0",
    "w-1": "Ready <none> v1.35.0",
    "w-2": "Ready <none> v1.35.0",
  });
  expect(await ok(kubectl("auth whoami"))).toMatch(/Username +admin\nGroups +\[system:masters /);
  const worker = JSON.parse(await ok(kubectl("get node -l rack=w-1 -o json"))).items[0];
  expect(worker.status.addresses).toContainEqual({ type: "InternalIP", address: "10.20.1.21" });
  expect(await ok(kubectl("get pods -n kube-system -o wide --no-headers"))).toMatch(
    /kube-apiserver-cp-1 .*\nkube-controller-manager-cp-1 .*\nkube-scheduler-cp-1 +1\/1 +Running +0 +\S+ +<none> +cp-1 /,
  );
  expect(worker.spec.taints).toEqual([{ key: "dedicated", value: "a", effect: "NoSchedule" }]);
});

it("drains, uncordons and cordons", async () => {
  for (const name of ["one", "two"]) await apply(name, pod(name, "w-1"));
  await apply("three", pod("three", "w-2"));
  await waitUntil(async () => /three .*Running[\s\S]*two .*Running/.test(await ok(kubectl("get pods"))));
  expect(await ok(kubectl("drain w-1 --force --timeout=60s"))).toMatch(/node\/w-1 drained/);
  expect(await nodes()).toMatchObject({ "w-1": "Ready,SchedulingDisabled <none> v1.35.0" });
  expect((await ok(kubectl("get pods -o name"))).trim()).toBe("pod/three");
  await ok(kubectl("uncordon w-1"));
  expect(await nodes()).toMatchObject({ "w-1": "Ready <none> v1.35.0" });
});

it("does not evict what a disruption budget protects", async () => {
  await apply("guarded", {
    ...pod("guarded", "w-1"),
    metadata: { name: "guarded", labels: { app: "guarded" } },
  });
  const selector = { matchLabels: { app: "guarded" } };
  await apply("budget", {
    ...{ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: "budget" } },
    spec: { minAvailable: 1, selector },
  });
  const { exitCode, stderr } = await kubectl("drain w-1 --force --timeout=1s");
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/disruption budget/);
  await ok(kubectl("delete pdb budget"));
  await ok(kubectl("drain w-1 --force --timeout=60s"));
  await ok(kubectl("uncordon w-1"));
});

it("a node is not ready, and not reached, while its VM is stopped", async () => {
  await ok(kubectl("cordon w-2"));
  await power(W_2, "stop");
  await untilNode("w-2", "NotReady,SchedulingDisabled");
  expect((await talosctl(W_2, "version")).exitCode).toBe(1);
  // Nobody is there to end it.
  await ok(kubectl("delete pod three --wait=false"));
  expect(await ok(kubectl("get pods"))).toMatch(/three .*Terminating/);
  await power(W_2, "start");
  await untilNode("w-2", "Ready,SchedulingDisabled");
  await ok(talosctl(W_2, "version"));
  await waitUntil(async () => (await ok(kubectl("get pods"))) === "");
});

it("a node that is deleted comes back with the next boot, with the labels of its config", async () => {
  await ok(kubectl("delete node w-1"));
  await cluster.talos.control.setPower("cp-1", "on"); // nothing changes
  expect(Object.keys(await nodes())).toEqual(["cp-1", "w-2"]);
  const config = machineConfig(cluster.secrets, "worker", { hostname: "w-1" });
  writeFileSync(join(folder, "w-1.yaml"), config);
  await power(W_1, "stop");
  await power(W_1, "start");
  await untilNode("w-1", "Ready");
  expect(await ok(kubectl("get node w-1 --show-labels"))).toContain("rack=w-1");
  await cluster.until(W_1, ({ reachable }) => reachable);
  await ok(talosctl(W_1, `apply-config -f ${folder}/w-1.yaml --mode no-reboot`));
  await waitUntil(async () => !(await ok(kubectl("get node w-1 --show-labels"))).includes("rack"));
});

it("does not answer without a control plane node, and has lost nothing then", async () => {
  await ok(kubectl("create configmap kept"));
  await power(CP_1, "stop");
  await waitUntil(() => cluster.node(CP_1).condition === "OFF");
  expect(await kubectl("get nodes")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/no route to host/),
  });
  await stopNodes();
  expect(processesWith(folder, "cmdline")).toEqual([]);
  await startNodes();
  await power(CP_1, "start");
  await cluster.until(CP_1, ({ condition }) => condition === "RUNNING");
  await cluster.talos.kubernetes?.settled();
  expect(await ok(kubectl("get configmap kept -o name"))).toBe("configmap/kept\n");
  await untilNode("cp-1", "Ready");
});

it("a VM that is destroyed leaves its node behind, until somebody deletes that", async () => {
  await power(W_2, "stop");
  await api.task(api.delete(`/nodes/pve1/qemu/${NODES[W_2]?.vmid}`));
  await untilNode("w-2", "NotReady,SchedulingDisabled");
  await ok(kubectl("delete node w-2"));
  expect(Object.keys(await nodes())).toEqual(["cp-1", "w-1"]);
});
