import { spawn } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SECRETS_FILE } from "../domain/secrets";
import { displayPath } from "../process/display-path";
import { SecretsError } from "./errors";
import { readEncryptedFile } from "./secrets-file";
import type { SopsProps } from "./sops";
import { writeSecrets } from "./update";

/** What sops answers if the editor has changed nothing. */
const UNCHANGED = 200;

/**
 * Opens the secrets in the editor. sops writes to a copy, still encrypted, which takes the place of the file in one step: on a
 * full disk, or where sops is killed, it would leave an empty file, and the passphrase of the state is nowhere else.
 *
 * The editor needs a file in plain text: it is in memory if the machine has such a folder.
 * @returns whether anything was changed
 * @throws SecretsError if there is no file, or sops fails
 */
export async function edit({ folder, env, sops }: SopsProps): Promise<boolean> {
  const file = readEncryptedFile(folder);
  if (file === undefined) {
    throw new SecretsError(
      `there is no ${SECRETS_FILE} in ${displayPath(folder)}; make it: npm run secrets -- init`,
    );
  }
  const program = await sops();
  const name = `.${process.pid}.${SECRETS_FILE}`;
  const copy = join(folder, name);
  try {
    copyFileSync(file.path, copy);
    const memory = [env.XDG_RUNTIME_DIR, "/dev/shm"].find((each) => each && existsSync(each));
    const code = await runEditor(program, ["edit", name], {
      cwd: folder,
      env: { ...env, ...(memory && { TMPDIR: memory }) },
    });
    if (code === UNCHANGED) return false;
    if (code !== 0) throw new SecretsError(`sops edit ended with ${code ?? "a signal"}; nothing was changed`);
    writeSecrets(folder, readFileSync(copy, "utf8"));
    return true;
  } finally {
    rmSync(copy, { force: true });
  }
}

/** On this terminal. @returns the exit code, null after a signal */
async function runEditor(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<number | null> {
  const child = spawn(program, args, { ...options, stdio: "inherit" });
  // A terminal sends Ctrl-C to the editor as well, which decides what it means.
  const ignore = () => undefined;
  process.on("SIGINT", ignore);
  try {
    return await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
  } finally {
    process.off("SIGINT", ignore);
  }
}
