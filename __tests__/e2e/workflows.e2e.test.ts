import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runGroup } from "../../process/process-group";
import { type RunningGitHub, startGitHub } from "../../stand-ins/github";
import { type RunningProxmox, startProxmox } from "../../stand-ins/proxmox";
import { runWorkflow, type WorkflowRunProps } from "../github/support/workflow-run";
import { useBackends } from "../state/support/use-backends";
import { inheritedEnv } from "../support/inherited-env";
import { QUICK_KEY } from "../support/quick-key";
import { ROOT, TYPESCRIPT } from "../support/running-program";

const PASSPHRASE = "correct horse battery staple";
const root = mkdtempSync(join(tmpdir(), "workflows-"));
const project = join(root, "project");
const remote = useBackends();
let proxmox: RunningProxmox;
let github: RunningGitHub;
let runId = 100;

beforeAll(async () => {
  [proxmox, github] = await Promise.all([startProxmox(), startGitHub()]);
  mkdirSync(project);
  file(
    "project/cdktf.json",
    JSON.stringify({
      language: "typescript",
      app: `node ${TYPESCRIPT.join(" ")} main.ts`,
      sendCrashReports: "false",
    }),
  );
  file(
    "project/main.ts",
    `const { main } = require(${JSON.stringify(join(ROOT, "main.ts"))});\nvoid main(process.env);\n`,
  );
  file("project/.gitignore", "cdktf.out\nnode_modules\n.base\n");
  mkdirSync(join(root, "bin"));
  // The package's own command, as `npx` finds it in a project.
  program("npx", `shift 2; exec "${process.execPath}" ${TYPESCRIPT.join(" ")} "${ROOT}/cli/main.ts" "$@"`);
  program("npm", "exit 0");
  write(1);
  git("init", "-q", "-b", "main");
  commit("one worker");
});
afterAll(async () => {
  await Promise.all([proxmox?.stop(), github?.stop()]);
  rmSync(root, { recursive: true });
});

const file = (name: string, content: string) => writeFileSync(join(root, name), content);
function program(name: string, body: string): void {
  file(`bin/${name}`, `#!/bin/sh\n${body}\n`);
  chmodSync(join(root, "bin", name), 0o755);
}
const git = (...args: string[]) => execFileSync("git", args, { cwd: project, encoding: "utf8" }).trim();
function commit(message: string): string {
  git("add", "-A");
  git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", message);
  return git("rev-parse", "HEAD");
}

/** Writes a cluster of one control plane and some workers. */
function write(workers: number): void {
  const node = (name: string, address: number, controller: boolean) =>
    `  - { name: ${name}, address: 10.20.0.${address}, controller: ${controller}, vm_memory: 4096, disk: /dev/sda, proxmox_node: pve1 }\n`;
  const rest = Array.from({ length: workers }, (_, n) => node(`worker-${n + 1}`, 21 + n, false)).join("");
  file(
    "project/cluster.yaml",
    `cluster_name: home
node_cidr: 10.20.0.0/24
cluster_api_addr: 10.20.0.5
proxmox_api_url: https://pve.example.com:8006
talos_schematic: { extensions: [siderolabs/qemu-guest-agent] }
nodes:
${node("cp-1", 11, true)}${rest}state:
  backend: worker
  url: ${remote.workerUrl}/states/home
  key: home.tfstate
`,
  );
}

/** A runner that reaches Proxmox and the state. */
const environment = (): NodeJS.ProcessEnv => ({
  ...inheritedEnv(),
  ...remote.env,
  ...proxmox.env,
  PROXMOX_VE_API_TOKEN: undefined,
  TF_ENCRYPTION: QUICK_KEY,
  ...github.env,
  GITHUB_SHA: git("rev-parse", "HEAD"),
  GITHUB_RUN_ID: String(runId),
  PATH: [join(root, "bin"), join(ROOT, "node_modules/.bin"), process.env.PATH].join(":"),
});
const run = (workflow: string, more: Partial<WorkflowRunProps> = {}) =>
  runWorkflow({
    workflow,
    project,
    runner: root,
    runId: ++runId,
    inputs: { name: "home" },
    secrets: { PROXMOX_VE_API_TOKEN: proxmox.token, STATE_PASSPHRASE: PASSPHRASE },
    env: environment(),
    ...more,
  });
/** The package's command in the project. */
async function runProject(env: NodeJS.ProcessEnv, ...args: string[]) {
  const { exitCode, output } = await runGroup("npx", ["--no-install", "cdktf-proxmox-talos", ...args], {
    cwd: project,
    env,
  });
  return [exitCode, output];
}
const docs = readFileSync(join(ROOT, "docs/ci.md"), "utf8");
/** A comment as the docs have it: of another commit, with the first lines of what differs. */
const asInDocs = (body: string, commitOfRun: string) =>
  body
    .replace(commitOfRun.slice(0, 12), "1234567890ab")
    .replace(/^index .*$/gm, "index 0123456..789abcd 100644")
    .replace(/runs\/\d+/, "runs/4711")
    .replace(/(```diff\n(?:.*\n){12})[^`]*/, "$1…\n");
