import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";

/** Process groups that are still running: a child process, and everything that it has started. */
const groups = new Set<number>();

/** Descriptors that every program inherits: a lock on one of them lasts as long as any program that has it. */
export const inheritedDescriptors = new Set<number>();

// If this process exits without waiting, the groups end with it.
process.on("exit", () => {
  for (const pid of groups) signalGroup(pid, "SIGKILL");
});

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment of the process. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Aborting sends SIGINT to the group, and SIGKILL to what is left of it after `graceMs`. */
  readonly signal?: AbortSignal;
  /**
   * In this time OpenTofu finishes the current operation and writes its state.
   * @default 20_000
   */
  readonly graceMs?: number;
  /** Each line that the process writes, as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout and stderr as they came. */
  readonly output: string;
}

/**
 * Runs a program in a process group of its own, without a terminal, and waits for the end of the whole group.
 * Any exit code is a result.
 * @throws the error of spawn (the program is missing), or `signal.reason` when aborted.
 */
export async function runGroup(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", ...inheritedDescriptors],
  }) as ChildProcessByStdio<null, Readable, Readable>;
  const { pid } = child;
  if (pid !== undefined) groups.add(pid);
  const watcher = pid === undefined ? undefined : killWithThisProcess(pid);

  let stdout = "";
  let stderr = "";
  let output = "";
  const collect = (stream: NodeJS.ReadableStream, isStdout: boolean) => {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      output += chunk;
      if (isStdout) stdout += chunk;
      else stderr += chunk;
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) options.onLine?.(line);
    });
    stream.on("end", () => rest && options.onLine?.(rest));
  };
  collect(child.stdout, true);
  collect(child.stderr, false);

  let killer: NodeJS.Timeout | undefined;
  const stop = () => {
    if (pid === undefined) return;
    signalGroup(pid, "SIGINT");
    killer = setTimeout(() => signalGroup(pid, "SIGKILL"), options.graceMs ?? 20_000);
  };
  options.signal?.addEventListener("abort", stop, { once: true });

  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", () => pid !== undefined && signalGroup(pid, "SIGKILL"));
      child.once("close", resolve);
    });
    options.signal?.throwIfAborted();
    return { exitCode, stdout, stderr, output };
  } finally {
    clearTimeout(killer);
    options.signal?.removeEventListener("abort", stop);
    if (pid !== undefined) groups.delete(pid);
    watcher?.kill("SIGKILL");
  }
}

/**
 * Starts a watcher that ends the group when this process is gone, even by `kill -9`: its pipe is closed then. Without it,
 * OpenTofu would end at the next line that nobody reads, and its providers would stay for ever.
 */
function killWithThisProcess(pid: number): ChildProcess {
  const watcher = spawn("sh", ["-c", 'read -r _; kill -s KILL -- "-$1"', "sh", String(pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watcher.on("error", () => undefined);
  watcher.stdin.on("error", () => undefined);
  return watcher;
}

/** The last lines of an output, for an error. */
export function tail(output: string, lines = 15): string {
  return output.trimEnd().split("\n").slice(-lines).join("\n");
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: the group has ended.
  }
}
