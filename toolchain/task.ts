import { platform, type ToolchainContext } from "./context";
import type { ProgramPin } from "./program";
import { listedChecksum } from "./release";
import { TASK } from "./versions";

const releases = ({ githubReleases }: ToolchainContext) => `${githubReleases}/go-task/task/releases/download`;

/** Runs the tasks of Taskfile.yaml. */
export const TASK_PIN: ProgramPin = {
  ...TASK,
  name: "task",
  variable: "TASK",
  versionArgs: ["--version"],
  versionPattern: /^(?:Task version: )?v?(\d+\.\d+\.\d+\S*)/m,
  site: "https://taskfile.dev/docs/installation",
  buildTime: "1 to 3 minutes",
  releases,
  release: async (context) => {
    const folder = `${releases(context)}/v${TASK.version}`;
    const file = `task_${platform()}.tar.gz`;
    const sha256 = await listedChecksum(`${folder}/task_checksums.txt`, file);
    return { url: `${folder}/${file}`, sha256, member: "task" };
  },
};
