import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runGroup } from "../process/process-group";
import { encryptionOf } from "./encryption";
import { NotChecked } from "./line";
import type { Site } from "./site";

/** Whether OpenTofu says that the key opens no state. */
export const isWrongKey = (stderr: string): boolean => /decryption failed/i.test(stderr);

/**
 * Asks OpenTofu itself for the addresses in a state, in a folder with a copy of it, as it is kept: encrypted.
 * @throws NotChecked where there is no OpenTofu
 */
export async function listResources({ tools, env, project }: Site, bytes: Uint8Array) {
  const tofu = await tools.openTofu();
  if (!tofu) throw new NotChecked("OpenTofu is not installed", "npm run toolchain");
  const folder = mkdtempSync(join(tmpdir(), "doctor-"));
  try {
    writeFileSync(join(folder, "terraform.tfstate"), bytes, { mode: 0o600 });
    writeFileSync(
      join(folder, "encryption.tf.json"),
      JSON.stringify(encryptionOf(project.config.encryption)),
    );
    return await runGroup(tofu.path, ["state", "list", "-no-color"], {
      cwd: folder,
      env: {
        ...env,
        TF_WORKSPACE: undefined,
        TF_DATA_DIR: undefined,
        TF_CLI_ARGS: undefined,
        CHECKPOINT_DISABLE: "1",
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
