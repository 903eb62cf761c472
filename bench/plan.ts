import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningProxmox, startProxmox } from "../stand-ins/proxmox";
import type { Toolchain } from "../toolchain";
import { table } from "./markdown";
import { type Command, type Contestant, measure, measureCpu, type Sample, takeTurns } from "./measure";
import { writeHandWritten, writePlannedCluster } from "./planned-cluster";
import { type Aim, milliseconds, times } from "./report";
import { ratios, spread } from "./statistics";
import { tofuEnv } from "./tofu-env";

const ROOT = join(__dirname, "..");
const TYPESCRIPT = ["--require", join(ROOT, "fast-ts.cjs")];
/** 256 random bits, so that it may be called generated. */
const PASSPHRASE = randomBytes(32).toString("base64");

/** How each of them keeps its state. */
const STATES = [
  { name: "plain state", encryption: "{ provider: off, reason: measured without }", limit: 1.05 },
  { name: "encrypted state", encryption: "{ provider: pbkdf2 }", limit: 0.5 },
  {
    name: "encrypted state, generated passphrase",
    encryption: "{ provider: pbkdf2, generated_passphrase: true }",
    limit: 0.5,
  },
] as const;
const SIZES = [6, 100] as const;

interface Project {
  readonly name: string;
  /** Undefined for the one that others are compared with. */
  readonly baseline?: string;
  readonly limit?: number;
  /** Whether OpenTofu collects garbage as often as by itself. */
  readonly untuned?: boolean;
  /** Writes the configuration to the folder `cwd`. */
  readonly write: (cwd: string, env: NodeJS.ProcessEnv) => Promise<void>;
}

const projects: readonly Project[] = SIZES.flatMap((size) => {
  const handWritten = (encrypted: boolean): Project => ({
    name: `${size} nodes: hand-written HCL, ${encrypted ? "encrypted" : "plain"} state`,
    untuned: true,
    write: async (cwd) => writeHandWritten(size, encrypted, cwd),
  });
  const plain = handWritten(false);
  const tuned = { ...plain, name: `${plain.name}, tuned`, baseline: plain.name, untuned: false };
  const ours = STATES.map(({ name, encryption, limit }): Project => {
    const baseline = handWritten(name !== "plain state").name;
    const write = (cwd: string, env: NodeJS.ProcessEnv) => synthesize(size, encryption, cwd, env);
    return { name: `${size} nodes: this program, ${name}`, baseline, limit, write };
  });
  return [plain, tuned, handWritten(true), ...ours];
});

/** Measures empty plans of the same VMs; each project has its own stand-in Proxmox. */
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
    return summarize(samples);
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
  const untuned = { GOGC: undefined, GOMEMLIMIT: undefined };
  const base = {
    ...tofuEnv(toolchain),
    ...(project.untuned && untuned),
    TF_VAR_state_passphrase: PASSPHRASE,
  };
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
  return { name: project.name, run: () => measureCpu(tofu("plan", "-input=false", "-detailed-exitcode")) };
}

async function synthesize(
  size: number,
  encryption: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const source = join(cwd, "source");
  writePlannedCluster(size, source);
  const file = join(source, "cluster.yaml");
  const path = join(cwd, "terraform.tfstate");
  const state = `state:\n  backend: local\n  path: ${path}\n  encryption: ${encryption}\n`;
  writeFileSync(file, readFileSync(file, "utf8") + state);
  const out = join(source, "out");
  await measure({
    file: process.execPath,
    args: [...TYPESCRIPT, join(ROOT, "main.ts")],
    cwd,
    env: { ...env, CLUSTER_CONFIG: source, CDKTF_OUTDIR: out },
  });
  cpSync(join(out, "stacks/cluster/cdk.tf.json"), join(cwd, "cdk.tf.json"));
}

type Samples = ReadonlyMap<string, readonly Sample[]>;

function summarize(samples: Samples): { section: string; aims: Aim[] } {
  const of = (name: string, key: "wallMs" | "cpuMs") =>
    (samples.get(name) ?? []).map((sample) => sample[key] ?? Number.NaN);
  const against = (name: string, baseline: string, key: "wallMs" | "cpuMs" = "wallMs") =>
    ratios(of(name, key), of(baseline, key));
  const rows = projects.map(({ name, baseline = name }) => [
    name,
    milliseconds(spread(of(name, "wallMs"))),
    milliseconds(spread(of(name, "cpuMs"))),
    times(against(name, baseline)),
    times(against(name, baseline, "cpuMs")),
  ]);
  const aims = projects.flatMap(({ name, baseline, limit }): Aim[] =>
    baseline === undefined || limit === undefined
      ? []
      : [
          {
            text: `plan of ${name}: at most ${limit} × hand-written HCL`,
            limit,
            found: against(name, baseline),
          },
        ],
  );
  const heads = ["configuration", "time", "CPU time", "to hand-written HCL", "CPU time to hand-written HCL"];
  return { section: table(heads, rows), aims };
}
