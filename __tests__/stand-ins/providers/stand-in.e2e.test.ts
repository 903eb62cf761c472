import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CloudflareUse, resolveToolchain } from "../../../toolchain";
import { TofuProject } from "../../support/tofu-project";
import { NOWHERE } from "../../toolchain/support/fakes";
import { RecordingCloudflare } from "./support/recording-cloudflare";
import * as stack from "./support/stack";

// What only the stand-in does. It is used here even if the registry can be reached.
let api: RecordingCloudflare;
let config: Record<string, string>;
const projects: TofuProject[] = [];

const resolve = (cloudflare: CloudflareUse) =>
  resolveToolchain({ env: { ...process.env, TF_CLI_CONFIG_FILE: "" }, registry: NOWHERE, cloudflare });
const projectAt = (CLOUDFLARE_BASE_URL?: string) => {
  const project = new TofuProject({ ...config, CLOUDFLARE_BASE_URL, CLOUDFLARE_API_TOKEN: stack.API_TOKEN });
  projects.push(project);
  return project;
};

beforeAll(async () => {
  api = await RecordingCloudflare.start();
  const { TF_CLI_CONFIG_FILE = "" } = (await resolve("local")).env;
  config = { TF_CLI_CONFIG_FILE };
});
afterAll(async () => {
  await api.stop();
  for (const project of projects) project.remove();
});

it("refuses by name what it does not implement, and only that", async () => {
  const project = projectAt(api.url);
  const script = stack.script(project);
  const algorithm = '{"name":"HMAC"}';
  const bindings = [{ type: "secret_key", name: "KEY", algorithm }];
  const resources = { queue: { account_id: "a", queue_name: "q" }, workers_script: { ...script, bindings } };
  const data = { cloudflare_zone: { it: { zone_id: "z" } } };
  project.write(stack.template(project, resources, { data }));
  await project.ok("init", "-input=false");
  const { exitCode, said } = await project.run("validate");
  expect(exitCode).toBe(1);
  expect(said).toMatch(
    /knows the schema of the resource cloudflare_queue, but does not carry it out; it carries out/,
  );
  expect(said).toMatch(/knows the schema of the data source cloudflare_zone, but does not carry it out/);
  expect(said).toMatch(/does not carry out bindings\[0\]\.algorithm/);
  expect(said.match(/Error: /g)).toHaveLength(3);
});

it.each([
  undefined,
  "https://api.cloudflare.com/client/v4",
  "http://192.0.2.1/client/v4",
  "http://127.example.com",
])("talks to this machine only: not to %s", async (baseUrl) => {
  const project = projectAt(baseUrl);
  project.write(stack.template(project, { r2_bucket: stack.bucket }));
  await project.ok("init", "-input=false");
  const { exitCode, said } = await project.apply();
  expect(exitCode).toBe(1);
  expect(said).toContain("The stand-in for the cloudflare provider talks to this machine only");
});

it("names a state that it cannot read: an older one, or one of a resource that it does not implement", async () => {
  const project = projectAt(api.url);
  project.write(stack.template(project, { r2_bucket: stack.bucket }));
  await project.ok("init", "-input=false");
  const provider = 'provider["registry.opentofu.org/cloudflare/cloudflare"]';
  const kept = (type: string, schema_version: number) => ({
    ...{ mode: "managed", type, name: "old", provider },
    instances: [{ schema_version, attributes: {} }],
  });
  const resources = [kept("cloudflare_workers_script", 0), kept("cloudflare_queue", 0)];
  const state = { version: 4, terraform_version: "1.12.0", serial: 1, lineage: "l", outputs: {}, resources };
  mkdirSync(project.folder, { recursive: true });
  writeFileSync(join(project.stateFile), JSON.stringify(state));
  const { exitCode, said } = await project.plan();
  expect(exitCode).toBe(1);
  expect(said).toContain("The state has cloudflare_workers_script in version 0");
  expect(said).toContain("knows the schema of the resource cloudflare_queue");
});
