import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type RunningTalos, startTalos } from "../../../stand-ins/talos";
import { TofuProject } from "../../support/tofu-project";
import { machineConfiguration, template } from "./support/talos-stack";

// Where secrets come from and where they are not kept, on real OpenTofu. The same with the real provider, where
// TF_CLI_CONFIG_FILE names a mirror of it.
let talos: RunningTalos;
const projects: TofuProject[] = [];

async function projectOf(rest: object): Promise<TofuProject> {
  const project = new TofuProject();
  projects.push(project);
  project.write({ ...template(project), ...rest });
  await project.ok("init", "-input=false");
  return project;
}

const secrets = { talos_machine_secrets: { it: { talos_version: "v1.12" } } };
const SECRETS = "${talos_machine_secrets.it.machine_secrets}";
const CLIENT = "${talos_machine_secrets.it.client_configuration}";

beforeAll(async () => {
  talos = await startTalos({ nodes: [{ name: "cp-1" }], platform: "nocloud" });
});
afterAll(async () => {
  await talos.stop();
  for (const project of projects) project.remove();
});

it("takes over the secrets of a running cluster from a file", async () => {
  const file = join(__dirname, "../../../stand-ins/talos-config/secrets.yaml");
  const project = await projectOf({
    resource: secrets,
    output: {
      ca: { value: "${talos_machine_secrets.it.machine_secrets.certs.os.cert}" },
      token: { value: "${talos_machine_secrets.it.machine_secrets.trustdinfo.token}", sensitive: true },
    },
  });
  await project.ok("import", "-input=false", "talos_machine_secrets.it", file);
  expect(await project.plannedActions()).toEqual({ "talos_machine_secrets.it": ["update"] });
  await project.ok("apply", "-input=false", "-auto-approve");
  const { ca, token } = JSON.parse((await project.ok("output", "-json")).output);
  const { certs, trustdinfo } = parse(readFileSync(file, "utf8"));
  expect({ ca: ca.value, token: token.value }).toEqual({ ca: certs.os.crt, token: trustdinfo.token });
  expect(await project.plannedActions()).toEqual({});
});

it("takes over a cluster that is bootstrapped already", async () => {
  const [node] = talos.nodes;
  const bootstrap = { node: node?.address, endpoint: node?.endpoint, client_configuration: CLIENT };
  const project = await projectOf({
    resource: { ...secrets, talos_machine_bootstrap: { it: bootstrap } },
  });
  await project.ok("apply", "-input=false", "-auto-approve", "-target=talos_machine_secrets.it");
  await project.ok("import", "-input=false", "talos_machine_bootstrap.it", "machine_bootstrap");
  talos.control.clearCalls();
  await project.ok("apply", "-input=false", "-auto-approve");
  expect(talos.control.listCalls()).toEqual([]);
  expect(await project.plannedActions()).toEqual({});
});

it("keeps write-only inputs out of plan and state, and sees their changes by a hash", async () => {
  const [node] = talos.nodes;
  const stack = (mtu: number) => ({
    resource: {
      ...secrets,
      talos_machine_configuration_apply: {
        it: {
          ...{ node: node?.address, endpoint: node?.endpoint, apply_mode: "no_reboot" },
          client_configuration_wo: CLIENT,
          machine_configuration_input_wo: "${ephemeral.talos_machine_configuration.it.machine_configuration}",
          config_patches: [JSON.stringify({ machine: { sysctls: { "net.core.somaxconn": `${mtu}` } } })],
        },
      },
    },
    ephemeral: {
      talos_machine_configuration: {
        it: {
          ...machineConfiguration(SECRETS, "controlplane"),
          config_patches: ["machine: {certSANs: [only-here.lan]}"],
        },
      },
    },
  });
  const project = await projectOf(stack(1));
  await project.ok("apply", "-input=false", "-auto-approve");
  expect(talos.control.listNodes()[0]).toMatchObject({ condition: "RUNNING", type: "controlplane" });
  expect(project.rawState()).not.toContain("only-here.lan");
  expect(await project.plannedActions()).toEqual({});

  project.write({ ...template(project), ...stack(2) });
  expect(await project.plannedActions()).toEqual({ "talos_machine_configuration_apply.it": ["update"] });
  expect(project.rawPlan()).not.toContain("only-here.lan");
});
