import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "../process/write-file-atomic";

/** Relative to the folder of `.sops.yaml`. */
export const SOPS_FILE = "secrets/state.sops.env";

/** Whether secrets are kept with sops here. */
export const isSopsConfigured = (folder: string): boolean => existsSync(join(folder, ".sops.yaml"));

/**
 * Writes variables into {@link SOPS_FILE}, encrypted by the rules of `.sops.yaml`. They go to sops through a pipe:
 * nothing is on disk in the clear.
 *
 * @param dotenv the variables, one `NAME=value` a line
 * @param env with the PATH that has sops, and where sops looks for keys
 * @returns the path of the file
 * @throws where sops is missing, or has no rule for the file
 */
export async function writeWithSops(
  folder: string,
  dotenv: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const encrypted = await encrypt(folder, dotenv, env);
  const path = join(folder, SOPS_FILE);
  await mkdir(dirname(path), { recursive: true });
  writeFileAtomic(path, encrypted, 0o666);
  return path;
}

/**
 * Tries what {@link writeWithSops} will do, and writes nothing: a bootstrap that is done should not end in an error.
 *
 * @throws what {@link writeWithSops} would
 */
export async function trySops(
  folder: string,
  dotenv: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  await encrypt(folder, dotenv, env);
}

function encrypt(folder: string, text: string, env: NodeJS.ProcessEnv): Promise<string> {
  const types = ["--input-type", "dotenv", "--output-type", "dotenv"];
  // Without a file name it reads its standard input; /dev/stdin cannot be opened: ours is a socket.
  const args = ["encrypt", ...types, "--filename-override", SOPS_FILE];
  const child = spawn("sops", args, { cwd: folder, env, stdio: ["pipe", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "ENOENT"
          ? new Error("there is a .sops.yaml, but sops is not on PATH; install sops 3.10 or later")
          : error,
      ),
    );
    child.once("close", (code) =>
      code === 0
        ? resolve(stdout)
        : reject(
            new Error(
              `sops encrypt ended with ${code}: ${stderr.trim()}; is there a creation rule for ${SOPS_FILE} in .sops.yaml?`,
            ),
          ),
    );
    // A sops that ends early closes the pipe.
    child.stdin.on("error", () => undefined).end(`${text}\n`);
  });
}
