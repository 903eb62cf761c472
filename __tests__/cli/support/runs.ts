import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { inheritedEnv } from "../../support/inherited-env";
import { TYPESCRIPT } from "../../support/running-program";

/** A command to run. */
export interface Run {
  /** In `cli/`, without extension. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A command or a subcommand that does something. */
export interface DescribedCommand {
  /** The words behind the name of the command: `list` of `state list`. */
  readonly words: readonly string[];
  /** Those that it takes, with two dashes. */
  readonly options: readonly string[];
}

export interface RunOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the program has that was run. */
  readonly commands: readonly DescribedCommand[];
}

/**
 * Runs commands in a folder, on pipes, in one process, as a job of a workflow does: there, some libraries write colours.
 * @param env for all of them
 */
export function runInTurn(
  runs: readonly Run[],
  { folder, env = {} }: { folder: string; env?: NodeJS.ProcessEnv },
): readonly RunOutcome[] {
  const { NO_COLOR, FORCE_COLOR, ...inherited } = inheritedEnv();
  const { output, status } = spawnSync(process.execPath, [...TYPESCRIPT, join(__dirname, "run-in-turn.ts")], {
    cwd: folder,
    env: { ...inherited, HOME: folder, CI: "true", GITHUB_ACTIONS: "true", ...env },
    input: JSON.stringify(runs),
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    maxBuffer: 1 << 26,
  });
  const [, stdout, stderr, outcomes] = output ?? [];
  if (status !== 0 || !outcomes) throw new Error(`the commands did not end: ${status}\n${stdout}${stderr}`);
  if (stdout || stderr) throw new Error(`written past the streams: ${stdout}${stderr}`);
  return JSON.parse(outcomes) as readonly RunOutcome[];
}
