import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProxmox } from "../../stand-ins/proxmox";
import { startTalos } from "../../stand-ins/talos";
import { fakeMachine, versionScript } from "../support/fake-machine";
import { QUICK_KEY } from "../support/quick-key";
import { ROOT } from "../support/running-program";
import { Terminal } from "../support/terminal";
import { Consumer, EXAMPLE, execute, pinned, stacksIn } from "./support/consumer";
import { LinkedProject } from "./support/linked-project";

const ANSWERS = [
  "--proxmox-url",
  "https://pve.example.com:8006",
  "--hosts",
  "pve1,pve2,pve3",
  "--network",
  "10.20.0.0/24",
];
/** Every server is a port that nobody listens on. */
const NO_NETWORK = { HTTPS_PROXY: "http://127.0.0.1:9", HTTP_PROXY: "http://127.0.0.1:9" };

const folders: string[] = [];
let tarball: string;
let withCloudflare: Consumer;
let project: LinkedProject;

beforeAll(() => {
  const target = mkdtempSync(join(tmpdir(), "pack-"));
  folders.push(target);
  const name = execute("npm", ["pack", "--silent", "--pack-destination", target], ROOT)
    .trim()
    .split("\n")
    .at(-1);
  tarball = join(target, name ?? "");
  const provider = { "@cdktf/provider-cloudflare": pinned["@cdktf/provider-cloudflare"] ?? "" };
  project = new LinkedProject(tarball);
  folders.push(project.folder);
  withCloudflare = consumer(pinned.cdktf ?? "", ["main", "cloudflare"], provider);
});

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function consumer(
  ...args: [cdktf: string, programs?: readonly string[], more?: Record<string, string>]
): Consumer {
  const made = new Consumer(tarball, ...args);
  folders.push(made.folder);
  return made;
}

test("a fresh project installs the package, and synthesizes the same on cdktf and on its successor", () => {
  const onCdktf = withCloudflare.synth();
  expect(onCdktf.cluster).toMatchObject({ terraform: { backend: { s3: { use_lockfile: true } } } });
  expect(onCdktf).toEqual(synthFromSource());

  // The Worker comes with the package, and its bundle with the stack.
  const out = withCloudflare.synthesize("cloudflare");
  const { resource } = JSON.parse(readFileSync(join(out, "stacks/bootstrap/cdk.tf.json"), "utf8"));
  const { content_file, content_sha256 } = resource.cloudflare_workers_script.tfstate;
  const module = readFileSync(join(out, "stacks/bootstrap", content_file));
  expect(createHash("sha256").update(module).digest("hex")).toBe(content_sha256);

  // Without the cloudflare provider, whose bindings are for cdktf alone.
  expect(consumer("npm:cdktn@0.24.0").synth()).toEqual(onCdktf);
});

test("a project of cdktf init compiles, and reads no declarations of packages that we alone need", () => {
  expect(withCloudflare.compileAsInitialized()).toEqual([
    "@cdktf/provider-cloudflare",
    "@types/node",
    "cdktf",
    "cdktf-proxmox-talos",
    "constructs",
    "typescript",
    "undici-types",
  ]);
});

/** The same program on the sources: `cdktf-proxmox-talos` is mapped to `index.ts`. */
function synthFromSource(): Record<string, unknown> {
  const outdir = mkdtempSync(join(tmpdir(), "source-"));
  folders.push(outdir);
  process.env.OUT = outdir;
  const before = process.cwd();
  process.chdir(EXAMPLE);
  jest.isolateModules(() => require("./consumer/main"));
  process.chdir(before);
  return stacksIn(outdir);
}

test("the package holds what runs and nothing else", () => {
  const files = execute("tar", ["tzf", tarball], ROOT).trim().split("\n");
  const allowed = [
    "dist/(?!(__tests__|bench|demo|release|schemas|stand-ins)/).*\\.(js|d\\.ts)",
    "dist/worker/dist/index\\.mjs",
    "dist/config/machine-config\\.json",
    "config/(cluster|nodes)\\.schema\\.json",
    "ansible/((create|start|stop|verify|destroy)\\.yml|ansible\\.cfg|requirements\\.(txt|yml))",
    "ansible/(group_vars/all\\.yml|tasks/(look-up|want-nodes)\\.yml|filter_plugins/vm_differences\\.py)",
    "init/templates/(github/)?[^/]+\\.template",
    "toolchain/go/[^/]+/go\\.(mod|sum)",
    "worker/workerd\\.sh",
    "Taskfile\\.yaml|package\\.json|README\\.md|CHANGELOG\\.md|LICENSE",
  ];
  const expected = new RegExp(`^package/(${allowed.join("|")})$`);
  expect(files.filter((file) => !expected.test(file))).toEqual([]);
  const needed = [
    "Taskfile.yaml",
    "ansible/group_vars/all.yml",
    "ansible/create.yml",
    "config/cluster.schema.json",
    "dist/cli/main.js",
    "init/templates/github/plan.yml.template",
    "toolchain/go/opentofu/go.mod",
    "toolchain/go/opentofu/go.sum",
    "worker/workerd.sh",
  ];
  expect(files).toEqual(expect.arrayContaining(needed.map((file) => `package/${file}`)));
});

/* The rest is one project, told in order. Its packages are links, so what this package does not declare is not there. */

