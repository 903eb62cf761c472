import { appendFileSync, writeFileSync } from "node:fs";
import { displayPath } from "./display-path";
import { runGroup, tail } from "./process-group";

/** A program to run, and where its output goes. */
export interface LoggedRun {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** File that gets the output; undefined if the output has secrets. */
  readonly log: string | undefined;
  readonly signal: AbortSignal;
  /** What people know it by. @default - the program and its first argument */
  readonly called?: string;
  /** The command to run again after a failure, for the error. */
  readonly again: string;
  readonly onLine: (line: string) => void;
  /** Exit codes that are not a failure. @default [0] */
  readonly accept?: readonly number[];
}

/**
 * Runs a program, and writes its output to a log file.
 * @returns its exit code and standard output
 * @throws Error with the end of the output, and the path of the log
 */
export async function loggedRun(
  run: LoggedRun,
): Promise<{ readonly exitCode: number; readonly stdout: string }> {
  const { log } = run;
  if (log) writeFileSync(log, `$ ${[run.file, ...run.args].join(" ")}\n`);
  const onLine = (line: string) => {
    if (log) appendFileSync(log, `${line}\n`);
    // Lines of brackets or dashes alone are not shown.
    if (/\w/.test(line)) run.onLine(line.trim());
  };
  const { exitCode, stdout, stderr, output } = await runGroup(run.file, run.args, { ...run, onLine });
  if (exitCode === null || !(run.accept ?? [0]).includes(exitCode)) {
    const [program = run.file] = run.file.split("/").slice(-1);
    const said = log
      ? `. The end of ${displayPath(log)}:\n\n${tail(output, 30)}\n`
      : `:\n\n${tail(stderr, 30)}\n`;
    throw new Error(
      `${run.called ?? `${program} ${run.args[0] ?? ""}`} ended with ${exitCode ?? "a signal"}${said}\n` +
        `fix what it reports, then run \`${run.again}\` again`,
    );
  }
  return { exitCode, stdout };
}
