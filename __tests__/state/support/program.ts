import { spawn } from "node:child_process";
import { join } from "node:path";
import { endWithTests } from "../../support/end-with-tests";
import { inheritedEnv } from "../../support/inherited-env";
import { requirePlain } from "../../support/plain-output";
import { ROOT, TYPESCRIPT } from "../../support/running-program";

export interface ProgramResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, on one line. */
  readonly said: string;
}

/** A TypeScript program of the project. */
export class Program {
  /** What Node gets. */
  readonly args: readonly string[];

  /** @param entry relative to the root of the project */
  constructor(entry: string) {
    this.args = [...TYPESCRIPT, join(ROOT, entry)];
  }

  /** Runs it in a folder. */
  async run(
    cwd: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<ProgramResult> {
    const child = spawn(process.execPath, [...this.args, ...args], {
      cwd,
      env: { ...inheritedEnv(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    endWithTests(child);
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
      child.on("close", (...end) => resolve(end)),
    );
    requirePlain({ command: args, stdout, stderr, isWhole: signal === null });
    return { exitCode, signal, stdout, stderr, said: `${stdout}${stderr}`.replace(/\s+/g, " ") };
  }
}