const vms = async () => (await proxmox.control.listGuests()).map(({ config }) => config.name).sort();

test("a pull request is planned, merged and applied as it was planned, once", async () => {
  const { repository } = github;
  const base = git("rev-parse", "HEAD");
  git("checkout", "-qb", "more");
  write(2);
  const head = commit("two workers");
  const planned = await run("plan.yml", { pullRequest: { number: 7, base: { sha: base } } });
  expect([planned.succeeded, planned.said]).toEqual([true, expect.stringContaining("kept in ")]);
  const [{ body } = { body: "" }] = repository.commentsOn(7);
  expect(docs).toContain(asInDocs(body, head));
  const artifact = planned.artifacts.get("plan-home") ?? "";
  expect(readdirSync(artifact)).toEqual(["plan.bin", "plan.bin.json"]);
  expect(readFileSync(join(artifact, "plan.bin"), "utf8")).toMatch(/^\{.*"encrypted_data"/);

  git("checkout", "-q", "main");
  git("-c", "user.name=t", "-c", "user.email=t@example.com", "merge", "-q", "--no-ff", "--no-edit", "more");
  const merged = git("rev-parse", "HEAD");
  const early = await run("apply.yml");
  expect([early.succeeded, early.said]).toEqual([
    false,
    expect.stringContaining('no run of plan.yml has a plan "plan-home"'),
  ]);
  const repo = { full_name: "home/lab" };
  repository.pulls.set(merged, [{ number: 7, merged_at: "2026-01-31T12:00:00Z", head: { sha: head, repo } }]);
  repository.runs.push({
    id: 101,
    path: ".github/workflows/plan.yml",
    head_sha: head,
    event: "pull_request",
    conclusion: "success",
    run_started_at: "2026-01-31T10:00:00Z",
    head_repository: repo,
    artifacts: [{ id: 1, name: "plan-home", expired: false }],
  });
  const applied = await run("apply.yml");
  expect([applied.succeeded, applied.said]).toEqual([
    true,
    expect.stringContaining("Apply complete! Resources: 4 added"),
  ]);
  expect(await vms()).toEqual(["cp-1", "worker-1", "worker-2"]);

  const again = await run("apply.yml");
  expect([again.succeeded, again.said]).toEqual([
    false,
    expect.stringContaining(
      "nothing was applied: the plan was made when there was no state, and there is one now",
    ),
  ]);
});

test("what would be lost is refused, told and not kept", async () => {
  git("checkout", "-qb", "fewer");
  write(1);
  const head = commit("one worker");
  const { succeeded, artifacts } = await run("plan.yml", {
    pullRequest: { number: 8, base: { sha: git("rev-parse", "main") } },
  });
  expect([succeeded, artifacts.size]).toEqual([false, 0]);
  const [{ body } = { body: "" }] = github.repository.commentsOn(8);
  expect(docs).toContain(asInDocs(body, head));
  git("checkout", "-q", "main");
});

test("drift opens an issue", async () => {
  const [guest] = (await proxmox.control.listGuests()).filter(({ config }) => config.name === "worker-2");
  await proxmox.control.changeGuest(guest?.vmid ?? 0, { config: { memory: "2048" } });
  const { succeeded, said } = await run("drift.yml");
  expect([succeeded, said]).toEqual([true, expect.stringContaining("opened the issue about drift of home")]);
  expect(github.repository.issues).toEqual([
    expect.objectContaining({
      title: "Drift of home: 1 difference",
      body: expect.stringContaining("| worker-2 | memory"),
    }),
  ]);
});

test("states are checked and copied, encrypted as they are", async () => {
  const { succeeded, artifacts } = await run("backup.yml");
  expect(succeeded).toBe(true);
  const backup = artifacts.get("backup-home") ?? "";
  const [dated = ""] = readdirSync(backup);
  expect(readFileSync(join(backup, dated, "cluster.tfstate"), "utf8")).toContain("encrypted_data");
});

test("a destroy wants the name, and keeps the state of before", async () => {
  const env = { ...environment(), PROXMOX_VE_API_TOKEN: proxmox.token, TF_VAR_state_passphrase: PASSPHRASE };
  const destroy = (name: string) =>
    runProject(env, "destroy", "--yes", name, "--summary", "--lock-timeout", "10s");
  expect(await destroy("prod")).toEqual([1, expect.stringContaining("that is home: --yes home")]);
  expect(await destroy("home")).toEqual([
    0,
    expect.stringMatching(/to DESTROY\n.*the state of before is kept: version \S+ in worker /s),
  ]);
  expect(await vms()).toEqual([]);
  expect(readdirSync(join(project, "cdktf.out/stacks/cluster"))).not.toContain("plan");
});
