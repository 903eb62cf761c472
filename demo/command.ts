import { join } from "node:path";
import { type LoggedRun, loggedRun } from "../process/logged-run";
import { type Progress, step } from "../process/step";
import type { Cluster } from "./cluster";

export interface CommandRun {
  /** As in `npm run NAME`. */
  readonly name: string;
  /** Shown. */
  readonly args: readonly string[];
  /** Not shown: where the credentials are, and what is written to the folder of the demonstration. */
  readonly files?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly accept?: LoggedRun["accept"];
}

export type Command = (run: CommandRun, then: (code: number, progress: Progress) => void) => Promise<void>;

/** Runs commands of this project as `npm run` does, each as a step whose title is what a user would type. */
export const commandsOf =
  ({ root, folder, signal }: Pick<Cluster["props"], "root" | "folder" | "signal">): Command =>
  ({ name, args, files = [], env, accept }, then) => {
    const typed = ["npm run", name, ...(args.length > 0 ? ["--", ...args] : [])].join(" ");
    return step(typed, async (progress) => {
      const { exitCode } = await loggedRun({
        file: process.execPath,
        args: [
          ...["--require", join(root, "fast-ts.cjs")],
          ...[join(root, "cli", `${name}.ts`), ...args, ...files],
        ],
        called: typed,
        cwd: folder.root,
        env,
        log: join(folder.logs, `${name}.log`),
        signal,
        again: "npm start",
        accept,
        onLine: progress.follow,
      });
      then(exitCode, progress);
    });
  };
