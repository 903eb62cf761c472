import { TerraformOutput, TerraformResource, TerraformStack } from "cdktf";
import { LocalBackend } from "../../constructs/local-backend";
import { TalosCluster } from "../../constructs/talos-cluster";
import type { TalosClusterNode, TalosClusterProps } from "../../constructs/talos-cluster-props";
import { TalosProvider } from "../../constructs/talos-provider";
import { reviewPlan } from "../../plan";
import { type RunningTalos, startTalos } from "../../stand-ins/talos";
import { configCheck } from "../../stand-ins/talos-config";
import { newApp, synthStack } from "../support/synth";
import { talosCluster, talosControlPlane, talosWorker } from "../support/talos-nodes";
import { TofuProject } from "../support/tofu-project";

/** The life of a cluster, told in order: each test goes on where the one before ended. */

const NODES = [
  talosControlPlane(1),
  talosControlPlane(2),
  talosControlPlane(3),
  talosWorker(1),
  talosWorker(2),
];
const [cp1, cp2, cp3, worker1, worker2] = NODES.map(({ name }) => name);

let talos: RunningTalos;
let project: TofuProject;

beforeAll(async () => {
  const nodes = NODES.map(({ name, address }) => ({ name, address }));
  talos = await startTalos({ nodes, checkConfig: configCheck() });
  project = new TofuProject();
});
afterAll(async () => {
  await talos.stop();
  project.remove();
});

/** What stands for the VM of cp-2: another `input` is an update, another `triggers_replace` a new one. */
let vm = { input: "1", triggers_replace: "1" };
/** Of worker-2. */
let diskEncryption: TalosClusterNode["diskEncryption"];
/** Of worker-1. */
let patches: TalosClusterNode["patches"];

function write(names: readonly (string | undefined)[], more: Partial<TalosClusterProps> = {}): void {
  const endpoints = new Map(talos.nodes.map(({ name, endpoint }) => [name, endpoint]));
  const stack = new TerraformStack(newApp(), "test");
  const machine = new TerraformResource(stack, "vm", { terraformResourceType: "terraform_data" });
  for (const [name, value] of Object.entries(vm)) machine.addOverride(name, value);
  const nodes = NODES.filter(({ name }) => names.includes(name)).map(
    (node): TalosClusterNode => ({
      ...node,
      apiEndpoint: endpoints.get(node.name),
      machine: node.name === cp2 ? machine : undefined,
      ...(node.name === worker1 && { patches }),
      ...(node.name === worker2 && { diskEncryption }),
    }),
  );
  new LocalBackend(stack, { path: project.stateFile });
  new TalosProvider(stack, "talos");
  const { kubeconfig, talosconfig } = new TalosCluster(stack, "cluster", talosCluster(nodes, more));
  for (const [name, value] of Object.entries({ kubeconfig, talosconfig })) {
    new TerraformOutput(stack, name, { value, sensitive: true, staticId: true });
  }
  stack.prepareStack();
  project.write(synthStack(stack));
}

async function output(name: string): Promise<string> {
  return (await project.ok("output", "-raw", name)).output;
}

async function power(state: "on" | "off", names: readonly (string | undefined)[]): Promise<void> {
  for (const name of names) if (name) await talos.control.setPower(name, state);
}

/** The nodes that got a config since the last time, in order. */
function applied(): string[] {
  const calls = talos.control.listCalls().filter(({ method }) => method.endsWith("/ApplyConfiguration"));
  talos.control.clearCalls();
  return calls.map(({ node }) => node);
}

const apply = (name: string) => `talos_machine_configuration_apply.${name}`;
const SYSCTLS = { sysctls: { "net.core.somaxconn": "65535" } };
const FIRST_FOUR = [cp1, cp2, cp3, worker1];

