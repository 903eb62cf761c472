import { type LoggedRun, loggedRun } from "./logged-run";

export interface SynthProps extends Pick<LoggedRun, "env" | "log" | "signal" | "again" | "onLine"> {
  /** Folder of the program. */
  readonly root: string;
  /** Where the stacks go. */
  readonly output: string;
}

/**
 * Synthesizes all stacks, as cdktf.json says. `cdktf synth` around it would take three times as long, for the same
 * files.
 */
export async function synthesize({ root, output, env, ...run }: SynthProps): Promise<void> {
  await loggedRun({
    file: "ts-node",
    args: ["--swc", "main.ts"],
    cwd: root,
    env: { ...env, CDKTF_OUTDIR: output },
    ...run,
  });
}
