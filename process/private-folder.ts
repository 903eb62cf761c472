import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Folders that are in use. */
const folders = new Set<string>();

// A signal that ends the process at once, by `stopOnSignal`, comes by here too.
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/**
 * Lends a new folder that only this user can read, for what a program wants to have in a file. It is in memory if the system
 * has such a place for each user (XDG_RUNTIME_DIR), and is removed when `work` or the process ends.
 */
export async function withPrivateFolder<T>(
  env: NodeJS.ProcessEnv,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  // mkdtemp makes it with mode 700.
  const folder = mkdtempSync(join(env.XDG_RUNTIME_DIR || tmpdir(), "cdktf-proxmox-talos-"));
  folders.add(folder);
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    folders.delete(folder);
  }
}
