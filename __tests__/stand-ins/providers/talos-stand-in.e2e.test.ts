import { resolveToolchain } from "../../../toolchain";
import { TofuProject } from "../../support/tofu-project";
import { NOWHERE } from "../../toolchain/support/fakes";
import { template } from "./support/talos-stack";

// What only the stand-in does. It is used here even if the registry can be reached.
let project: TofuProject;

beforeAll(async () => {
  const env = { ...process.env, TF_CLI_CONFIG_FILE: "" };
  const { TF_CLI_CONFIG_FILE = "" } = (await resolveToolchain({ env, registry: NOWHERE, talos: "local" }))
    .env;
  project = new TofuProject({ TF_CLI_CONFIG_FILE });
});
afterAll(() => project.remove());

it("talks to this machine only, and refuses by name what it does not carry out", async () => {
  const bootstrap = (endpoint: string) => ({
    ...{ node: "10.20.1.11", endpoint, timeouts: { create: "1s" } },
    client_configuration: "${talos_machine_secrets.it.client_configuration}",
  });
  const stack = {
    ...template(project),
    resource: {
      talos_machine_secrets: { it: {} },
      talos_machine_bootstrap: { it: bootstrap("10.20.1.11:50000"), other: bootstrap("127.example.com") },
    },
  };
  await project.write(stack).ok("init", "-input=false");
  const { exitCode, said } = await project.apply();
  expect(exitCode).toBe(1);
  expect(said.match(/The stand-in for the talos provider talks to this machine only/g)).toHaveLength(2);

  project.write({ ...stack, data: { talos_image_factory_versions: { it: {} } } });
  const refused = await project.run("validate");
  expect(refused.exitCode).toBe(1);
  expect(refused.said).toContain("knows the schema of the data source talos_image_factory_versions");
});
