import { type RunningTalos, startTalos } from "../../../stand-ins/talos";
import { TofuProject } from "../../support/tofu-project";
import { waitUntil } from "../../support/wait-until";
import { type StackOptions, talosStack } from "./support/talos-stack";

// The whole life of nodes on real OpenTofu: what goes over the wire, and that nothing is left to do afterwards. The same
// with the real provider, where TF_CLI_CONFIG_FILE names a mirror of it.
let talos: RunningTalos;
let project: TofuProject;

const write = (options?: StackOptions) => project.write(talosStack(talos, project, options));
const sysctl = (value: string) => ({ machine: { sysctls: { "vm.swappiness": value } } });
/** A change that needs a reboot. */
const UDEV = { machine: { udev: { rules: ["# none"] } } };
const APPLY = "talos_machine_configuration_apply";

/** The calls since the last time, without those that only ask whether a node is in maintenance. */
function taken(): string[] {
  const calls = talos.control.listCalls();
  talos.control.clearCalls();
  return calls
    .filter(({ method }) => !method.endsWith("/Disks"))
    .map(({ node, method, detail, status }) =>
      [node, method.split("/")[1], detail.replace(/ \(\d+ bytes\)/, ""), status].filter(Boolean).join(" "),
    );
}
const allNodes = async (power: "on" | "off") => {
  for (const { name } of talos.nodes) await talos.control.setPower(name, power);
};

beforeAll(async () => {
  talos = await startTalos({
    nodes: [{ name: "cp-1" }, { name: "cp-2" }, { name: "w-1" }],
    platform: "nocloud",
  });
  project = new TofuProject();
  write();
  await project.ok("init", "-input=false");
});
afterAll(async () => {
  await talos.stop();
  project.remove();
});

it("makes a cluster, one node after the other", async () => {
  await project.ok("apply", "-input=false", "-auto-approve");
  const calls = taken().filter((call) => call.endsWith(" OK"));
  expect(calls.filter((call) => call.includes("Apply"))).toEqual([
    "cp-1 ApplyConfiguration NO_REBOOT OK",
    "cp-2 ApplyConfiguration NO_REBOOT OK",
    "w-1 ApplyConfiguration NO_REBOOT OK",
  ]);
  expect(calls).toEqual(expect.arrayContaining(["cp-1 Bootstrap OK", "cp-1 Kubeconfig OK"]));
  const nodes = talos.control.listNodes();
  expect(nodes.map(({ condition, hostname, type }) => `${hostname} ${type} ${condition}`)).toEqual([
    "cp-1 controlplane RUNNING",
    "cp-2 controlplane RUNNING",
    "w-1 worker RUNNING",
  ]);
});

it("gives a kubeconfig and a talosconfig", async () => {
  const { output } = await project.ok("output", "-json");
  const { talosconfig, kubeconfig, host } = JSON.parse(output);
  expect(talosconfig.value).toMatch(
    /^context: lab\ncontexts:\n {4}lab:\n {8}endpoints:\n {12}- 127\.0\.0\.2\n/,
  );
  expect(kubeconfig.value).toMatch(/current-context: admin@lab/);
  expect(host.value).toBe("https://127.0.0.1:6443");
});

it("has an empty second plan, also with all nodes off", async () => {
  await allNodes("off");
  talos.control.clearCalls();
  expect(await project.plannedActions()).toEqual({});
  expect(talos.control.listCalls()).toEqual([]);
  await allNodes("on");
  await waitUntil(() => talos.control.listNodes().every(({ reachable }) => reachable));
});

it("changes one node by one call", async () => {
  write({ changes: { "w-1": { configPatches: [sysctl("10")] } } });
  expect(await project.plannedActions()).toEqual({ [`${APPLY}.w-1`]: ["update"] });
  talos.control.clearCalls();
  await project.ok("apply", "-input=false", project.planFile);
  expect(taken()).toEqual(["w-1 ApplyConfiguration NO_REBOOT OK"]);
  expect(await project.plannedActions()).toEqual({});
});

it("refuses at once what needs a reboot, with the key", async () => {
  write({
    changes: {
      "w-1": { configPatches: [sysctl("10"), UDEV] },
    },
  });
  const { exitCode, said } = await project.apply();
  expect(exitCode).toBe(1);
  expect(said).toMatch(/Error applying configuration .*can't be applied in immediate mode/);
  expect(talos.control.listNodes().at(-1)).toMatchObject({ condition: "RUNNING" });
});

it("refuses an unknown key in a patch at plan", async () => {
  write({ changes: { "w-1": { configPatches: [{ machine: { kublet: {} } }] } } });
  const { exitCode, said } = await project.plan();
  expect(exitCode).toBe(1);
  expect(said).toMatch(/unknown keys found during decoding.*kublet/);
});

it("needs two applies where the version of the secrets is raised with a change", async () => {
  const raised = { secretsVersion: "v1.13", changes: { "w-1": { configPatches: [sysctl("20")] } } };
  write(raised);
  const first = await project.apply();
  expect(first.exitCode).toBe(1);
  expect(first.said).toContain("Provider produced inconsistent final plan");
  await project.ok("apply", "-input=false", "-auto-approve");
  expect(await project.plannedActions()).toEqual({});
});

it("plans new secrets where their version is lowered", async () => {
  write({ secretsVersion: "v1.11", changes: { "w-1": { configPatches: [sysctl("20")] } } });
  expect(await project.plannedActions()).toMatchObject({ "talos_machine_secrets.it": ["delete", "create"] });
});

it("stages what needs a reboot, where it is told to, and warns", async () => {
  const change = {
    applyMode: "staged_if_needing_reboot",
    configPatches: [sysctl("20"), UDEV],
  };
  write({ secretsVersion: "v1.13", changes: { "w-1": change } });
  talos.control.clearCalls();
  const { said } = await project.ok("apply", "-input=false", "-auto-approve");
  expect(said).toContain("Reboot prevented - using staged mode");
  expect(taken().at(-1)).toBe("w-1 ApplyConfiguration STAGED OK");
});

it("resets a node at its destroy, and leaves the others as they are", async () => {
  const change = { configPatches: [sysctl("20")], onDestroy: { reset: true, graceful: false, reboot: true } };
  write({ secretsVersion: "v1.13", changes: { "w-1": { ...change, applyMode: "staged" } } });
  await project.ok("apply", "-input=false", "-auto-approve");
  talos.control.clearCalls();
  await project.ok("destroy", "-input=false", "-auto-approve");
  expect(taken()).toEqual(expect.arrayContaining(["w-1 Reset reboot,STATE,EPHEMERAL OK"]));
  expect(talos.control.listNodes().map(({ condition }) => condition)).toEqual([
    "RUNNING",
    "RUNNING",
    "MAINTENANCE",
  ]);
});
