import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningProxmox, startProxmox } from "../stand-ins/proxmox";
import type { Toolchain } from "../toolchain";
import { copyExample } from "./clusters";
import { table } from "./markdown";
import { type Command, type Contestant, measure, takeTurns } from "./measure";
import { type Aim, milliseconds, times } from "./report";
import { ratios, spread } from "./statistics";
import { tofuEnv } from "./tofu-env";

const ROOT = join(__dirname, "..");
const PASSPHRASE = "for this benchmark only";

interface Project {
  readonly name: string;
  readonly encrypted: boolean;
  /** Writes the configuration to the folder `cwd`. */
  readonly write: (cwd: string, env: NodeJS.ProcessEnv) => Promise<void>;
}

const projects: readonly Project[] = [true, false].flatMap((encrypted) => {
  const state = encrypted ? "encrypted state" : "plain state";
  return [
    {
      name: `hand-written HCL, ${state}`,
      encrypted,
      write: (cwd: string) => writeHandWritten(cwd, encrypted),
    },
    {
      name: `this program, ${state}`,
      encrypted,
      write: (cwd: string, env: NodeJS.ProcessEnv) => synthesize(cwd, env, encrypted),
    },
  ];
});

/** Measures empty plans of the same six VMs; each project has its own stand-in Proxmox. */
export async function benchPlan(
  folder: string,
  rounds: number,
  toolchain: Toolchain,
): Promise<{ section: string; aims: Aim[] }> {
  const running: RunningProxmox[] = [];
  try {
    const contestants: Contestant[] = [];
    for (const project of projects) {
      process.stderr.write(`applying: ${project.name}\n`);
      const proxmox = await startProxmox({ hosts: ["pve1"] });
      running.push(proxmox);
      contestants.push(
        await apply(project, join(folder, project.name.replaceAll(/\W+/g, "-")), toolchain, proxmox),
      );
    }
    const samples = await takeTurns(contestants, rounds);
    return summarize((name) => (samples.get(name) ?? []).map(({ wallMs }) => wallMs));
  } finally {
    await Promise.all(running.map((proxmox) => proxmox.stop()));
  }
}

/** Creates the VMs. @returns a contestant that plans again and finds nothing to do */
async function apply(
  project: Project,
  cwd: string,
  toolchain: Toolchain,
  proxmox: RunningProxmox,
): Promise<Contestant> {
  mkdirSync(cwd, { recursive: true });
  const base = { ...tofuEnv(toolchain), TF_VAR_state_passphrase: PASSPHRASE };
  const env = { ...base, ...proxmox.env };
  await project.write(cwd, env);
  const tofu = (...args: string[]): Command => ({ file: toolchain.tofu, args, cwd, env });
  // Providers may be fetched from a server whose certificate the stand-in's CA did not issue.
  await measure({
    ...tofu("init", "-input=false"),
    env: { ...base, SSL_CERT_FILE: process.env.SSL_CERT_FILE },
  });
  await measure(tofu("apply", "-input=false", "-auto-approve"));
  // With this flag a plan that is not empty fails.
  return { name: project.name, run: () => measure(tofu("plan", "-input=false", "-detailed-exitcode")) };
}

async function writeHandWritten(cwd: string, encrypted: boolean): Promise<void> {
  for (const file of ["main.tf", ...(encrypted ? ["encryption.tf"] : [])]) {
    cpSync(join(__dirname, "hand-written", file), join(cwd, file));
  }
}

async function synthesize(cwd: string, env: NodeJS.ProcessEnv, encrypted: boolean): Promise<void> {
  const source = join(cwd, "source");
  copyExample(source);
  const encryption = encrypted ? "" : "\n  encryption: { provider: off, reason: measured without }";
  const state = `state:\n  backend: local\n  path: ${join(cwd, "terraform.tfstate")}${encryption}\n`;
  const file = join(source, "cluster.yaml");
  writeFileSync(file, readFileSync(file, "utf8") + state);
  const out = join(source, "out");
  await measure({
    file: "ts-node",
    args: ["--swc", join(ROOT, "main.ts")],
    cwd,
    env: { ...env, CLUSTER_CONFIG: source, CDKTF_OUTDIR: out },
  });
  cpSync(join(out, "stacks/cluster/cdk.tf.json"), join(cwd, "cdk.tf.json"));
}

function summarize(wallMs: (name: string) => readonly number[]): { section: string; aims: Aim[] } {
  const compared = projects.map(({ name, encrypted }) => {
    const baseline = projects.find((each) => each.encrypted === encrypted)?.name ?? name;
    return { name, encrypted, baseline, ratio: ratios(wallMs(name), wallMs(baseline)) };
  });
  const rows = compared.map(({ name, ratio }) => [name, milliseconds(spread(wallMs(name))), times(ratio)]);
  const aims = compared
    .filter(({ name, baseline }) => name !== baseline)
    .map(
      ({ encrypted, ratio }): Aim => ({
        text: `plan of 6 nodes, ${encrypted ? "encrypted" : "plain"}: no slower than hand-written HCL`,
        limit: 1,
        found: ratio,
      }),
    );
  return { section: table(["configuration", "time", "to hand-written HCL"], rows), aims };
}