test("a new cluster: a config for each node in turn, one bootstrap, credentials", async () => {
  write(FIRST_FOUR);
  await project.ok("init");
  await project.ok("apply", "-auto-approve");
  expect(applied()).toEqual(FIRST_FOUR);
  const nodes = talos.control.listNodes();
  expect(nodes.filter(({ etcdMember }) => etcdMember).map(({ name }) => name)).toEqual([cp1, cp2, cp3]);
  expect(nodes.map(({ hostname }) => hostname).slice(0, 4)).toEqual(FIRST_FOUR);
  expect(await output("kubeconfig")).toContain("server: https://10.20.1.10:6443");
  expect(await output("talosconfig")).toMatch(/endpoints:\n\s+- 10\.20\.1\.11/);
});

test("with all nodes off, a plan is empty; a new contract makes no new secrets", async () => {
  await power("off", FIRST_FOUR);
  expect((await project.plan()).exitCode).toBe(0);
  write(FIRST_FOUR, { configContract: "v1.13" });
  expect(Object.keys(await project.plannedActions())).not.toContain("talos_machine_secrets.cluster");
});

test("a node is added while the others are off", async () => {
  write([...FIRST_FOUR, worker2]);
  await project.ok("apply", "-auto-approve");
  expect(applied()).toEqual([worker2]);
});

test("a change goes to the control planes one by one, then to the workers", async () => {
  await power("on", FIRST_FOUR);
  write([...FIRST_FOUR, worker2], SYSCTLS);
  await project.ok("apply", "-auto-approve");
  const order = applied();
  expect(order.slice(0, 3)).toEqual([cp1, cp2, cp3]);
  expect(order.slice(3).sort()).toEqual([worker1, worker2]);
});

test("a cluster that runs keeps the encryption of its disks and its networks: the review refuses others, also in a patch", async () => {
  diskEncryption = "node-id";
  const cluster = { network: { dnsDomain: "home.arpa", podSubnets: ["10.9.0.0/16"] } };
  const state = { provider: "luks2", keys: [{ tpm: {}, slot: 0 }] };
  patches = [{ machine: { systemDiskEncryption: { state } } }];
  const endpoint = "https://k8s.example.com:6443";
  write([...FIRST_FOUR, worker2], { ...SYSCTLS, patches: [{ cluster }], endpoint });
  await project.plannedActions();
  const { refused } = reviewPlan(await project.planJson());
  expect(refused).toMatchObject([
    { allow: `${worker1}/encryption`, message: expect.stringContaining("could not open STATE at its") },
    { allow: `${worker2}/encryption`, message: expect.stringContaining("STATE and EPHEMERAL") },
    { allow: "pod-network", message: expect.stringContaining("from 10.244.0.0/16 to 10.9.0.0/16 on") },
    { allow: "dns-domain", message: expect.stringContaining("from cluster.local to home.arpa on") },
    { allow: "endpoint", message: expect.stringContaining(`to ${endpoint} on`) },
  ]);
  [diskEncryption, patches] = [undefined, undefined];
});

test("a VM that is made anew gets its config anew, one that is only changed does not", async () => {
  vm = { input: "2", triggers_replace: "1" };
  write([...FIRST_FOUR, worker2], SYSCTLS);
  expect(Object.keys(await project.plannedActions())).toEqual(["terraform_data.vm"]);
  vm = { input: "1", triggers_replace: "2" };
  write([...FIRST_FOUR, worker2], SYSCTLS);
  const planned = await project.plannedActions();
  expect(planned).toEqual({
    "terraform_data.vm": ["delete", "create"],
    [apply(String(cp2))]: ["delete", "create"],
  });
  vm = { input: "1", triggers_replace: "1" };
});

test("without the node that was first, nothing is bootstrapped again", async () => {
  write([cp2, cp3, worker1, worker2], SYSCTLS);
  const planned = await project.plannedActions();
  expect(planned).toMatchObject({ [apply(String(cp1))]: ["delete"] });
  expect(Object.keys(planned).filter((address) => /bootstrap|secrets/.test(address))).toEqual([]);
});

test("the secrets are not destroyed, unless that was said", async () => {
  const { exitCode, said } = await project.destroy();
  expect({ exitCode, said }).toEqual({ exitCode: 1, said: expect.stringContaining("prevent_destroy") });
  expect(said).toContain("talos_machine_secrets.cluster");
  write(FIRST_FOUR, { allowNewSecrets: true });
  expect((await project.plan("-destroy")).exitCode).toBe(2);
});
