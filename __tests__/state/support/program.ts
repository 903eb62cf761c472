import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { inheritedEnv } from "../../support/inherited-env";
import { requirePlain } from "../../support/plain-output";

const root = join(__dirname, "../../..");

export interface ProgramResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, on one line. */
  readonly said: string;
}

/** A TypeScript program, bundled into one file so that it starts faster. */
export class Program {
  private readonly folder = mkdtempSync(join(tmpdir(), "program-"));
  readonly file = join(this.folder, "main.cjs");

  private constructor() {}

  static async bundle(entry: string): Promise<Program> {
    const program = new Program();
    await build({
      entryPoints: [join(root, entry)],
      outfile: program.file,
      bundle: true,
      platform: "node",
      format: "cjs",
      external: ["fs-native-extensions"],
      logLevel: "silent",
    });
    return program;
  }

  /** Runs it in a folder. */
  async run(
    cwd: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<ProgramResult> {
    const child = spawn(process.execPath, [this.file, ...args], {
      cwd,
      env: {
        ...inheritedEnv(),
        NODE_PATH: join(root, "node_modules"),
        // The second start compiles nothing.
        NODE_COMPILE_CACHE: join(this.folder, "compiled"),
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
      child.on("close", (...end) => resolve(end)),
    );
    requirePlain({ command: args, stdout, stderr, isWhole: signal === null });
    return { exitCode, signal, stdout, stderr, said: `${stdout}${stderr}`.replace(/\s+/g, " ") };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
