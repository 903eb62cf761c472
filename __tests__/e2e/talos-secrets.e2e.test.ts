import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { TerraformStack } from "cdktf";
import { parse } from "yaml";
import { LocalBackend } from "../../constructs/local-backend";
import { TalosCluster } from "../../constructs/talos-cluster";
import type { TalosClusterProps } from "../../constructs/talos-cluster-props";
import { TalosProvider } from "../../constructs/talos-provider";
import type { SecretsBundle } from "../../domain/talos-secrets";
import { type RunningTalos, startTalos } from "../../stand-ins/talos";
import { generatedSecrets } from "../../talos/export-secrets";
import { bundleOfMachineSecrets, parseSecretsBundle, secretsVariables } from "../../talos/secrets-bundle";
import type { StateFile } from "../../talos/state-outputs";
import { resolveTalosctl } from "../../toolchain";
import { newApp, synthStack } from "../support/synth";
import { talosCluster, talosControlPlane, talosWorker } from "../support/talos-nodes";
import { TofuProject } from "../support/tofu-project";

/*
 * A cluster whose secrets are out of the state. Each test goes on where the one before ended. The same with the real provider, where
 * TF_CLI_CONFIG_FILE names a mirror of it.
 */

const NODES = [talosControlPlane(1), talosWorker(1)];
/** The only node of another cluster, which has its secrets in the state. */
const OTHER = talosControlPlane(9);
const APPLIES = NODES.map(({ name }) => `talos_machine_configuration_apply.${name}`);
const bundle = parseSecretsBundle(
  parse(readFileSync(join(__dirname, "../../stand-ins/talos-config/secrets.yaml"), "utf8")),
  "secrets.yaml",
);

let talos: RunningTalos;
let project: TofuProject;
const env: Record<string, string | undefined> = {};

beforeAll(async () => {
  talos = await startTalos({ nodes: [...NODES, OTHER].map(({ name, address }) => ({ name, address })) });
  project = new TofuProject(env);
  use(secretsVariables(bundle));
});
afterAll(async () => {
  await talos.stop();
  project.remove();
});

const use = (variables: Readonly<Record<string, string | undefined>>) => Object.assign(env, variables);

function write(props: Partial<TalosClusterProps> = {}, to = project, of = NODES): void {
  const endpoints = new Map(talos.nodes.map(({ name, endpoint }) => [name, endpoint]));
  const nodes = of.map((node) => ({ ...node, apiEndpoint: endpoints.get(node.name) }));
  const stack = new TerraformStack(newApp(), "test");
  new LocalBackend(stack, { path: to.stateFile });
  new TalosProvider(stack, "talos");
  new TalosCluster(stack, "cluster", talosCluster(nodes, { secrets: "out-of-state", ...props }));
  stack.prepareStack();
  to.write(synthStack(stack));
}

const calls = (method: string) =>
  talos.control.listCalls().filter((call) => call.method.endsWith(`/${method}`) && call.status === "OK");

/** Every secret of a bundle as it stands there, and what of it would be seen in a decoded key. */
function secretsOf(value: unknown, name = ""): string[] {
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, each]) => secretsOf(each, key));
  }
  const text = String(value);
  // A certificate is shown to whoever connects.
  if (name === "crt") return [];
  return name === "key" ? [text, Buffer.from(text, "base64").toString().split("\n")[1] ?? ""] : [text];
}

function leaks(text: string, of = bundle): string[] {
  return [...secretsOf(of), "PRIVATE KEY", "LS0tLS1CRUdJTi"].filter((secret) => text.includes(secret));
}

const said = async () => {
  const { exitCode, said } = await project.plan();
  return { exitCode, said };
};
const refused = (text: string) => ({ exitCode: 1, said: expect.stringContaining(text) });

test("a new cluster: nothing secret is in the plan or in the state", async () => {
  write();
  await project.ok("init");
  await project.plan();
  expect(leaks(await project.planJson())).toEqual([]);
  const files = unzipped(readFileSync(project.planFile));
  expect(files).toContain("terraform_data.cluster_secrets");
  expect(leaks(files)).toEqual([]);
  await project.ok("apply", "-input=false", project.planFile);
  expect(calls("ApplyConfiguration").map(({ node }) => node)).toEqual(["cp-1", "worker-1"]);
  expect(calls("Bootstrap").map(({ node }) => node)).toEqual(["cp-1"]);
  const conditions = talos.control.listNodes().map(({ condition }) => condition);
  expect(conditions.slice(0, 2)).toEqual(["RUNNING", "RUNNING"]);
  expect(secretsOf(bundle).length).toBeGreaterThan(12);
  expect(leaks(project.rawState())).toEqual([]);
});

test("with all nodes off, a plan is empty", async () => {
  for (const { name } of NODES) await talos.control.setPower(name, "off");
  talos.control.clearCalls();
  expect(await said()).toMatchObject({ exitCode: 0 });
  expect(talos.control.listCalls()).toEqual([]);
  for (const { name } of NODES) await talos.control.setPower(name, "on");
});

