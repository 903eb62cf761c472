import { appendFileSync, writeFileSync } from "node:fs";
import { displayPath } from "./display-path";
import { runGroup, tail } from "./process-group";

export interface LoggedRun {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** File that gets what the program says; undefined where its standard output has secrets. */
  readonly log: string | undefined;
  readonly signal: AbortSignal;
  /** The command to type again once the fault is mended. */
  readonly again: string;
  readonly onLine: (line: string) => void;
  /** Exit codes that are an answer. @default [0] */
  readonly accept?: readonly number[];
}

/**
 * Runs a program into a log file.
 * @returns its exit code and standard output
 * @throws with the end of what it said and where the rest is
 */
export async function loggedRun(
  run: LoggedRun,
): Promise<{ readonly exitCode: number; readonly stdout: string }> {
  const { log } = run;
  if (log) writeFileSync(log, `$ ${[run.file, ...run.args].join(" ")}\n`);
  const onLine = (line: string) => {
    if (log) appendFileSync(log, `${line}\n`);
    // Brackets and rules say nothing on their own.
    if (/\w/.test(line)) run.onLine(line.trim());
  };
  const { exitCode, stdout, stderr, output } = await runGroup(run.file, run.args, { ...run, onLine });
  if (exitCode === null || !(run.accept ?? [0]).includes(exitCode)) {
    const [program = run.file] = run.file.split("/").slice(-1);
    const said = log
      ? `. The end of ${displayPath(log)}:\n\n${tail(output, 30)}\n`
      : `:\n\n${tail(stderr, 30)}\n`;
    throw new Error(
      `${program} ${run.args[0] ?? ""} ended with ${exitCode ?? "a signal"}${said}\n` +
        `mend what it complains about and run \`${run.again}\` again: it goes on from here`,
    );
  }
  return { exitCode, stdout };
}
