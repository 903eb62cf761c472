import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../process/package-root";
import { passSignals } from "../process/pass-signals";
import { waiting } from "../process/waiting";

const NO_CDKTF = "cdktf is not on PATH; install it in your project: npm install cdktf-cli@0.21.0";

/** To compile cdktf takes a second at each start. Node 20 has no such cache. */
const COMPILED_ONCE = { NODE_COMPILE_CACHE: join(PACKAGE_ROOT, "node_modules/.cache/v8") };

export interface ForegroundProps {
  readonly env: NodeJS.ProcessEnv;
  /** @default - the folder of this process */
  readonly cwd?: string;
  /** Shows the standard output only where the program fails. @default false */
  readonly quiet?: boolean;
}

export interface ForegroundResult {
  /** 128 plus its number where a signal ended the program. */
  readonly code: number;
  /** What it has written to its standard error. */
  readonly errors: string;
  /** The signal that came meanwhile, whatever the program has made of it. */
  readonly interruptedBy?: NodeJS.Signals;
}

/** Runs a program on this terminal, and passes signals on to it. */
export function runInForeground(
  file: string,
  args: readonly string[],
  { env, cwd, quiet = false }: ForegroundProps,
): Promise<ForegroundResult> {
  const child = spawn(file, args, { env, cwd, stdio: ["inherit", quiet ? "pipe" : "inherit", "pipe"] });
  let printed = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
    process.stderr.write(text);
  });
  let interruptedBy: NodeJS.Signals | undefined;
  const passing = passSignals(child, (signal) => {
    interruptedBy ??= signal;
  });
  return new Promise<ForegroundResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code !== 0) process.stderr.write(printed);
      resolve({ code: code ?? codeOf(signal), errors, interruptedBy });
    });
  }).finally(() => passing.stop());
}

const codeOf = (signal: NodeJS.Signals | null) => 128 + (signal ? constants.signals[signal] : 0);

/**
 * @param quiet shows what cdktf prints only where it fails
 * @returns the exit code; a plan that was interrupted is none that may be applied, though it may be whole
 */
export async function runCdktf(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  quiet = false,
): Promise<number> {
  const work = () => runInForeground("cdktf", args, { env: { ...COMPILED_ONCE, ...env }, quiet });
  try {
    const step = args[0] === "synth" ? "synthesizing" : "planning";
    const { code, interruptedBy } = await (quiet ? waiting(step, work) : work());
    return code === 0 && interruptedBy ? codeOf(interruptedBy) : code;
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ENOENT" ? new Error(NO_CDKTF) : error;
  }
}
