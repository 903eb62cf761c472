import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SECRETS } from "../../domain/secrets";
import { type CloudflareStandIn, startCloudflare } from "../../stand-ins/cloudflare";
import { type RunningProxmox, startProxmox } from "../../stand-ins/proxmox";
import { type RunningTalos, startTalos } from "../../stand-ins/talos";
import { resolveTool } from "../../toolchain";
import { inheritedEnv } from "../support/inherited-env";
import { requirePlain } from "../support/plain-output";
import { QUICK_KEY } from "../support/quick-key";
import { ROOT } from "../support/running-program";
import { WatchedArguments } from "../support/watched-arguments";

/*
 * A project from nothing to a cluster and back, by the real task, with its secrets in the file that the real sops encrypts and
 * nowhere else. One stand-in of each kind; each test goes on where the one before ended.
 */

const folder = mkdtempSync(join(tmpdir(), "tasks-"));
const account = mkdtempSync(join(tmpdir(), "account-"));
const inProject = (path: string) => join(folder, path);
/** The keys whose values nobody else may know. */
const SECRET_KEYS = [
  "proxmox_api_token",
  "state_passphrase",
  "tfstate_password",
  "cloudflare_api_token",
  "r2_secret_access_key",
];

const CLUSTER = `cluster_name: lab
talos_schematic: { extensions: [siderolabs/qemu-guest-agent] }
node_cidr: 10.20.0.0/24
cluster_api_addr: 10.20.0.10
proxmox_api_url: https://pve.example.com:8006
proxmox_node: pve1
state: { backend: r2 }
bootstrap: { worker: { enabled: false } }
talos: { kubernetes_version: v1.36.0 }
nodes:
  - { name: cp-1, address: 10.20.0.11, controller: true, disk: /dev/sda, vm_id: 711, mac_addr: "bc:24:11:20:00:11" }
`;

let proxmox: RunningProxmox;
let cloudflare: CloudflareStandIn;
let talos: RunningTalos;
let task: string;
let env: NodeJS.ProcessEnv;
let watched: WatchedArguments;
let said = "";

beforeAll(async () => {
  const report = (line: string) => process.stderr.write(`${line}\n`);
  task = (await resolveTool("task", { report })).path;
  await resolveTool("sops", { report });
  await resolveTool("age-keygen", { report });
  // The program is the one of this repository; what it writes goes to the folder.
  for (const name of readdirSync(ROOT)) {
    if (
      /^(\.git|__tests__|cdktf\.out|cluster\.yaml|nodes\.yaml|package\.json|\.local|\.bootstrap)$/.test(name)
    )
      continue;
    symlinkSync(join(ROOT, name), inProject(name));
  }
  const manifest = readFileSync(join(ROOT, "package.json"), "utf8");
  // The formatter would go into the folders of the repository.
  writeFileSync(inProject("package.json"), manifest.replace(/("format": )"[^"]*"/, '$1"echo formatted"'));
  writeFileSync(inProject("cluster.yaml"), CLUSTER);
  for (const name of ["tmp", "home", "memory"]) mkdirSync(inProject(name));
  proxmox = await startProxmox();
  cloudflare = await startCloudflare({ folder: account });
  talos = await startTalos({ nodes: [{ name: "cp-1", address: "10.20.0.11" }], mediumVersion: "v1.13.0" });
  watched = new WatchedArguments();
  env = {
    ...inheritedEnv(),
    // jest wants colours of its workers, and task has them in CI as well.
    FORCE_COLOR: undefined,
    NO_COLOR: "1",
    ...proxmox.env,
    ...cloudflare.env,
    CLOUDFLARE_ACCOUNT_ID: cloudflare.accountId,
    CLUSTER_CONFIG: inProject("cluster.yaml"),
    HOME: inProject("home"),
    TMPDIR: inProject("tmp"),
    XDG_CONFIG_HOME: inProject("home/.config"),
    XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? "", ".cache"),
    XDG_RUNTIME_DIR: inProject("memory"),
    TALOS_API_ENDPOINTS: talos.nodes.map(({ name, endpoint }) => `${name}=${endpoint}`).join(","),
    TF_ENCRYPTION: QUICK_KEY,
  };
});
afterAll(async () => {
  watched?.stop();
  await talos?.stop();
  await cloudflare?.close();
  await proxmox?.stop();
  for (const each of [folder, account]) rmSync(each, { recursive: true, force: true });
});

