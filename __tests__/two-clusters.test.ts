import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ACCOUNT } from "./support/cloudflare-account";
import { fakeMachine, versionScript } from "./support/fake-machine";
import { inheritedEnv } from "./support/inherited-env";
import { schemaProblems } from "./support/pinned-schema";
import { ROOT, runProgram } from "./support/running-program";
import type { Template } from "./support/synth";

/* The example with two clusters, by the real commands. */

/** What a plan of its clusters needs. */
const SECRETS = {
  PROXMOX_VE_API_TOKEN: "token",
  TF_HTTP_USERNAME: "owner",
  TF_HTTP_PASSWORD: "password",
  TF_VAR_state_passphrase: "passphrase",
};
const EXAMPLE = join(ROOT, "examples/two-clusters");
const folder = mkdtempSync(join(tmpdir(), "two-clusters-"));
afterAll(() => rmSync(folder, { recursive: true }));

const env = (more: NodeJS.ProcessEnv = {}) => ({
  ...inheritedEnv(),
  CLUSTER_CONFIG: EXAMPLE,
  CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
  TERRAFORM_BINARY_NAME: "tofu",
  ...more,
});

async function synthesize(more: NodeJS.ProcessEnv = {}) {
  const out = mkdtempSync(join(folder, "out-"));
  const { code, said } = await runProgram("main.ts", [], { env: env({ CDKTF_OUTDIR: out, ...more }) });
  const stacks = existsSync(join(out, "stacks")) ? readdirSync(join(out, "stacks")).sort() : [];
  const template = (stack: string) =>
    JSON.parse(readFileSync(join(out, "stacks", stack, "cdk.tf.json"), "utf8")) as Template;
  return { code, said, stacks, template };
}

describe("a synth", () => {
  let all: Awaited<ReturnType<typeof synthesize>>;
  beforeAll(async () => {
    all = await synthesize();
  });

  test("is for all clusters, each with its own state, files and user in Proxmox, and one bootstrap", () => {
    const { code, said, stacks, template } = all;
    expect([code, said]).toEqual([0, ""]);
    expect(stacks).toEqual([
      "bootstrap",
      "production",
      "production-proxmox-access",
      "staging",
      "staging-proxmox-access",
    ]);
    const summary = stacks.slice(1).map((stack) => {
      const { terraform, resource } = template(stack);
      expect(schemaProblems(template(stack))).toEqual([]);
      const values = (type: string, key: string) =>
        Object.values(resource[type] ?? {}).map((each) => (each as Record<string, unknown>)[key]);
      return [
        stack,
        (terraform as { backend?: { http?: { address?: string } } }).backend?.http?.address,
        values("proxmox_virtual_environment_vm", "vm_id").length,
        [...new Set(values("proxmox_download_file", "file_name"))],
        values("proxmox_virtual_environment_user", "user_id"),
        values("proxmox_virtual_environment_role", "role_id"),
      ];
    });
    expect(summary).toMatchSnapshot();
    expect(template("bootstrap").resource).toHaveProperty("cloudflare_workers_script");
  });

  test("is for one where one is chosen", async () => {
    const { stacks, template } = await synthesize({ CLUSTER_CONFIG: join(EXAMPLE, "clusters/staging") });
    expect(stacks).toEqual(["bootstrap", "staging", "staging-proxmox-access"]);
    expect(template("staging")).toEqual(all.template("staging"));
  });

  test("takes ALLOW_REPLACE for the clusters that have such a node, and refuses what none has", async () => {
    const { template } = await synthesize({ ALLOW_REPLACE: "worker-12" });
    const isGuarded = (stack: string, name: string) =>
      template(stack).resource.proxmox_virtual_environment_vm?.[name]?.lifecycle;
    expect(isGuarded("production", "worker-12")).toMatchObject({ prevent_destroy: false });
    expect(isGuarded("staging", "worker-1")).toMatchObject({ prevent_destroy: true });
    const { code, said } = await synthesize({ ALLOW_REPLACE: "worker-13" });
    expect([code, said]).toEqual([
      1,
      expect.stringContaining("worker-13, which is no node of these clusters"),
    ]);
  });
});

