import { X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { resetNodes } from "../../cli/destroyed-stack";
import { issueCertificate } from "../../stand-ins/talos/pki/issue";
import { secretsVariables } from "../../talos/secrets-bundle";
import { talosCredentials } from "../../talos/talosconfig";
import { RunningCluster } from "./support/running-cluster";
import { SecretsFile } from "./support/secrets-file";

/* The commands for a running cluster, on stand-ins that the real OpenTofu has configured. */

let cluster: RunningCluster;

beforeAll(async () => {
  cluster = await RunningCluster.start();
});
afterAll(() => cluster?.stop());

const inHome = (path: string) => join(cluster.home, path);
/** Named, the state need not be decrypted for each command. */
const credentials = () =>
  ["talosconfig", "kubeconfig"].flatMap((name) => [`--${name}`, join(cluster.folder, name)]);
/** So that the passphrase counts, and not the quick key of the other tests. */
const noKey = { TF_ENCRYPTION: undefined };
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
  const { code, out } = await cluster.run(
    "cli/kubeconfig.ts",
    ["--talosconfig", file, "--new", "--out", "-"],
    { ...noKey, TF_VAR_state_passphrase: undefined },
  );
  expect(code).toBe(0);
  expect(parse(out)["current-context"]).toBe("admin@lab");
  writeFileSync(join(cluster.folder, "kubeconfig"), out);
  expect(existsSync(inHome(".talos"))).toBe(false);
});

test("without the passphrase, the error says so", async () => {
  const { code, said } = await cluster.run("cli/talosconfig.ts", ["--out", "-"], {
    ...noKey,
    TF_VAR_state_passphrase: "not the right passphrase",
  });
  expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining("set TF_VAR_state_passphrase") });
});