function run(file: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  return new Promise<{ code: number; out: string; said: string }>((resolve, reject) => {
    const child = execFile(
      file,
      args,
      { cwd: folder, env: { ...env, ...more }, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        // Printing secrets is what `secrets env` is for.
        if (!args.includes("env")) said += stdout + stderr;
        try {
          requirePlain({ command: args, stdout, stderr, isWhole: true });
        } catch (problem) {
          reject(problem);
        }
        resolve({ code: Number(error?.code ?? 0), out: stdout, said: stdout + stderr });
      },
    );
    child.stdin?.end();
  });
}
const runTask = (args: readonly string[], more?: NodeJS.ProcessEnv) => run(task, args, more);
const secrets = (...args: readonly string[]) => run("npm", ["run", "-s", "secrets", "--", ...args]);

test("every task has a description, and tells what is missing before it runs", async () => {
  const { tasks } = JSON.parse((await runTask(["--list", "--json"])).out) as {
    readonly tasks: readonly { readonly name: string; readonly desc: string }[];
  };
  expect(tasks.map(({ name }) => name).sort()).toEqual(TASKS);
  expect(tasks.filter(({ desc }) => desc === "")).toEqual([]);
  const refusals = [
    [["infra:force-unlock"], "say which lock: task infra:force-unlock -- LOCK-ID"],
    [["infra:restore"], "say which state: task infra:restore -- --from FOLDER"],
    [["infra:output"], "nothing is synthesized yet; task infra:init"],
    [["bootstrap:apps"], "there is no command: set APPS"],
    [["bootstrap:apps", "APPS=true"], "there is no .credentials/kubeconfig; task bootstrap:talos writes it"],
  ] as const;
  for (const [args, message] of refusals) {
    const { code, said } = await runTask(args);
    expect({ code, said }).toEqual({ code: 201, said: expect.stringContaining(message) });
  }
  expect((await runTask([])).out).toContain("* infra:plan:");
  expect(await runTask(["infra:fmt"])).toMatchObject({ code: 0, out: "formatted\n" });
  // The watch of the arguments sees what is there to see.
  await run("sh", ["-c", "sleep 0.5; exit", "an argument for everybody"]);
  expect(watched.with(["an argument for everybody"])).toHaveLength(1);
});

const TASKS = [
  "bootstrap:apps",
  "bootstrap:full",
  "bootstrap:state",
  "bootstrap:talos",
  "default",
  ...[
    "apply",
    "apply-auto",
    "backup",
    "destroy",
    "drift",
    "fmt",
    "force-unlock",
    "init",
    "output",
    "plan",
  ].map((name) => `infra:${name}`),
  ...["restore", "secrets-edit", "state-list", "validate", "verify-nodes"].map((name) => `infra:${name}`),
].sort();

test("the secrets go into the encrypted file, and out of the environment", async () => {
  const { code, said } = await secrets("init");
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining("made a key in") });
  expect(said).toMatch(/proxmox_api_token +environment\n/);
  for (const { variables } of SECRETS) for (const name of variables) env[name] = undefined;
  const checked = await secrets("check", "--json");
  expect(checked.code).toBe(2);
  const missing = (key: string) => expect.stringContaining(`${key} is missing`);
  expect(JSON.parse(checked.out)).toMatchObject({
    macHolds: true,
    problems: [missing("r2_access_key_id"), missing("r2_secret_access_key")],
  });
});

