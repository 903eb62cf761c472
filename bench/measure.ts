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
  /** User and system time; only for Node programs that `measureNode` runs. */
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
export async function measure({ file, args, cwd, env }: Command): Promise<Sample> {
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
  return { wallMs, ...JSON.parse(usage?.() || "{}") };
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