test("health: all is well, and nothing is changed", async () => {
  cluster.talos.control.clearCalls();
  const { code, said } = await cluster.run("cli/health.ts", ["--no-kubernetes", ...credentials()]);
  expect({ code, said }).toEqual({ code: 0, said: expect.stringMatching(/\n\nhealthy\n/) });
  expect(said).toMatch(/cp-1 +controlplane +running +yes +v1\.13\.0 +as wanted +9 of 9\n/);
  expect(said).toMatch(/cp-1 +leader +3 +1\.0 MB +524 kB/);
  expect(said).toMatch(/client certificate of the kubeconfig +364 +by you\n/);
  // Those of the Talos APIs last for a day, which would frighten.
  expect(said).toMatch(
    /CA of Kubernetes +\d+ +by you\n4 more, which Talos renews by itself: npm run certificates/,
  );
  expect(said).not.toContain("Talos API of");
  const methods = new Set(cluster.talos.control.listCalls().map(({ method }) => method.replace(/^.*\//, "")));
  expect([...methods].sort()).toEqual([
    ...["EtcdAlarmList", "EtcdMemberList", "EtcdStatus", "List", "Read", "ServiceList", "Version"],
  ]);
});

test("health: a node that is off, and no Kubernetes", async () => {
  await cluster.talos.control.setPower("worker-1", "off");
  const { code, out } = await cluster.run("cli/health.ts", ["--json", ...credentials()], {
    KUBERNETES_API_ENDPOINT: "127.0.0.1:1",
  });
  await cluster.talos.control.setPower("worker-1", "on");
  expect(code).toBe(2);
  const { healthy, findings, nodes } = JSON.parse(out);
  expect(healthy).toBe(false);
  expect(findings).toEqual([
    { level: "error", node: "worker-1", text: expect.stringMatching(/^worker-1: .*refused/) },
    { level: "error", text: expect.stringMatching(/^the Kubernetes API does not answer: .*ECONNREFUSED/) },
  ]);
  expect(nodes[3]).toMatchObject({ name: "worker-1", error: expect.stringContaining("refused") });
});

/** A deploy asks Proxmox, and a diff does not: nobody answers here. */
const NO_PROXMOX = { PROXMOX_VE_ENDPOINT: "https://127.0.0.1:1/" };

test("diff: what cluster.yaml would change, by key, and no secret", async () => {
  cluster.configure('sysctls: { net.core.somaxconn: "65535" }\nkubernetes_version: v1.35.2');
  cluster.talos.control.clearCalls();
  const { code, out } = await cluster.run(
    "cli/diff.ts",
    ["--json", ...credentials(), "worker-1"],
    NO_PROXMOX,
  );
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

test("etcd: a snapshot, and how the members are", async () => {
  const file = join(cluster.folder, "etcd.snapshot");
  const taken = await cluster.run("cli/etcd.ts", ["snapshot", "--json", file, ...credentials()]);
  expect(taken).toMatchObject({
    code: 0,
    said: expect.stringMatching(/etcd\.snapshot, \d+ bytes in plain text, of cp-1/),
  });
  expect(JSON.parse(taken.out)).toMatchObject({ node: "cp-1", encrypted: false });
  expect(modeOf(file)).toBe("600");
  await cluster.talos.control.setPower("cp-3", "off");
  const { code, said } = await cluster.run("cli/etcd.ts", ["status", ...credentials()]);
  const { out } = await cluster.run("cli/etcd.ts", ["status", "--json", ...credentials()]);
  await cluster.talos.control.setPower("cp-3", "on");
  expect({ code, said }).toEqual({ code: 2, said: expect.stringMatching(/cp-2 +member +3 +1\.0 MB/) });
  expect(said).toMatch(/cp-3 +no answer\n[\s\S]*etcd on cp-3: .*refused/);
  expect(JSON.parse(out).members).toHaveLength(3);
});

test("certificates: one that ends soon is told of, and renewed by an apply of its own", async () => {
  const decoded = (text: string) => Buffer.from(text, "base64").toString();
  await cluster.editState(async ({ outputs, resources }) => {
    const secrets = resources.find(({ type }) => type === "talos_machine_secrets")?.instances[0]?.attributes;
    const { cert, key } = secrets.machine_secrets.certs.os;
    const request = {
      keyKind: "ed25519",
      usage: "client",
      organizations: ["os:admin"],
      validDays: 9.5,
    } as const;
    const short = await issueCertificate({ crt: decoded(cert), key: decoded(key) }, request);
    const crt = Buffer.from(short.crt).toString("base64");
    const privateKey = Buffer.from(short.key.replaceAll("PRIVATE KEY", "ED25519 PRIVATE KEY")).toString(
      "base64",
    );
    Object.assign(secrets.client_configuration, { client_certificate: crt, client_key: privateKey });
    if (!outputs.talosconfig) throw new Error("no talosconfig");
    outputs.talosconfig.value = outputs.talosconfig.value
      .replace(/crt: \S+/, `crt: ${crt}`)
      .replace(/key: \S+/, `key: ${privateKey}`);
  });
  const status = await cluster.run("cli/certificates.ts", ["status", "--json", "--no-kubernetes"]);
  expect(status).toMatchObject({ code: 2, said: expect.stringMatching(/talosconfig expires in 9 days/) });

  // A change that waits for a deploy is not a part of it.
  cluster.configure('kubernetes_version: v1.36.0\nsysctls: { net.core.somaxconn: "65535" }');
  cluster.talos.control.clearCalls();
  const renewed = await cluster.run("cli/certificates.ts", ["renew", "--auto-approve", "--json"], NO_PROXMOX);
  expect(renewed.code).toBe(0);
  expect(JSON.parse(renewed.out)).toEqual({ outcome: "renewed" });
  expect(cluster.talos.control.listCalls()).toEqual([]);
  const { certificate } = talosCredentials(await cluster.output("talosconfig"));
  expect(new X509Certificate(certificate).validToDate.getTime()).toBeGreaterThan(
    Date.now() + 300 * 86_400_000,
  );
});

describe("secrets that are out of the state", () => {
  let secrets: SecretsFile;
  const run = (command: string, ...args: string[]) =>
    cluster.run(`cli/${command}.ts`, args, { ...NO_PROXMOX, ...secrets.env });
  const OUT_OF_STATE = "kubernetes_version: v1.36.0\nsecrets: out-of-state\n";
  const BIG_BACKLOG = 'sysctls: { net.core.somaxconn: "65535" }';

  beforeAll(async () => {
    secrets = await SecretsFile.for(cluster);
  });

  test("they are taken out of it, once, and the nodes have the config of before", async () => {
    cluster.configure();
    const early = await run("secrets", "talos");
    expect(early).toMatchObject({
      code: 1,
      said: expect.stringContaining("talos.secrets is in-state, so nothing was made"),
    });
    cluster.configure(OUT_OF_STATE);
    expect(await run("secrets", "talos")).toMatchObject({
      code: 1,
      said: expect.stringContaining("the state has the secrets of this cluster already"),
    });
    expect(existsSync(secrets.path)).toBe(false);
    cluster.configure();
    expect(await run("secrets", "talos", "--from-state")).toMatchObject({ code: 0 });
    expect(readFileSync(secrets.path, "utf8")).toMatch(/^cluster:\n +id: ENC\[/);
    await cluster.forget("talos_machine_secrets.cluster");

    cluster.configure(OUT_OF_STATE + BIG_BACKLOG);
    // Made with the same secrets: nothing else differs.
    const diff = await run("diff", "--json", "worker-1");
    expect(JSON.parse(diff.out).nodes[0].changes).toEqual([
      { document: "v1alpha1", path: ["machine", "sysctls"], after: { "net.core.somaxconn": "65535" } },
    ]);
    cluster.talos.control.clearCalls();
    expect(await run("apply-config", "worker-1")).toMatchObject({ code: 0 });
    const applied = cluster.talos.control
      .listCalls()
      .filter(({ method }) => method.endsWith("/ApplyConfiguration"));
    expect(applied.map(({ node, status }) => [node, status])).toEqual([["worker-1", "OK"]]);
  });

  test("a deploy leaves no credentials in the state, and every command makes its own", async () => {
    cluster.configure(OUT_OF_STATE);
    await cluster.apply(secretsVariables(await secrets.read()));
    expect(await cluster.resources()).not.toContainEqual(
      expect.stringMatching(/secrets\.cluster$|kubeconfig/),
    );
    const snapshot = join(cluster.folder, "out-of-state.snapshot");
    const [talosconfig, kubeconfig, health, status, taken, certificates, renewed, locked] = await Promise.all(
      [
        run("talosconfig", "--out", "-"),
        run("kubeconfig", "--out", "-"),
        run("health", "--no-kubernetes"),
        run("etcd", "status"),
        run("etcd", "snapshot", snapshot),
        run("certificates", "status", "--no-kubernetes"),
        run("certificates", "renew"),
        cluster.run("cli/talosconfig.ts", ["--out", "-"], {
          SOPS_AGE_KEY_FILE: join(cluster.folder, "nobody"),
        }),
      ],
    );
    const { context, contexts } = parse(talosconfig.out);
    expect([context, contexts.lab.endpoints[0]]).toEqual(["lab", "10.20.1.11"]);
    expect(talosconfig.out).not.toBe(readFileSync(join(cluster.folder, "talosconfig"), "utf8"));
    expect(parse(kubeconfig.out)["current-context"]).toBe("admin@lab");
    expect(health).toMatchObject({ code: 0, said: expect.stringMatching(/\n\nhealthy\n/) });
    expect(status).toMatchObject({ code: 0, said: expect.stringMatching(/cp-3 +member +3 +1\.0 MB/) });
    expect(taken).toMatchObject({ code: 0, said: expect.stringMatching(/in plain text, of cp-1/) });
    expect(certificates).toMatchObject({
      code: 0,
      said: expect.stringMatching(/client certificate of the talosconfig +364/),
    });
    expect(renewed).toMatchObject({ code: 0, said: expect.stringContaining("out of the state") });
    expect(locked).toMatchObject({
      code: 1,
      said: expect.stringContaining("no key of this machine opens it"),
    });
    expect(locked.said).not.toContain("for a new cluster");
  });

  test("they are taken back into it: no certificate changes, and no node restarts", async () => {
    expect(await run("secrets", "talos", "--to-state")).toMatchObject({
      code: 0,
      said: expect.stringContaining("git rm talos-secrets.sops.yaml"),
    });
    const resources = await cluster.resources();
    expect(resources).toContain("talos_machine_secrets.cluster");
    expect(resources).not.toContain("terraform_data.cluster_secrets");
    expect(await cluster.output("names")).toBe("cp-1,cp-2,cp-3,worker-1");
    const { certs } = await secrets.read();
    rmSync(secrets.path);
    expect(await run("talosconfig", "--out", "-")).toMatchObject({
      code: 1,
      said: expect.stringContaining("the secrets of Talos are missing"),
    });

    cluster.configure();
    cluster.talos.control.clearCalls();
    await cluster.apply();
    const methods = cluster.talos.control.listCalls().map(({ method }) => method.replace(/^.*\//, ""));
    expect(methods).toContain("ApplyConfiguration");
    expect(methods).not.toContainEqual(expect.stringMatching(/Bootstrap|Reboot/));
    expect(parse(await cluster.output("talosconfig")).contexts.lab.ca).toBe(certs.os.crt);
    expect(await cluster.plannedActions()).toEqual({});
  });
});

test("before a destroy, all nodes are wiped, and those that can leave etcd first", async () => {
  await resetNodes(cluster.env, () => undefined);
  const nodes = cluster.talos.control.listNodes();
  expect(nodes.map(({ condition, etcdMember }) => [condition, etcdMember])).toEqual(
    nodes.map(() => ["OFF", undefined]),
  );
});
