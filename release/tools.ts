import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { resolveTool, resolveToolchain, type ToolchainOptions } from "../toolchain";

/** What a runner of CI needs besides Node. */
const TOOLS = ["talosctl", "sops", "age", "age-keygen"] as const;

/**
 * Copies OpenTofu, talosctl, sops and age into a folder: where there is no other, the releases that `toolchain/versions.ts` pins, checked
 * as on every machine.
 * @returns one line for each, with its version
 */
export async function copyTools(folder: string, options: ToolchainOptions): Promise<readonly string[]> {
  mkdirSync(folder, { recursive: true });
  const lines: string[] = [];
  const copy = (name: string, { path, version }: { readonly path: string; readonly version: string }) => {
    copyFileSync(path, join(folder, name));
    lines.push(`${name} ${version}`);
  };
  const { tofu: path, version } = await resolveToolchain(options);
  copy("tofu", { path, version });
  for (const name of TOOLS) copy(name, await resolveTool(name, options));
  return lines;
}
