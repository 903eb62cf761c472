import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { RunningCluster } from "./support/running-cluster";

/* The commands for a running cluster, on stand-ins that the real OpenTofu has configured. */

let cluster: RunningCluster;

beforeAll(async () => {
  cluster = await RunningCluster.start();
});
afterAll(() => cluster?.stop());

const inHome = (path: string) => join(cluster.home, path);
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

test("talosconfig: a file of its own, from the encrypted state", async () => {
  const file = join(cluster.folder, "talosconfig");
  const { code, out } = await cluster.run("cli/talosconfig.ts", ["--out", file]);
  expect({ code, out, mode: modeOf(file) }).toEqual({ code: 0, out: "", mode: "600" });
  const { context, contexts } = parse(readFileSync(file, "utf8"));
  expect(context).toBe("lab");
  expect(contexts.lab.endpoints).toEqual(["10.20.1.11", "10.20.1.12", "10.20.1.13"]);
});

test("kubeconfig: merged into the user's own, where nothing else changes", async () => {
  mkdirSync(inHome(".kube"));
  const other = "# mine\napiVersion: v1\nkind: Config\nclusters: []\ncurrent-context: work # the usual one\n";
  writeFileSync(inHome(".kube/config"), other);
  const { code, said } = await cluster.run("cli/kubeconfig.ts", ["--merge"]);
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining("has the context admin@lab") });
  const merged = readFileSync(inHome(".kube/config"), "utf8");
  expect(merged).toMatch(/^# mine\n[\s\S]*current-context: work # the usual one/);
  expect(parse(merged).clusters[0].cluster.server).toBe("https://10.20.1.10:6443");
  expect(modeOf(inHome(".kube/config"))).toBe("600");
});

test("kubeconfig: a new one from a control plane, where the state is out of reach", async () => {
  const file = join(cluster.folder, "talosconfig");
  const { code, out } = await cluster.run("cli/kubeconfig.ts", ["--talosconfig", file, "--out", "-"], {
    TF_VAR_state_passphrase: undefined,
  });
  expect(code).toBe(0);
  expect(parse(out)["current-context"]).toBe("admin@lab");
  expect(existsSync(inHome(".talos"))).toBe(false);
});

test("without the passphrase, the error says so", async () => {
  const { code, said } = await cluster.run("cli/talosconfig.ts", ["--out", "-"], {
    TF_VAR_state_passphrase: "not the right passphrase",
  });
  expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining("set TF_VAR_state_passphrase") });
});

test("health: all is well, and nothing is changed", async () => {
  cluster.talos.control.clearCalls();
  const { code, said } = await cluster.run("cli/health.ts", ["--no-kubernetes"]);
  expect({ code, said }).toEqual({ code: 0, said: expect.stringMatching(/\n\nhealthy\n/) });
  expect(said).toMatch(/cp-1 +controlplane +running +yes +v1\.13\.0 +as wanted +9 of 9\n/);
  expect(said).toMatch(/cp-1 +leader +3 +1\.0 MB +524 kB/);
  expect(said).toMatch(/client certificate of the kubeconfig +364 +by you\n/);
  const methods = new Set(cluster.talos.control.listCalls().map(({ method }) => method.replace(/^.*\//, "")));
  expect([...methods].sort()).toEqual([
    ...["EtcdAlarmList", "EtcdMemberList", "EtcdStatus", "List", "Read", "ServiceList", "Version"],
  ]);
});

test("health: a node that is off, and no Kubernetes", async () => {
  await cluster.talos.control.setPower("worker-1", "off");
  const { code, out } = await cluster.run("cli/health.ts", ["--json"], {
    KUBERNETES_API_ENDPOINT: "127.0.0.1:1",
  });
  await cluster.talos.control.setPower("worker-1", "on");
  expect(code).toBe(2);
  const { healthy, findings, nodes } = JSON.parse(out);
  expect(healthy).toBe(false);
  expect(findings).toEqual([
    { level: "error", text: expect.stringMatching(/^worker-1: .*refused/) },
    { level: "error", text: expect.stringMatching(/^the Kubernetes API does not answer: .*ECONNREFUSED/) },
  ]);
  expect(nodes[3]).toMatchObject({ name: "worker-1", error: expect.stringContaining("refused") });
});

/** A deploy asks Proxmox, and a diff does not: nobody answers here. */
const NO_PROXMOX = { PROXMOX_VE_ENDPOINT: "https://127.0.0.1:1/" };

test("diff: nothing after a deploy", async () => {
  const { code, said } = await cluster.run("cli/diff.ts", ["cp-1", "worker-1"], NO_PROXMOX);
  expect({ code, said }).toEqual({ code: 0, said: "cp-1: no change\nworker-1: no change\n" });
});

test("diff: what cluster.yaml would change, by key, and no secret", async () => {
  cluster.configure('sysctls: { net.core.somaxconn: "65535" }\nkubernetes_version: v1.35.2');
  cluster.talos.control.clearCalls();
  const { code, out } = await cluster.run("cli/diff.ts", ["--json", "worker-1"], NO_PROXMOX);
  expect(code).toBe(2);
  const [{ changes }] = JSON.parse(out).nodes;
  expect(changes).toEqual([
    {
      document: "v1alpha1",
      path: ["machine", "kubelet", "image"],
      before: "ghcr.io/siderolabs/kubelet:v1.36.0",
      after: "ghcr.io/siderolabs/kubelet:v1.35.2",
    },
    { document: "v1alpha1", path: ["machine", "sysctls"], after: { "net.core.somaxconn": "65535" } },
  ]);
  expect(cluster.talos.control.listCalls().map(({ method }) => method)).not.toContainEqual(
    expect.stringMatching(/ApplyConfiguration$/),
  );
  cluster.configure();
});
