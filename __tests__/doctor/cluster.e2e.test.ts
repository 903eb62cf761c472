import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Site } from "../../doctor";
import { type RunningProxmox, startProxmox } from "../../stand-ins/proxmox";
import { resolveTalosctl } from "../../toolchain";
import { TestCluster } from "../stand-ins/talos/support/cluster";
import { machineConfig } from "../stand-ins/talos/support/machine-config";
import { type FakeMachine, fakeMachine } from "../support/fake-machine";
import { linesOf, removeSites, site } from "./support/site";

/* The versions against the cluster: the real talosctl on stand-in nodes, and what kubectl prints. */

const ADDRESSES = ["10.0.0.11", "10.0.0.12", "10.0.0.13", "10.0.0.21"];
const YAML = "talos_version: v1.13.0\ntalos: { kubernetes_version: v1.36.0 }\n";
let cluster: TestCluster;
let proxmox: RunningProxmox;
let talosctl: Awaited<ReturnType<typeof resolveTalosctl>>;
let folder: string;
let machine: FakeMachine;

beforeAll(async () => {
  talosctl = await resolveTalosctl({ report: (line) => process.stderr.write(`${line}\n`) });
  folder = mkdtempSync(join(tmpdir(), "doctor-cluster-"));
  machine = fakeMachine();
  proxmox = await startProxmox();
  cluster = await TestCluster.start({
    nodes: ADDRESSES.map((address, index) => ({ name: `node-${index}`, address })),
    platform: "nocloud",
  });
  for (const [index, name] of ["cp-1", "cp-2", "cp-3", "worker-1"].entries()) {
    const type = name.startsWith("cp") ? "controlplane" : "worker";
    await cluster.configure(index, machineConfig(cluster.secrets, type, { hostname: name }));
  }
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const { secrets, admin } = cluster;
  const endpoints = [cluster.node(0).endpoint];
  const context = { endpoints, ca: base64(secrets.os.crt), crt: base64(admin.crt), key: base64(admin.key) };
  writeFileSync(join(folder, "talosconfig"), stringify({ context: "lab", contexts: { lab: context } }));
});
afterAll(async () => {
  removeSites();
  machine.remove();
  await proxmox.stop();
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Given {
  readonly yaml?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly version?: string;
  readonly kubectl?: string;
}

/** With the talosctl that is there, called another version if a test says so. */
function check({ yaml = YAML, env = {}, version, kubectl }: Given): Promise<readonly string[]> {
  const tools: Partial<Site["tools"]> = {
    talosctl: async () => ({ ...talosctl, version: version ?? talosctl.version }),
    kubectl: async () => kubectl,
  };
  const all = { PATH: process.env.PATH, ...proxmox.env, TALOSCONFIG: join(folder, "talosconfig"), ...env };
  const at = site({ yaml, env: all });
  return linesOf("cluster", { ...at, tools: { ...at.tools, ...tools } });
}

/** A kubectl that prints what the real one prints with `version -o json`. */
function kubectlThat(client: string, server?: string, said = ""): string {
  const of = (gitVersion: string) => ({ major: "1", minor: gitVersion.split(".")[1], gitVersion });
  const printed = JSON.stringify({
    clientVersion: of(client),
    kustomizeVersion: "v5.7.1",
    ...(server && { serverVersion: of(server) }),
  });
  return machine.program(
    "kubectl",
    `cat <<'END'\n${printed}\nEND\n[ -z "${said}" ] || { echo "${said}" >&2; exit 1; }`,
  );
}

test("nodes of the release in cluster.yaml pass, others warn", async () => {
  const lines = await check({});
  expect(lines.slice(0, 4)).toEqual(
    ["cp-1", "cp-2", "cp-3", "worker-1"].map((name) => `pass ${name} runs Talos v1.13.0`),
  );
  const [first] = await check({ yaml: YAML.replace("v1.13.0", "v1.13.1") });
  expect(first).toBe(
    "warn cp-1 runs Talos v1.13.0, and talos_version is v1.13.1 → upgrade the node, or correct talos_version",
  );
});

test("talosctl that is older than the nodes fails", async () => {
  const [first] = await check({ version: "1.12.4" });
  expect(first).toBe("fail cp-1 runs Talos v1.13.0, and talosctl 1.12.4 is older → install talosctl v1.13.0");
});

test("a node that does not answer warns, and a talosconfig that opens none fails", async () => {
  await cluster.talos.control.setPower("node-3", "off");
  expect((await check({}))[3]).toBe(
    "warn worker-1 does not tell talosctl its version → see that worker-1 runs",
  );
  const other = join(folder, "other");
  writeFileSync(other, stringify({ context: "lab", contexts: { lab: { endpoints: ["127.0.0.1:1"] } } }));
  expect((await check({ env: { TALOSCONFIG: other } }))[0]).toMatch(
    /^fail no node tells talosctl its version: .* → check \S+other, and/,
  );
});

test("kubectl: its own version, that of the cluster, and the skew between them", async () => {
  const kubernetes = async (client: string, server?: string, said?: string, env: NodeJS.ProcessEnv = {}) =>
    (await check({ kubectl: kubectlThat(client, server, said), env })).filter(
      (line) => !/ (cp|worker)-\d/.test(line),
    );
  expect(await kubernetes("v1.36.1", "v1.36.0")).toEqual(["pass kubectl v1.36.1", "pass Kubernetes v1.36.0"]);
  expect(await kubernetes("v1.35.0", "v1.35.2")).toEqual([
    "pass kubectl v1.35.0",
    "warn the cluster runs Kubernetes v1.35.2, and kubernetes_version is v1.36.0 → upgrade Kubernetes, or correct kubernetes_version",
  ]);
  expect(await kubernetes("v1.34.0", "v1.36.0")).toEqual([
    "fail kubectl v1.34.0 is more than one minor version from the cluster, which runs v1.36.0 → install kubectl v1.36.0",
    "pass Kubernetes v1.36.0",
  ]);
  writeFileSync(join(folder, "kubeconfig"), "");
  const KUBECONFIG = join(folder, "kubeconfig");
  expect(
    await kubernetes("v1.32.0", undefined, "The connection to the server was refused", { KUBECONFIG }),
  ).toEqual([
    "fail kubectl v1.32.0 is more than one minor version from kubernetes_version v1.36.0 → install kubectl v1.36.0",
    expect.stringMatching(
      /^fail the Kubernetes API does not tell its version: The connection to the server was refused →/,
    ),
  ]);
  expect((await check({ kubectl: machine.program("kubectl", "echo broken") })).at(-1)).toMatch(
    /^fail \S+kubectl does not tell its version: broken/,
  );
  expect((await check({})).at(-1)).toBe("warn not checked: kubectl is not on PATH → install kubectl");
});

test("without the files, it depends on whether there are VMs", async () => {
  const none = {
    env: { TALOSCONFIG: join(folder, "none"), KUBECONFIG: join(folder, "none") },
    kubectl: kubectlThat("v1.36.0"),
  };
  expect(await check(none)).toEqual([
    "pass no VM of the cluster is there yet, so no talosconfig is needed",
    "pass kubectl v1.36.0",
    "pass no VM of the cluster is there yet, so no kubeconfig is needed",
  ]);
  await proxmox.control.addForeignGuest({ vmid: 101, node: "pve1", config: { name: "cp-1", tags: "talos" } });
  expect(await check(none)).toEqual([
    expect.stringMatching(
      /^warn not checked: there is no talosconfig in \S+none → name the file in TALOSCONFIG/,
    ),
    "pass kubectl v1.36.0",
    expect.stringMatching(
      /^warn not checked: there is no kubeconfig in \S+none → name the file in KUBECONFIG/,
    ),
  ]);
});