test("init writes a project, with npm scripts for all commands", () => {
  const { code, said } = project.run("init", "--yes", ...ANSWERS);
  expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining("wrote  cluster.yaml\n") });
  const { scripts, dependencies } = project.manifest();
  expect(scripts).toMatchObject({ plan: "cdktf-proxmox-talos plan" });
  project.link(Object.keys(dependencies));
  expect(readFileSync(join(project.folder, "main.ts"), "utf8").split("\n").length).toBeLessThanOrEqual(10);
  // Its editor finds the schema.
  const [, schema = ""] =
    /\$schema=(\S+)/.exec(readFileSync(join(project.folder, "cluster.yaml"), "utf8")) ?? [];
  expect(existsSync(join(project.folder, schema))).toBe(true);
});

test("npx starts it too, and passes the terminal on", async () => {
  const args = ["cdktf-proxmox-talos", "init", "--folder", "asked", ...ANSWERS.slice(0, 4)];
  const terminal = new Terminal("npx", args, { cwd: project.folder });
  await terminal.answer("Which network are the nodes in?", "10.20.0.0/24\r");
  await terminal.answer("Which free address", "\r");
  await terminal.answer("Where is the state kept?", "\r");
  expect(await terminal.ended).toBe(0);
  // The same files, whoever has answered.
  const [asked, given] = ["asked/cluster.yaml", "cluster.yaml"].map((file) =>
    readFileSync(join(project.folder, file), "utf8"),
  );
  expect(asked).toBe(given);
});

test("what only some projects need is asked for by name", () => {
  const { code, said } = project.unlinked("miniflare", () => project.run("worker", "--port", "0"));
  expect(code).toBe(1);
  expect(said).toMatch(
    /^this needs the package miniflare; install it in your project: npm install --save-dev "miniflare@[^"]+"\n$/,
  );
});

test("its cluster is deployed by npm scripts, and then a plan is empty", async () => {
  const proxmox = await startProxmox();
  const nodes = ["cp-1", "cp-2", "cp-3", "worker-1", "worker-2"].map((name, index) => ({
    name,
    address: `10.20.0.${(index < 3 ? 11 : 18) + index}`,
  }));
  const talos = await startTalos({ nodes });
  try {
    const endpoints = talos.nodes.map(({ name, endpoint }) => `${name}=${endpoint}`);
    const env = {
      ...proxmox.env,
      TALOS_API_ENDPOINTS: endpoints.join(","),
      TF_VAR_state_passphrase: "a passphrase that nobody else has",
      TF_ENCRYPTION: QUICK_KEY,
    };
    const deployed = await project.script("deploy", ["--auto-approve"], env);
    expect(deployed).toMatchObject({ code: 0, said: expect.stringContaining("Apply complete!") });
    // No colours and no redrawing in a log.
    expect(deployed.said).not.toContain("\x1b");
    const ids = (await proxmox.control.listGuests()).map(({ vmid }) => vmid).sort();
    expect(ids).toEqual([1000011, 1000012, 1000013, 1000021, 1000022]);
    const { code, out } = await project.script("plan", ["--json"], env);
    expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ hasChanges: false, refused: [] })]);
  } finally {
    await Promise.all([talos.stop(), proxmox.stop()]);
  }
});

test("its toolchain is built from what the package brings, where no release can be had", () => {
  const on = fakeMachine();
  try {
    // Stands for Go: builds a tofu where there is a go.mod that pins it.
    const tofu = versionScript("OpenTofu", "1.12.6");
    on.program(
      "go",
      `grep -q opentofu/opentofu go.mod && cat go.sum >/dev/null || exit 1\nfor word; do [ "$last" = -o ] && out=$word; last=$word; done\nprintf '#!/bin/sh\\n%s\\n' '${tofu}' > "$out"; chmod 755 "$out"`,
    );
    on.program("grep", `exec ${execute("sh", ["-c", "command -v grep"], ROOT).trim()} "$@"`);
    on.file("home/.tofurc", "provider_installation {\n  direct {}\n}\n");
    on.program("talosctl", 'echo "Talos v1.13.9"');
    const { code, said } = project.run("toolchain", {
      ...on.env,
      XDG_CACHE_HOME: on.cacheDir,
      ...NO_NETWORK,
    });
    expect({ code, said }).toMatchObject({
      code: 0,
      said: expect.stringContaining("OpenTofu 1.12.6: building"),
    });
    expect(said).toMatch(/export TERRAFORM_BINARY_NAME='?\S+\/tofu/);
  } finally {
    on.remove();
  }
});

test("an app of one's own has two clusters in one stack", () => {
  const { platform, production, staging } = project.synthesize("two-clusters");
  expect(platform).toMatchObject({ output: { network_production: { value: "10.20.0.0/24" } } });
  for (const [stack = { resource: {} }, name, first] of [
    [production, "production", 7001],
    [staging, "staging", 7101],
  ] as const) {
    expect(stack).toMatchObject({
      terraform: { backend: { s3: { key: `${name}/terraform.tfstate` } } },
      resource: { proxmox_virtual_environment_vm: { "cp-1": { vm_id: first, name: "cp-1" } } },
    });
    const [image] = Object.values(stack.resource.proxmox_download_file ?? {});
    expect(image).toMatchObject({ file_name: expect.stringContaining(`talos-${name}-`) });
  }
});
