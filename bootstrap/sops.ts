import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { writeFileAtomic } from "../process/write-file-atomic";

/** Relative to the folder of `.sops.yaml`. */
export const SOPS_FILE = "secrets/state.sops.env";

/** Whether secrets are kept with sops here. */
export const isSopsConfigured = (folder: string): boolean => existsSync(join(folder, ".sops.yaml"));

/**
 * Encrypts variables by the rule of `.sops.yaml` for {@link SOPS_FILE}. They go to sops through a pipe: nothing is on disk
 * in the clear.
 *
 * @param dotenv the variables, one `NAME=value` a line
 * @param env with the PATH that has sops, and where sops looks for keys
 * @throws where sops is missing, or has no rule for the file
 */
export async function encryptWithSops(
  folder: string,
  dotenv: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const types = ["--input-type", "dotenv", "--output-type", "dotenv"];
  // Without a file name it reads its standard input; /dev/stdin cannot be opened: ours is a socket.
  const args = ["encrypt", ...types, "--filename-override", SOPS_FILE];
  const running = promisify(execFile)("sops", args, { cwd: folder, env });
  // A sops that ends early closes the pipe.
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

/** Writes what was encrypted. @returns the path of the file */
export async function writeSopsFile(folder: string, encrypted: string): Promise<string> {
  const path = join(folder, SOPS_FILE);
  await mkdir(dirname(path), { recursive: true });
  writeFileAtomic(path, encrypted, 0o666);
  return path;
}
