import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { compatibilityDate } from "../worker/compatibility";
import { ACCOUNT } from "./support/cloudflare-account";
import { schemaProblems } from "./support/pinned-schema";
import { TYPESCRIPT } from "./support/running-program";
import type { Template } from "./support/synth";

const ROOT = join(__dirname, "..");
const EXAMPLE = join(ROOT, "examples/six-nodes");
const folder = mkdtempSync(join(tmpdir(), "main-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs main.ts as cdktf does, on the example, or in a working folder that has nothing but `files`. */
function run(env: Record<string, string> = {}, files?: Record<string, string>) {
  const work = mkdtempSync(join(folder, "work-"));
  for (const [name, text] of Object.entries(files ?? {})) writeFileSync(join(work, name), text);
  const out = join(work, "out");
  const { PATH = "", HOME = "" } = process.env;
  const { status, stderr } = spawnSync(process.execPath, [...TYPESCRIPT, join(ROOT, "main.ts")], {
    cwd: work,
    env: { PATH, HOME, CDKTF_OUTDIR: out, ...(files ? {} : { CLUSTER_CONFIG: EXAMPLE }), ...env },
    encoding: "utf8",
  });
  const text = (stack: string) => readFileSync(join(out, "stacks", stack, "cdk.tf.json"), "utf8");
  return {
    status,
    stderr,
    annotations: () => readFileSync(join(out, "manifest.json"), "utf8"),
    text,
    /** Whether there is such a stack. */
    has: (stack: string) => existsSync(join(out, "stacks", stack)),
    /** A file that travels with a stack. */
    asset: (stack: string, path: string) => readFileSync(join(out, "stacks", stack, path)),
    /** Every file that was written, by its path below the output folder. */
    written: (): [file: string, bytes: Buffer][] =>
      readdirSync(out, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((file) => [relative(out, file), readFileSync(file)]),
    template: (stack = "cluster") => JSON.parse(text(stack)) as Template,
    work,
  };
}

const example = (edit: (text: string) => string = (text) => text) =>
  edit(readFileSync(join(EXAMPLE, "cluster.yaml"), "utf8"));
const nodes = readFileSync(join(EXAMPLE, "nodes.yaml"), "utf8");

/** `prevent_destroy` of each resource that has it, by address. */
function preventDestroy({ resource }: Template): Record<string, boolean> {
  const guards = Object.entries(resource).flatMap(([type, instances]) =>
    Object.entries(instances).map(([name, { lifecycle }]): [string, boolean | undefined] => [
      `${type}.${name}`,
      (lifecycle as { readonly prevent_destroy?: boolean } | undefined)?.prevent_destroy,
    ]),
  );
  return Object.fromEntries(guards.filter((guard): guard is [string, boolean] => guard[1] !== undefined));
}

test("the six-node example is synthesized where it is named", () => {
  const { status, stderr, template } = run();
  expect([status, stderr]).toEqual([0, ""]);
  expect(Object.keys(template().resource.proxmox_virtual_environment_vm ?? {})).toEqual([
    "cp-1",
    "cp-2",
    "cp-3",
    "worker-1",
    "worker-2",
    "worker-3",
  ]);
  expect(schemaProblems(template())).toEqual([]);
  expect(schemaProblems(template("proxmox-access"))).toEqual([]);
  expect(template()).toMatchObject({ terraform: { backend: { s3: { use_lockfile: true } } } });
});

test("in a folder without a cluster.yaml nothing is synthesized", () => {
  const { status, stderr, has } = run({}, {});
  expect([status, has("cluster")]).toEqual([1, false]);
  expect(stderr).toMatch(
    /^cluster\.yaml: there is no such file, and CLUSTER_CONFIG is not set; to begin, copy .+\n$/,
  );
});

test("a cluster.yaml in the working folder is taken, and CLUSTER_CONFIG before it", () => {
  const own = example((text) => text.replace("node_vlan_tag: 7", "node_vlan_tag: 8"));
  expect(run({}, { "cluster.yaml": own, "nodes.yaml": nodes }).text("cluster")).toContain('"vlan_id": 8');
  const elsewhere = join(folder, "elsewhere");
  mkdirSync(elsewhere);
  cpSync(EXAMPLE, elsewhere, { recursive: true });
  const named = run({ CLUSTER_CONFIG: elsewhere }, { "cluster.yaml": own, "nodes.yaml": nodes });
  expect(named.text("cluster")).toContain('"vlan_id": 7');
});

test("mistakes are told all at once, with their line and without a stack trace", () => {
  const bad = example((text) =>
    text.replace("node_vlan_tag: 7", "node_vlan_tag: 7000").replace("10.20.0.0/22", "10.20.0.0/99"),
  );
  const { status, stderr } = run({}, { "cluster.yaml": bad, "nodes.yaml": nodes });
  expect(status).toBe(1);
  expect(stderr).toMatch(/cluster\.yaml:\d+: node_cidr/);
  expect(stderr).toMatch(/cluster\.yaml:\d+: node_vlan_tag 7000/);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test("the endpoint of the environment wins by leaving the other out", () => {
  const provider = (env: Record<string, string> = {}) => run(env).template().provider.proxmox;
  expect(provider()).toEqual([{ endpoint: "https://pve.example.internal:8006" }]);
  expect(provider({ PROXMOX_VE_ENDPOINT: "https://127.0.0.1:1" })).toEqual([{}]);
});

test("no credential of the environment stands in any file, though all stacks need some", () => {
  const secrets = {
    // The providers' own.
    PROXMOX_VE_API_TOKEN: "root@pam!ci=4f3c-secret",
    PROXMOX_VE_PASSWORD: "password-of-root",
    CLOUDFLARE_API_TOKEN: "token-of-the-account",
    // The backend's.
    TF_HTTP_USERNAME: "name-at-the-worker",
    TF_HTTP_PASSWORD: "password-at-the-worker",
    AWS_ACCESS_KEY_ID: "r2-access-key",
    AWS_SECRET_ACCESS_KEY: "r2-secret-key",
    // Variables of the stacks.
    TF_VAR_state_passphrase: "a passphrase of the state",
    TF_VAR_tfstate_username: "name-of-the-owner",
    TF_VAR_tfstate_password: "password-of-the-owner",
  };
  const { written, stderr, template } = run({
    ...secrets,
    CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
    STATE_BACKEND: "worker",
    STATE_URL: "https://tfstate.example.com/states/cluster",
  });
  const filesWith = (text: string) => written().filter(([, bytes]) => bytes.includes(text));
  expect(Object.values(secrets).flatMap((secret) => filesWith(secret).map(([file]) => file))).toEqual([]);
  for (const secret of Object.values(secrets)) expect(stderr).not.toContain(secret);

  // The search finds what a stack does write, and each stack takes its secrets from where they are.
  expect(filesWith(ACCOUNT).map(([file]) => file)).toContain("stacks/bootstrap/cdk.tf.json");
  expect(filesWith("states/cluster").map(([file]) => file)).toContain("stacks/cluster/cdk.tf.json");
  expect(template("cluster").variable).toHaveProperty("state_passphrase");
  expect(template("bootstrap").variable).toHaveProperty("tfstate_password");
});

test("where an account is known there is a bootstrap stack, with the Worker as it is now beside it", () => {
  expect(run().has("bootstrap")).toBe(false);
  const { status, template, text, asset } = run({
    CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
    STATE_BACKEND: "local",
  });
  expect(status).toBe(0);
  const bootstrap = template("bootstrap");
  expect(schemaProblems(bootstrap)).toEqual([]);
  expect(bootstrap.terraform.backend).toMatchObject({
    s3: { bucket: "tfstate", key: "bootstrap.tfstate", use_lockfile: true },
  });
  const script = bootstrap.resource.cloudflare_workers_script?.tfstate as Record<string, string>;
  const bundle = asset("bootstrap", script.content_file ?? "");
  expect(createHash("sha256").update(bundle).digest("hex")).toBe(script.content_sha256);
  expect(script.compatibility_date).toBe(compatibilityDate);
  // The bundle has no path of this machine either, or it would be another one elsewhere.
  for (const written of [text("bootstrap"), bundle.toString()]) expect(written).not.toContain(ROOT);
});

test("ALLOW_DESTROY=bootstrap lets a plan destroy what keeps the states", () => {
  const guarded = (env: Record<string, string>) =>
    preventDestroy(run({ CLOUDFLARE_ACCOUNT_ID: ACCOUNT, ...env }).template("bootstrap"));
  const addresses = [
    "cloudflare_r2_bucket.backup",
    "cloudflare_r2_bucket.state",
    "cloudflare_workers_script.tfstate",
  ];
  expect(guarded({ ALLOW_REPLACE: "all" })).toEqual(
    Object.fromEntries(addresses.map((each) => [each, true])),
  );
  expect(guarded({ ALLOW_DESTROY: "bootstrap" })).toEqual(
    Object.fromEntries(addresses.map((each) => [each, false])),
  );
});

test("AWS_ENDPOINT_URL_S3 wins over the endpoint of the account", () => {
  const account = { CLOUDFLARE_ACCOUNT_ID: ACCOUNT };
  const endpoints = (env: Record<string, string>) => {
    const backend: Readonly<Record<string, unknown>> =
      run({ ...account, ...env }).template().terraform.backend ?? {};
    return (backend.s3 as { readonly endpoints?: unknown }).endpoints;
  };
  expect(endpoints({})).toEqual({ s3: `https://${ACCOUNT}.r2.cloudflarestorage.com` });
  expect(endpoints({ AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9000" })).toBeUndefined();
});

test("STATE_BACKEND=local keeps each stack's state in a file of its own in the working folder", () => {
  const { template, work } = run({ STATE_BACKEND: "local" });
  expect(template().terraform.backend).toEqual({ local: { path: join(work, "terraform.cluster.tfstate") } });
  expect(template("proxmox-access").terraform.backend).toEqual({
    local: { path: join(work, "terraform.proxmox-access.tfstate") },
  });
});

test("who would run Terraform is told so, since it cannot encrypt", () => {
  expect(run().annotations()).toContain("unless TERRAFORM_BINARY_NAME=tofu is exported");
  expect(run({ TERRAFORM_BINARY_NAME: "tofu" }).annotations()).not.toContain("TERRAFORM_BINARY_NAME");
});

test("ALLOW_REPLACE with a name that no node has is told without a stack trace", () => {
  const { status, stderr } = run({ ALLOW_REPLACE: "worker-1,worker-9" });
  expect([status, stderr]).toEqual([
    1,
    "environment: ALLOW_REPLACE names worker-9, which is no node of this cluster; use all, or some of cp-1, cp-2, cp-3, worker-1, worker-2, worker-3\n",
  ]);
});

test("HOSTS_DOWN with what cannot be a host is told without a stack trace", () => {
  const { status, stderr } = run({ HOSTS_DOWN: "pve1,pve_2" });
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(
      /^environment: HOSTS_DOWN names "pve_2", which is not the name of a Proxmox node; [^\n]+\n$/,
    ),
  ]);
});

test("HOSTS_DOWN leaves out what stands there, and says so", () => {
  const { annotations, template } = run({ HOSTS_DOWN: "cp-1, worker-1" });
  const dependents = Object.entries(template().resource.proxmox_virtual_environment_vm ?? {})
    .filter(([, vm]) => JSON.stringify(vm.depends_on ?? []).includes("terraform_data.hosts_down"))
    .map(([name]) => name);
  expect(dependents).toEqual(["cp-1", "worker-1"]);
  expect(annotations()).toContain("HOSTS_DOWN names cp-1, worker-1; left out: cp-1, worker-1, with the HA");
});

test("ids that are made of addresses are shown", () => {
  const withoutIds = nodes.replaceAll(/ vm_id: \d+,?/g, "");
  const { status, annotations, template } = run({}, { "cluster.yaml": example(), "nodes.yaml": withoutIds });
  expect(status).toBe(0);
  expect(annotations()).toContain("made of their address: cp-1 1001011, cp-2 1001012");
  expect(template().resource.proxmox_virtual_environment_vm?.["cp-1"]).toMatchObject({ vm_id: 1_001_011 });
});

test("ALLOW_REPLACE names the nodes that a plan may replace", () => {
  const guarded = preventDestroy(run({ ALLOW_REPLACE: "worker-1, worker-2" }).template());
  const vms = Object.keys(guarded).filter((address) => address.startsWith("proxmox_virtual_environment_vm."));
  expect(vms).toHaveLength(6);
  expect(vms.filter((address) => !guarded[address])).toEqual([
    "proxmox_virtual_environment_vm.worker-1",
    "proxmox_virtual_environment_vm.worker-2",
  ]);
});

test("ALLOW_NEW_SECRETS names the cluster whose secrets a plan may destroy", () => {
  const guarded = (env: Record<string, string>) =>
    preventDestroy(run(env).template())["talos_machine_secrets.cluster"];
  expect(guarded({ ALLOW_REPLACE: "all" })).toBe(true);
  expect(guarded({ ALLOW_NEW_SECRETS: "talos" })).toBe(false);
  expect(run({ ALLOW_NEW_SECRETS: "other" }).stderr).toBe(
    "environment: ALLOW_NEW_SECRETS names other, but this cluster is called talos; name the cluster whose secrets a plan may destroy\n",
  );
});

test("TALOS_API_ENDPOINTS says where nodes behind a tunnel are reached", () => {
  const { template } = run({ TALOS_API_ENDPOINTS: "cp-1=127.0.0.1:50001, cp-2=[::1]:50002" });
  const endpoints = Object.values(template().resource.talos_machine_configuration_apply ?? {}).map(
    ({ endpoint }) => endpoint,
  );
  expect(endpoints.slice(0, 3)).toEqual(["127.0.0.1:50001", "[::1]:50002", undefined]);
  expect(run({ TALOS_API_ENDPOINTS: "cp-1=127.0.0.1" }).stderr).toBe(
    "environment: TALOS_API_ENDPOINTS cp-1=127.0.0.1 is no host with a port; write it like cp-1=127.0.0.1:50001\n",
  );
  expect(run({ TALOS_API_ENDPOINTS: "cp-9=127.0.0.1:1" }).stderr).toMatch(/names cp-9, which is no node/);
});
