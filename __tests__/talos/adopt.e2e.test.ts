import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { runGroup } from "../../process/process-group";
import { type RunningProxmox, startProxmox } from "../../stand-ins/proxmox";
import { type RunningTalos, startTalos } from "../../stand-ins/talos";
import { resolveTalosctl, resolveTool } from "../../toolchain";
import { inheritedEnv } from "../support/inherited-env";
import { QUICK_KEY } from "../support/quick-key";
import { runProgram } from "../support/running-program";
import { TofuProject } from "../support/tofu-project";

/* A cluster that somebody has made with talosctl is taken over. Each test goes on where the one before ended. */

const NODES = [
  { name: "cp-1", role: "controlplane", address: "10.20.1.11" },
  { name: "w-1", role: "worker", address: "10.20.1.21" },
];
const SECRETS = "talos_machine_secrets.cluster";

let talos: RunningTalos;
let proxmox: RunningProxmox;
let talosctl: string;
/** Has the user's files, and below it the synthesized stack. */
let folder: string;
let project: TofuProject;
let env: NodeJS.ProcessEnv;

const file = (name: string) => join(folder, name);
const run = async (args: readonly string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await runGroup(talosctl, args, { env });
  if (exitCode !== 0) throw new Error(`talosctl ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
};
const generate = (secrets: string, output: string, types: string) =>
  run(
    `gen config home https://10.20.1.10:6443 --with-secrets ${file(secrets)} --output-types ${types} -o ${file(output)} --force`.split(
      " ",
    ),
  );

beforeAll(async () => {
  talosctl = (await resolveTalosctl({ report: console.error })).path;
  talos = await startTalos({
    nodes: NODES.map(({ name, address }) => ({ name, address })),
    platform: "nocloud",
  });
  proxmox = await startProxmox();
  ({ folder } = new TofuProject());
  const endpoints = talos.nodes.map(({ name, endpoint }) => `${name}=${endpoint}`);
  env = {
    ...inheritedEnv(),
    ...proxmox.env,
    CLUSTER_CONFIG: folder,
    CDKTF_OUTDIR: file("out"),
    TALOS_API_ENDPOINTS: endpoints.join(","),
    TF_VAR_state_passphrase: "a passphrase of this test alone",
    TF_ENCRYPTION: QUICK_KEY,
  };
  project = new TofuProject(
    Object.fromEntries(Object.entries(env)) as Record<string, string>,
    file("out/stacks/cluster"),
  );
  await run(["gen", "secrets", "-o", file("secrets.yaml")]);
  for (const { name, role } of NODES) {
    await generate("secrets.yaml", `${name}.yaml`, role);
    const endpoint = talos.nodes.find((node) => node.name === name)?.endpoint ?? "";
    await run(["apply-config", "--insecure", "-n", endpoint, "-f", file(`${name}.yaml`)]);
  }
  await generate("secrets.yaml", "talosconfig", "talosconfig");
  const [cp] = talos.nodes;
  const at = ["--talosconfig", file("talosconfig"), "-e", cp?.endpoint ?? "", "-n", "10.20.1.11"];
  await run(["bootstrap", ...at]);
  writeConfig([]);
});
afterAll(async () => {
  await talos?.stop();
  await proxmox?.stop();
});

function writeConfig(configured_nodes: readonly string[]): void {
  const cluster = {
    cluster_name: "home",
    node_cidr: "10.20.0.0/22",
    node_default_gateway: "10.20.0.1",
    cluster_api_addr: "10.20.1.10",
    proxmox_api_url: proxmox.url,
    proxmox_node: "pve1",
    proxmox_iso_storage: "local",
    proxmox_disk_storage: "local-lvm",
    talos_version: "v1.13.0",
    state: { backend: "local", path: file("cluster.state"), encryption: { provider: "pbkdf2" } },
    talos: { kubernetes_version: "v1.36.0" },
    adopt: { talos: { configured_nodes } },
    nodes: NODES.map(({ name, role, address }, index) => ({
      name,
      address,
      disk: "/dev/sda",
      controller: role === "controlplane",
      vm_id: 7001 + index,
      mac_addr: `BC:24:11:00:00:0${index + 1}`,
      schematic_id: "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba",
    })),
  };
  writeFileSync(file("cluster.yaml"), stringify(cluster));
}

const adopt = (name: string, ...options: string[]) =>
  runProgram("cli/adopt-talos.ts", [file(name), ...options], { env });

