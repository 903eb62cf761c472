import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { copyExample, writeCluster } from "./clusters";
import { table } from "./markdown";
import { type Contestant, measureNode, type Sample, takeTurns } from "./measure";
import { type Aim, milliseconds, times } from "./report";
import { ratios, spread } from "./statistics";
import { cleanEnv } from "./tofu-env";

const ROOT = join(__dirname, "..");
const TYPESCRIPT = ["--require", join(ROOT, "fast-ts.cjs")];
const BARE = "bare app, 1 resource";
const SIX = "6 nodes (the VMs of the example)";
const GENERATED = [3, 30, 300] as const;
const nameOf = (size: number) => `${size} nodes`;

/** Synthesis as cdktf starts it, against a bare app. */
export async function benchSynth(folder: string, rounds: number): Promise<{ section: string; aims: Aim[] }> {
  const contestant = (name: string, program: string, clusterConfig?: string): Contestant => {
    const cwd = join(folder, name.replaceAll(/\W+/g, "-"));
    mkdirSync(cwd, { recursive: true });
    const env = { ...cleanEnv(), CLUSTER_CONFIG: clusterConfig };
    const run = () =>
      measureNode({ file: process.execPath, args: [...TYPESCRIPT, join(ROOT, program)], cwd, env });
    return { name, run };
  };
  const samples = await takeTurns(
    [
      contestant(BARE, "bench/bare-app.ts"),
      contestant(SIX, "main.ts", copyExample(join(folder, "six-nodes"))),
      ...GENERATED.map((size) => contestant(nameOf(size), "main.ts", writeCluster(size, folder))),
    ],
    rounds,
  );

  const of = (name: string, key: keyof Sample) =>
    (samples.get(name) ?? []).map((sample) => sample[key] ?? Number.NaN);
  const against = (name: string, baseline: string) => ratios(of(name, "wallMs"), of(baseline, "wallMs"));
  const rows = [...samples.keys()].map((name) => [
    name,
    milliseconds(spread(of(name, "wallMs"))),
    milliseconds(spread(of(name, "cpuMs"))),
    `${Math.round(spread(of(name, "peakMiB")).max)} MiB`,
    times(against(name, BARE)),
    times(against(name, nameOf(3))),
  ]);
  const heads = ["program", "time", "CPU time", "peak memory", "to the bare app", "to 3 nodes"];
  return {
    section: table(heads, rows),
    aims: [
      { text: "synth of 6 nodes: at most 1.15 × the bare app", limit: 1.15, found: against(SIX, BARE) },
      {
        text: "synth of 300 nodes: at most 1.5 × 3 nodes",
        limit: 1.5,
        found: against(nameOf(300), nameOf(3)),
      },
    ],
  };
}
