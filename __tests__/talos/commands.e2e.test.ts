import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { resetNodes } from "../../cli/destroyed-stack";
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

test("before a destroy, all nodes are wiped, and those that can leave etcd first", async () => {
  await resetNodes(cluster.env, () => undefined);
  const nodes = cluster.talos.control.listNodes();
  expect(nodes.map(({ condition, etcdMember }) => [condition, etcdMember])).toEqual(
    nodes.map(() => ["OFF", undefined]),
  );
});