/** What a plan would do with the resources of Talos. */
async function plannedTalos(): Promise<Record<string, readonly string[]>> {
  const planned = await project.plannedActions();
  return Object.fromEntries(Object.entries(planned).filter(([address]) => address.startsWith("talos_")));
}

test("before its secrets are imported, a plan fails and says how", async () => {
  const synth = await runProgram("main.ts", [], { env });
  expect(synth).toMatchObject({ code: 0 });
  await project.ok("init");
  const { exitCode, said } = await project.plan();
  expect([exitCode, said]).toEqual([1, expect.stringContaining("npm run adopt-talos -- FILE")]);
});

test("secrets that are none, those of a worker and those of another cluster are refused", async () => {
  writeFileSync(file("note.yaml"), "a: note\n");
  expect(await adopt("note.yaml")).toMatchObject({
    code: 1,
    said: expect.stringContaining("cluster is missing"),
  });
  expect(await adopt("w-1.yaml")).toMatchObject({
    code: 1,
    said: expect.stringContaining("certs.etcd is missing; give a file"),
  });
  await run(["gen", "secrets", "-o", file("other.yaml")]);
  expect(await adopt("other.yaml")).toMatchObject({
    code: 1,
    said: expect.stringMatching(/no control plane accepts these secrets[\s\S]*cp-1/),
  });
});

test("the secrets in a control plane's machine config are imported; no certificate and no node changes", async () => {
  const adopted = await adopt("cp-1.yaml");
  expect(adopted).toMatchObject({ code: 0, said: expect.stringContaining("the secrets are in the state") });
  // Nothing is left that others could read.
  for (const secret of secretsIn("secrets.yaml")) expect(adopted.said).not.toContain(secret);
  expect(readFileSync(file("cluster.state"), "utf8")).toContain("encrypted_data");
  talos.control.clearCalls();
  expect(await plannedTalos()).toEqual({ "talos_cluster_kubeconfig.cluster": ["create"] });
  expect(talos.control.listCalls()).toEqual([]);
  await project.ok("apply", "-auto-approve", "-target=talos_cluster_kubeconfig.cluster");
  expect(talos.control.listCalls().filter(({ method }) => /Apply|Bootstrap/.test(method))).toEqual([]);
  const shown = JSON.parse((await project.ok("show", "-json")).output);
  const [secrets] = shown.values.root_module.resources.filter(
    ({ address }: { address: string }) => address === SECRETS,
  );
  const bundle = parseAllDocuments(readFileSync(file("secrets.yaml"), "utf8"))[0]?.toJS();
  const { certs } = secrets.values.machine_secrets;
  expect([certs.os.cert, certs.k8s.cert, certs.etcd.cert]).toEqual([
    bundle.certs.os.crt,
    bundle.certs.k8s.crt,
    bundle.certs.etcd.crt,
  ]);
});

test("a second time, and from a file of sops, it does nothing; other secrets are refused", async () => {
  const sops = (await resolveTool("sops", { report: console.error })).path;
  const keygen = (await resolveTool("age-keygen", { report: console.error })).path;
  env.SOPS_AGE_KEY_FILE = file("age.key");
  await runGroup(keygen, ["-o", file("age.key")], { env });
  const recipient = (await runGroup(keygen, ["-y", file("age.key")], { env })).stdout.trim();
  const encrypted = await runGroup(sops, ["encrypt", "--age", recipient, file("secrets.yaml")], { env });
  writeFileSync(file("secrets.sops.yaml"), encrypted.stdout);
  expect(await adopt("secrets.sops.yaml")).toMatchObject({
    code: 0,
    said: expect.stringContaining("they are in the state"),
  });
  expect(await adopt("other.yaml", "--unchecked")).toMatchObject({
    code: 1,
    said: expect.stringContaining("the secrets of another cluster already"),
  });
});

test("only a node that is named gets a config", async () => {
  writeConfig(["w-1"]);
  await runProgram("main.ts", [], { env });
  expect(await plannedTalos()).toMatchObject({ "talos_machine_configuration_apply.w-1": ["create"] });
  expect(await plannedTalos()).not.toHaveProperty(["talos_machine_configuration_apply.cp-1"]);
});

const secretsIn = (name: string): string[] =>
  [...readFileSync(file(name), "utf8").matchAll(/(?:key|secret|token): (\S{20,})/g)].map(
    ([, value]) => value ?? "",
  );
