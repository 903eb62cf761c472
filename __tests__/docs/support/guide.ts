import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runGroup } from "../../../process/process-group";
import { ROOT } from "../../support/running-program";

/** The commands of a guide: its blocks of `sh`, in their order, as they are written. */
export function commandsOf(guide: string): readonly string[] {
  const text = readFileSync(join(ROOT, "docs", guide), "utf8");
  return [...text.matchAll(/^( *)```sh\n(.*?)^ *```$/gms)].map(([, indent = "", block = ""]) =>
    block.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );
}

/** Runs the commands of a guide in one shell, which stops at the first that fails. @returns what they said */
export async function follow(guide: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const script = ["set -euo pipefail", ...commandsOf(guide)].join("\n");
  const { exitCode, output } = await runGroup("bash", ["-c", script], { cwd, env });
  if (exitCode !== 0) throw new Error(`docs/${guide} stops with ${exitCode}:\n${output}`);
  return output;
}
