import { spawn } from "node:child_process";
import { join } from "node:path";
import { Readable } from "node:stream";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** One run of a whole process. */
export interface Sample {
  /** From start to end. */
  readonly wallMs: number;
  /** User and system time; only with `measureNode` and `measureCpu`. */
  readonly cpuMs?: number;
  /** Largest resident set; only for Node programs that `measureNode` runs. */
  readonly peakMiB?: number;
}

export interface Contestant {
  readonly name: string;
  readonly run: () => Promise<Sample>;
}

/**
 * Runs a program and measures its time.
 * @throws with the program's output where it fails
 */
export async function measure(command: Command): Promise<Sample> {
  const { wallMs, usage } = await run(command);
  return { wallMs, ...JSON.parse(usage || "{}") };
}

/** @returns also what the program has written to file descriptor 3 */
async function run({ file, args, cwd, env }: Command): Promise<{ wallMs: number; usage: string }> {
  const started = performance.now();
  const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe", "pipe"] });
  const [output, errors, usage] = [child.stdout, child.stderr, child.stdio[3]].map(collect);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const wallMs = performance.now() - started;
  if (code !== 0) {
    throw new Error(`${file} ${args.join(" ")} ended with ${code}:\n${output?.()}${errors?.()}`);
  }
  return { wallMs, usage: usage?.() ?? "" };
}

/** Measures CPU time as well, for any program and the processes that it waits for: the provider of an OpenTofu. */
export async function measureCpu({ file, args, ...rest }: Command): Promise<Sample> {
  // The second line of `times` is that of the shell's children: `0m1.230000s 0m0.450000s`.
  const script = '"$@"; code=$?; times >&3; exit $code';
  const { wallMs, usage } = await run({ ...rest, file: "sh", args: ["-c", script, "sh", file, ...args] });
  const [, children = ""] = usage.split("\n");
  const cpuMs = [...children.matchAll(/(\d+)m([\d.]+)s/g)]
    .map(([, minutes, seconds]) => (Number(minutes) * 60 + Number(seconds)) * 1000)
    .reduce((sum, part) => sum + part, 0);
  return { wallMs, cpuMs };
}

/** Measures CPU time and memory as well, for a program that Node runs. */
export function measureNode(command: Command): Promise<Sample> {
  const preload = `--require ${JSON.stringify(join(__dirname, "report-usage.cjs"))}`;
  return measure({ ...command, env: { ...command.env, NODE_OPTIONS: preload } });
}

function collect(stream: unknown): () => string {
  const chunks: Buffer[] = [];
  if (stream instanceof Readable) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

/**
 * Runs all contestants in turn, round after round, so that other work on the machine slows all of them down alike.
 * A first round warms the caches up and does not count.
 * @returns the samples of each contestant, in the order of the rounds
 */
export async function takeTurns(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    process.stderr.write(`round ${round} of ${rounds}\n`);
    for (const { name, run } of contestants) {
      const sample = await run();
      if (round > 0) samples.get(name)?.push(sample);
    }
  }
  return samples;
}