test("one task from nothing to a cluster with its apps", async () => {
  const { code, said } = await runTask(["bootstrap:full"], { APPS: 'grep -c server: "$KUBECONFIG" >apps' });
  if (code !== 0) throw new Error(said);
  expect(said).toContain("secrets.sops.yaml is written");
  expect(said).toContain("task: [infra:apply-auto] npm run -s deploy -- --auto-approve");
  expect(readFileSync(inProject("apps"), "utf8")).toBe("1\n");
  expect(statSync(inProject(".credentials")).mode & 0o777).toBe(0o700);
  expect(statSync(inProject(".credentials/kubeconfig")).mode & 0o777).toBe(0o600);
  expect((await proxmox.control.listGuests()).map(({ vmid }) => vmid)).toEqual([711]);
});

test("a day's tasks: nothing to change, no drift, a valid stack, its resources and outputs", async () => {
  const [plan, drift] = [await runTask(["infra:plan"]), await runTask(["-x", "infra:drift"])];
  expect(plan).toMatchObject({ code: 0, out: expect.stringContaining("no changes") });
  expect(drift.code).toBe(0);
  expect((await runTask(["infra:validate"])).out).toContain("The configuration is valid");
  expect((await runTask(["infra:state-list"])).out).toContain("proxmox_virtual_environment_vm.cp-1\n");
  expect((await runTask(["infra:output", "--", "-json", "talosconfig"])).out).toContain("context: lab");
  expect(await runTask(["infra:verify-nodes"])).toMatchObject({
    code: 0,
    out: expect.stringContaining("nothing waits"),
  });
  expect(await runTask(["infra:apply"])).toMatchObject({
    code: 201,
    said: expect.stringContaining("there is no terminal to answer on"),
  });
});

test("a backup, and back to it; a lock that nobody has; the secrets in the editor", async () => {
  expect((await runTask(["infra:backup", "--", "tmp"])).code).toBe(0);
  const [saved = ""] = readdirSync(inProject("tmp")).filter((name) => name.startsWith("state-backup-"));
  expect(
    await runTask(["infra:restore", "--", "--from", `tmp/${saved}`, "--stack", "cluster", "--yes"]),
  ).toMatchObject({ code: 0 });
  expect(await runTask(["infra:force-unlock", "--", "0000"])).toMatchObject({
    code: 201,
    said: expect.stringContaining("0000"),
  });
  const script = `sh -c 'dirname "$0" >${inProject("edited")}; sed -i "s/^tfstate_username: .*/tfstate_username: ben/" "$0"'`;
  expect(await runTask(["infra:secrets-edit"], { EDITOR: script })).toMatchObject({ code: 0 });
  expect((await secrets("env")).out).toContain("export TF_HTTP_USERNAME='ben'");
  const where = readFileSync(inProject("edited"), "utf8").trim();
  expect(where).toContain(inProject("memory"));
  expect(existsSync(where)).toBe(false);
});

test("no secret has reached the arguments of a process, a file or what was printed", async () => {
  const lines = (await secrets("env", "--format", "dotenv")).out.split("\n");
  const given = (variable = "") =>
    lines.find((line) => line.startsWith(`${variable}=`))?.slice(variable.length + 1);
  const values = SECRETS.filter(({ key }) => SECRET_KEYS.includes(key)).map(
    ({ variables }) => given(variables[0]) ?? "",
  );
  expect(values.filter((each) => each.length > 10)).toHaveLength(SECRET_KEYS.length);
  expect(watched.with(values)).toEqual([]);
  const withSecrets = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => {
      const content = readFileSync(file);
      return values.some((value) => content.includes(value));
    });
  expect(withSecrets).toEqual([]);
  for (const value of values) expect(said).not.toContain(value);
});

test("the cluster goes again", async () => {
  expect(await runTask(["infra:destroy", "--", "--yes", "lab"])).toMatchObject({ code: 0 });
  expect(await proxmox.control.listGuests()).toEqual([]);
});
