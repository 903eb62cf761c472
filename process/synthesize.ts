import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type LoggedRun, loggedRun } from "./logged-run";

export interface SynthProps extends Pick<LoggedRun, "env" | "log" | "signal" | "again" | "onLine"> {
  /** Folder of the program. */
  readonly root: string;
  /** Folder that gets the synthesized stacks. */
  readonly output: string;
}

/** Synthesizes all stacks with the program of cdktf.json. `cdktf synth` takes three times as long for the same files. */
export async function synthesize({ root, output, env, ...run }: SynthProps): Promise<void> {
  const { app } = JSON.parse(readFileSync(join(root, "cdktf.json"), "utf8")) as { readonly app: string };
  await loggedRun({
    file: "sh",
    args: ["-c", app],
    cwd: root,
    env: { ...env, CDKTF_OUTDIR: output },
    ...run,
  });
}
