/** What a command does where nothing is: in an empty folder, without credentials. */
export interface CommandRow {
  /** What it is called with, so that it ends at once. Undefined where it would fetch or build programs first. */
  readonly args?: readonly string[];
  /** The options that it cannot do without. */
  readonly needs?: readonly string[];
  /** What it says then, on standard error. @default that there is no cluster.yaml */
  readonly says?: RegExp;
  /** The test that reads its JSON, below `__tests__/`, and the text there; or what it prints here, with the example beside it. */
  readonly json?:
    | readonly [file: string, text: string]
    | {
        readonly args: readonly string[];
        readonly has: string;
      };
}

const running = (text: string) => ["talos/commands.e2e.test.ts", text] as const;
const changed = (text: string) => ["talos/change/change.e2e.test.ts", text] as const;
/** Nothing listens there. */
const AT_NO_WORKER = ["--url", "http://127.0.0.1:1", "--username", "owner", "--password", "password"];
const onGitHub = { says: /GITHUB_[A-Z]+/ } as const;

/** All commands and subcommands. One that is new is a line here. */
export const COMMAND_TABLE: Readonly<Record<string, CommandRow>> = {
  init: {
    args: ["--json"],
    says: /--proxmox-url/,
    json: {
      args: [
        "--proxmox-url",
        "https://pve.example.com:8006",
        "--hosts",
        "pve1",
        "--network",
        "10.20.0.0/24",
        "--folder",
        "new",
      ],
      has: "written",
    },
  },
  bootstrap: { args: [] },
  "bootstrap env": { args: [] },
  "bootstrap destroy": { args: [] },
  // cdktf does it.
  synth: {},
  plan: { args: ["--json"], json: ["library/pack.e2e.test.ts", 'project.script("plan", ["--json"]'] },
  deploy: { args: ["--auto-approve"] },
  apply: { args: ["plan.bin"], says: /plan\.bin/ },
  drift: { args: ["--json"], json: ["cli/cdktf.test.ts", 'drift("--json")'] },
  destroy: { args: ["--yes", "home"] },
  doctor: { args: ["--json"], json: { args: ["node"], has: "lines" } },
  "config show": { args: ["--json"], json: { args: [], has: "nodes" } },
  "config inventory": { args: [] },
  topology: { args: [] },
  pending: { args: ["--json"], json: ["cli/pending.test.ts", 'run(["--json"])'] },
  "secrets init": {},
  "secrets edit": { args: [], says: /npm run secrets -- init/ },
  "secrets check": {
    args: ["--json"],
    says: /npm run secrets -- init/,
    json: ["e2e/tasks.e2e.test.ts", 'secrets("check", "--json")'],
  },
  "secrets rotate": { args: [], says: /npm run secrets -- init/ },
  "secrets env": { args: [], says: /npm run secrets -- init/ },
  "secrets talos": { args: [] },
  tofu: { args: ["plan"] },
  "adopt-talos": { args: ["secrets.yaml"] },
  kubeconfig: { args: ["--out", "-"] },
  talosconfig: { args: ["--out", "-"] },
  health: { args: ["--json"], json: running('"cli/health.ts", ["--json"') },
  diff: { args: ["--json"], json: running('run("diff", "--json"') },
  "certificates status": { args: ["--json"], json: running('["status", "--json", "--no-kubernetes"]') },
  "certificates renew": { args: ["--json"], json: running('["renew", "--auto-approve", "--json"]') },
  "etcd status": { args: ["--json"], json: running('["status", "--json", ...credentials()]') },
  "etcd snapshot": { args: ["--json", "etcd.snapshot"], json: running('["snapshot", "--json"') },
  "etcd restore": { args: ["--json", "etcd.snapshot"], json: changed('restore("--json"') },
  reboot: { args: ["--json"], json: changed('run("reboot", "--dry-run", "--json")') },
  "apply-config": { args: ["--json", "cp-1"], json: changed('run("apply-config", "--staged", "--json"') },
  "remove-node": {
    args: ["--json", "cp-1"],
    json: changed('"remove-node", "worker-1", "--yes", "worker-1", "--json"'),
  },
  "replace-node": { args: ["--json", "cp-1"], json: changed('outside("replace-node", "cp-3", ...args)') },
  upgrade: { args: ["--json"], json: changed('run("upgrade", "--dry-run", "--json")') },
  "upgrade-kubernetes": {
    args: ["--json", "v1.36.0"],
    json: changed('run("upgrade-kubernetes", "1.36.3", ...args)'),
  },
  "state list": { args: [] },
  "state pull": { args: [] },
  "state versions": { args: [] },
  "state verify": { args: [] },
  "state push": { args: ["home.tfstate"] },
  "state restore": { args: ["1"] },
  "state backup": { args: [] },
  "state unlock": { args: ["1"] },
  "state migrate": { args: ["--to", "r2"] },
  "state drop": { args: [], needs: ["--from", "r2"] },
  "state unfreeze": { args: [] },
  "state reconfigure": { args: [] },
  "state credentials": { args: ["--format", "json"] },
  worker: { args: ["--port", "99999"], says: /0 to 65535/ },
  "worker:admin hash-password": { args: [], says: /TFSTATE_PASSWORD is not set/ },
  "worker:admin verify-audit": { args: [], needs: AT_NO_WORKER, says: /cannot be reached/ },
  "worker:admin export": { args: [], needs: [...AT_NO_WORKER, "--out", "states"], says: /cannot be reached/ },
  "github comment": { args: [], needs: ["--plan", "plan.json", "--name", "home"], ...onGitHub },
  "github drift-issue": { args: [], needs: ["--report", "drift.json", "--name", "home"], ...onGitHub },
  "github find-plan": { args: [], needs: ["--artifact", "plan"], ...onGitHub },
  "github oidc": { args: [], ...onGitHub },
  toolchain: {},
};
