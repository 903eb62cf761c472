import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { writeFileAtomic } from "../process/write-file-atomic";

/** The encrypted file, relative to the folder of `.sops.yaml`. */
export const SOPS_FILE = "secrets/state.sops.env";

/** Whether the folder has a `.sops.yaml`. */
export const isSopsConfigured = (folder: string): boolean => existsSync(join(folder, ".sops.yaml"));

/**
 * Encrypts variables by the rule of `.sops.yaml` for {@link SOPS_FILE}. sops reads them from a pipe, so no plain text is
 * written to disk.
 *
 * @param dotenv the variables, one `NAME=value` a line
 * @param env PATH, and the variables that tell sops where its keys are
 * @throws if sops is missing, or has no rule for the file
 */
export async function encryptWithSops(
  folder: string,
  dotenv: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const types = ["--input-type", "dotenv", "--output-type", "dotenv"];
  // Without a file name sops reads its standard input. /dev/stdin would not work: Node passes a socket.
  const args = ["encrypt", ...types, "--filename-override", SOPS_FILE];
  const running = promisify(execFile)("sops", args, { cwd: folder, env });
  // If sops ends early, the pipe breaks. Its exit code is reported below.
  running.child.stdin?.on("error", () => undefined).end(`${dotenv}\n`);
  try {
    return (await running).stdout;
  } catch (error) {
    const { code, stderr } = error as { readonly code: string | number; readonly stderr: string };
    if (code === "ENOENT")
      throw new Error("there is a .sops.yaml, but sops is not on PATH; install sops 3.10 or later");
    throw new Error(
      `sops encrypt ended with ${code}: ${stderr.trim()}; is there a creation rule for ${SOPS_FILE} in .sops.yaml?`,
    );
  }
}

/** @returns the path of the written file */
export async function writeSopsFile(folder: string, encrypted: string): Promise<string> {
  const path = join(folder, SOPS_FILE);
  await mkdir(dirname(path), { recursive: true });
  writeFileAtomic(path, encrypted, 0o666);
  return path;
}