describe("npm run plan, deploy, destroy", () => {
  const on = fakeMachine();
  const version = versionScript("OpenTofu", "1.12.6");
  on.program("tofu", `if [ "$1" = show ]; then echo '{"format_version":"1.2"}'; else ${version}; fi`);
  on.file("home/.tofurc", "provider_installation {\n  direct {}\n}\n");
  const out = join(on.root, "out");
  const plan = `if [ "$1" = diff ]; then mkdir -p ${out}/stacks/$2; echo saved > ${out}/stacks/$2/plan; fi`;
  on.program("cdktf", `${plan}; echo "$* of $CLUSTER_CONFIG"`);
  afterAll(() => on.remove());
  const run = (...args: readonly string[]) =>
    runProgram("cli/cdktf.ts", args, { env: { ...on.env, ...SECRETS, CLUSTER_CONFIG: EXAMPLE } });
  const staging = `${EXAMPLE}/clusters/staging/cluster.yaml`;

  test.each([
    [["plan", "-o", out, "--cluster", "staging"], `diff staging -o ${out} of ${staging}`],
    [
      ["plan", "--cluster=staging", "--refresh-only", "-o", out],
      `diff staging --refresh-only -o ${out} of ${staging}`,
    ],
    [
      ["deploy", "proxmox-access", "--auto-approve", "--cluster", "staging", "-o", out],
      `diff staging-proxmox-access -o ${out} of ${staging}`,
    ],
    [
      ["destroy", "--cluster", "staging", "--yes", "staging", "-o", out],
      `diff staging -o ${out} of ${staging}`,
    ],
    [["deploy", "bootstrap", "--auto-approve", "-o", out], `diff bootstrap -o ${out} of ${EXAMPLE}`],
    [["plan", "production", "-o", out], `diff production -o ${out} of ${EXAMPLE}`],
    [["synth"], `synth of ${EXAMPLE}`],
    [["synth", "--cluster", "staging"], `synth of ${staging}`],
  ])("%j is cdktf %s", async (args, said) => {
    expect((await run(...args)).said).toContain(`${said}\n`);
  });

  test.each([
    [["plan"], /clusters: there are several clusters: production, staging; choose one with --cluster NAME/],
    [["deploy", "--auto-approve"], /there are several clusters: production, staging/],
    [
      ["plan", "--cluster", "stagin"],
      /--cluster stagin is not one of production, staging; did you mean staging\?/,
    ],
    // Whoever is told what to run is told for which cluster.
    [
      ["deploy", "--cluster", "staging"],
      /with npm run plan -- --cluster staging, then pass --auto-approve: npm run deploy -- --cluster staging --auto-approve/,
    ],
    [["plan", "--cluster"], /^--cluster has no name after it; write it like --cluster staging\n$/],
  ])("%j is refused, and runs nothing", async (args, said) => {
    expect(await run(...args)).toEqual({ code: 1, said: expect.stringMatching(said) });
  });

  test("a name is refused where there is only one cluster", async () => {
    const options = { env: { ...on.env, CLUSTER_CONFIG: "examples/six-nodes" } };
    expect(await runProgram("cli/cdktf.ts", ["plan", "--cluster", "home"], options)).toEqual({
      code: 1,
      said: "examples/six-nodes/cluster.yaml: is the only cluster, so there is no --cluster home; leave it out, or move the files to clusters/home/\n",
    });
  });
});

describe("the other commands take --cluster too:", () => {
  const local = { STATE_BACKEND: "local" };

  test("config", async () => {
    const { said } = await runProgram("cli/config.ts", ["show", "--json", "--cluster", "production"], {
      env: env(),
    });
    expect(JSON.parse(said)).toMatchObject({ cluster_name: "production", nodes: { length: 15 } });
  });

  test("topology", async () => {
    const out = join(folder, "staging.svg");
    const args = ["--out", out, "--cluster", "staging"];
    expect((await runProgram("cli/topology.ts", args, { env: env() })).said).toContain(": 3 nodes of ");
    expect(readFileSync(out, "utf8")).toContain("cp-1");
  });

  test("state, before and after the name of its command", async () => {
    for (const args of [
      ["list", "--cluster", "staging"],
      ["--cluster", "staging", "list"],
    ]) {
      expect(await runProgram("cli/state.ts", args, { env: env(local) })).toEqual({
        code: 0,
        said: "no state exists in local\n",
      });
    }
    expect(await runProgram("cli/state.ts", ["list"], { env: env(local) })).toEqual({
      code: 1,
      said: expect.stringContaining("there are several clusters: production, staging"),
    });
  });
});

test("npm start, which shows one cluster alone, says so before it starts anything", async () => {
  const CLUSTER_CONFIG = join(EXAMPLE, "clusters/staging");
  const args = ["--once", "--folder", join(folder, "demo")];
  const { code, said } = await runProgram("demo/main.ts", args, { env: env({ CLUSTER_CONFIG }) });
  expect([code, said]).toEqual([1, expect.stringContaining("npm start shows one alone; copy the folder")]);
  expect(said).not.toMatch(/^\s+at /m);
});
