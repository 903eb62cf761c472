import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { writeFileAtomic } from "../process/write-file-atomic";
import type { ToolchainContext } from "./context";

/** The OpenTofu CLI configuration that the user has. */
export interface UserCliConfig {
  readonly path: string;
  readonly text: string;
  /** It says where providers come from, and the toolchain leaves that as it is. */
  readonly installsProviders: boolean;
}

/** Reads TF_CLI_CONFIG_FILE, or else the file that OpenTofu would read. @returns undefined if there is none */
export async function userCliConfig(context: ToolchainContext): Promise<UserCliConfig | undefined> {
  const named = context.env.TF_CLI_CONFIG_FILE;
  if (named && !existsSync(named)) {
    context.report(`TF_CLI_CONFIG_FILE names ${named}, which does not exist; continuing without it`);
  }
  const path = named || defaultPaths(context.env).find(existsSync);
  if (path === undefined || !existsSync(path)) return undefined;
  const text = await readFile(path, "utf8");
  // Nothing can be appended to a JSON configuration, so it is used unchanged.
  const installsProviders = /^\s*provider_installation\b/m.test(text) || text.trimStart().startsWith("{");
  return { path, text, installsProviders };
}

/**
 * Writes the user's configuration and `block` as one file. It is named by its content, so that runs with different
 * configurations do not overwrite each other's file.
 * @returns its path, for TF_CLI_CONFIG_FILE
 */
export async function writeCliConfig(
  context: ToolchainContext,
  user: UserCliConfig | undefined,
  block: string,
): Promise<string> {
  const text = [user ? `# from ${user.path}\n${user.text.trimEnd()}\n` : "", block]
    .filter(Boolean)
    .join("\n");
  const folder = join(context.cacheDir, "cli-config");
  const path = join(folder, `${createHash("sha256").update(text).digest("hex").slice(0, 16)}.tofurc`);
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  // For its owner alone: the user's file may hold credentials.
  writeFileAtomic(path, text, 0o600);
  return path;
}

function defaultPaths(env: NodeJS.ProcessEnv): string[] {
  const home = env.HOME || homedir();
  const paths = [join(home, ".tofurc"), join(home, ".terraformrc")];
  return env.XDG_CONFIG_HOME ? [...paths, join(env.XDG_CONFIG_HOME, "opentofu", "tofurc")] : paths;
}
