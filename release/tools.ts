import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Program, resolveOpenTofu, resolveTool, type ToolchainOptions } from "../toolchain";

/** What a runner of CI needs besides OpenTofu and Node. */
const TOOLS = ["talosctl", "sops", "age", "age-keygen"] as const;

/**
 * Copies OpenTofu, talosctl, sops and age into a folder, in the versions that `toolchain/versions.ts` pins, downloaded or built and
 * checked as on every machine.
 * @returns one line for each, with its version
 * @throws where another version is on PATH or named by a variable, as it would be taken
 */
export async function copyTools(folder: string, options: ToolchainOptions): Promise<readonly string[]> {
  const found: [name: string, program: Program][] = [["tofu", await resolveOpenTofu(options)]];
  for (const name of TOOLS) found.push([name, await resolveTool(name, options)]);
  const foreign = found.filter(([, { origin }]) => origin !== "cache");
  if (foreign.length > 0) {
    const each = foreign.map(
      ([name, { version, path, origin }]) => `${name} ${version} (${path}, ${origin})`,
    );
    throw new Error(
      `${each.join(", ")}: not the pinned one; run this where PATH and the variables have none`,
    );
  }
  mkdirSync(folder, { recursive: true });
  for (const [name, { path }] of found) copyFileSync(path, join(folder, name));
  return found.map(([name, { version }]) => `${name} ${version}`);
}
