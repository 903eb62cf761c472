import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { endWithTests, killAll } from "./end-with-tests";
import { requirePlain } from "./plain-output";
import { waitUntil } from "./wait-until";

/** The root of the project. */
export const ROOT = join(__dirname, "../..");

/** What Node gets before the path of a TypeScript program. */
export const TYPESCRIPT = ["--require", join(ROOT, "fast-ts.cjs")] as const;

export interface ProgramOptions {
  /** The whole environment. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** @default - the root of the project */
  readonly cwd?: string;
  /** Runs in a process group of its own, which the test has to end. @default false */
  readonly detached?: boolean;
}

/** A program of the project in a process of its own. */
export interface RunningProgram {
  readonly child: ChildProcess;
  /** Everything that it has written to both streams so far. */
  said(): string;
  /** The lines that it has written to the standard output so far. */
  lines(): readonly string[];
  /** Waits until it has written this. @throws with its output where it ends before */
  says(text: string | RegExp): Promise<void>;
  /** Waits for the first line of the standard output. @throws with its output where it ends before */
  firstLine(): Promise<string>;
  /** Its exit code, or the signal that ended it, once both streams are closed. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Starts a TypeScript program of the project. @param file relative to the root of the project */
export function startProgram(
  file: string,
  args: readonly string[] = [],
  options: ProgramOptions = {},
): RunningProgram {
  return start(process.execPath, [...TYPESCRIPT, resolve(ROOT, file), ...args], options);
}

/** Starts an npm script of the project. */
export function startScript(args: readonly string[], options: ProgramOptions = {}): RunningProgram {
  return start("npm", args, options);
}

/** Runs a TypeScript program of the project to its end. */
export async function runProgram(file: string, args: readonly string[] = [], options: ProgramOptions = {}) {
  const { ended, said } = startProgram(file, args, options);
  return { code: await ended, said: said() };
}

/** Kills the programs that a test has left running, detached ones with their whole group. After the last test it happens by itself. */
export const killPrograms = killAll;

function start(
  file: string,
  args: readonly string[],
  { env, cwd = ROOT, detached = false }: ProgramOptions,
): RunningProgram {
  const options = { cwd, env, detached, stdio: ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"] };
  const child = endWithTests(spawn(file, args, options), detached);
  let output = "";
  let [stdout, stderr] = ["", ""];
  // A program that has ended may have written something that has not come yet.
  let isClosed = false;
  child.once("close", () => {
    isClosed = true;
  });
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
    stderr += chunk;
  });
  const lines = () => stdout.split("\n").slice(0, -1);
  const waitFor = (what: string, isThere: () => boolean) =>
    waitUntil(() => {
      if (isThere()) return true;
      if (isClosed) throw new Error(`${args.join(" ")} ended without ${what}:\n${output}`);
      return false;
    });
  return {
    child,
    said: () => output,
    lines,
    says: (text) => waitFor(String(text), () => output.match(text) !== null),
    async firstLine() {
      await waitFor("a line on its standard output", () => lines().length > 0);
      return lines()[0] ?? "";
    },
    ended: once(child, "close").then(([code, signal]) => {
      requirePlain({ command: args, stdout, stderr, isWhole: signal === null });
      return code ?? signal;
    }),
  };
}