test("a change is seen, also where only the generated part of the configs has it, and applied", async () => {
  const patched = { sysctls: { "net.core.somaxconn": "65535" } };
  write(patched);
  expect(Object.keys(await project.plannedActions())).toEqual(APPLIES);
  expect(await project.planJson()).toContain("net.core.somaxconn");
  write({ ...patched, kubernetesVersion: "v1.35.2" });
  expect(Object.keys(await project.plannedActions())).toEqual(APPLIES);
  expect(leaks(await project.planJson())).toEqual([]);
  await project.ok("apply", "-input=false", project.planFile);
  expect(calls("ApplyConfiguration").map(({ node }) => node)).toEqual(["cp-1", "worker-1"]);
  expect(await said()).toMatchObject({ exitCode: 0 });
  expect(leaks(project.rawState())).toEqual([]);
});

test("other secrets are refused, and so are missing ones and those of another hash", async () => {
  write();
  const own = secretsVariables(bundle);
  const other = secretsVariables(await newBundle());
  use(other);
  expect(await said()).toEqual(refused("these are not the secrets that this cluster was made with"));
  // Its own, but for one part: somebody has edited the file, or has rotated one of the CAs.
  const { certs } = bundle;
  const edited = secretsVariables({ ...bundle, certs: { ...certs, etcd: certs.k8s } });
  use(edited);
  expect(await said()).toEqual(refused("these are not the secrets that this cluster was made with"));
  use({ ...other, TF_VAR_talos_secrets_sha256: own.TF_VAR_talos_secrets_sha256 });
  expect(await said()).toEqual(refused("TF_VAR_talos_secrets_sha256 is not that of TF_VAR_talos_secrets"));
  use({ ...own, TF_VAR_talos_secrets: undefined });
  expect(await said()).toEqual(
    refused("the secrets of Talos are missing. for a new cluster, make them: npm run"),
  );
  // After `talosctl rotate-ca`, the nodes have others, and somebody says so.
  use(edited);
  write({ allowNewSecrets: true });
  expect(await project.plannedActions()).toMatchObject({
    "talos_machine_configuration_apply.cp-1": ["update"],
    "terraform_data.cluster_secrets": ["update"],
  });
  use(own);
  write();
});

test("no plan makes a new CA in the state", async () => {
  write({ secrets: "in-state" });
  expect(await said()).toEqual(refused("Unable to Move Resource State"));
  write();
  const { exitCode, said: text } = await project.destroy();
  expect({ exitCode, text }).toEqual({ exitCode: 1, text: expect.stringContaining("prevent_destroy") });
  write({ allowNewSecrets: true });
  expect((await project.plan("-destroy")).exitCode).toBe(2);
});

test("secrets that are in the state are not replaced; taken out, the node keeps its config and the state has none", async () => {
  const other = new TofuProject(env);
  try {
    write({ secrets: "in-state" }, other, [OTHER]);
    await other.ok("init");
    await other.ok("apply", "-auto-approve");
    const { resources } = JSON.parse(other.rawState()) as Required<StateFile>;
    const { attributes } = resources.find(({ type }) => type === "talos_machine_secrets")?.instances[0] ?? {};
    const taken = bundleOfMachineSecrets(attributes?.machine_secrets, "the state");
    expect(leaks(other.rawState(), taken)).not.toEqual([]);
    const hashes = hashesIn(resources);

    use(secretsVariables(taken));
    write({}, other, [OTHER]);
    expect((await other.plan()).said).toContain("unsupported move: talos_machine_secrets -> terraform_data");
    await other.ok("state", "rm", "talos_machine_secrets.cluster");
    talos.control.clearCalls();
    await other.ok("apply", "-auto-approve");
    expect(calls("Bootstrap")).toEqual([]);
    expect(leaks(other.rawState(), taken)).toEqual([]);
    expect(hashesIn((JSON.parse(other.rawState()) as Required<StateFile>).resources)).toEqual(hashes);
    expect((await other.plan()).exitCode).toBe(0);
  } finally {
    other.remove();
  }
});

const hashesIn = (resources: NonNullable<StateFile["resources"]>) =>
  resources.flatMap(({ instances: [first] }) => first?.attributes?.machine_configuration_hash ?? []);

/** All files in a plan: it is a zip archive. */
function unzipped(archive: Buffer): string {
  const texts: string[] = [];
  const header = Buffer.from("PK\x03\x04");
  for (let at = archive.indexOf(header); at >= 0; at = archive.indexOf(header, at + 1)) {
    const data = at + 30 + archive.readUInt16LE(at + 26) + archive.readUInt16LE(at + 28);
    const isDeflated = archive.readUInt16LE(at + 8) === 8;
    texts.push(
      (isDeflated ? inflateRawSync(archive.subarray(data)) : archive.subarray(data)).toString("latin1"),
    );
  }
  return texts.join("\n");
}

async function newBundle(): Promise<SecretsBundle> {
  const { path: talosctl } = await resolveTalosctl({ report: console.error });
  const { signal } = new AbortController();
  return parseSecretsBundle(
    parse(await generatedSecrets("v1.12", { talosctl, env: process.env, signal })),
    "talosctl",
  );
}
