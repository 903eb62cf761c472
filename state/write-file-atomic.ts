import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes all of a file or nothing: a crash leaves the old or the new one, never half of one, and what is written is
 * on the disk on return.
 *
 * @param mode of a new file; by default its owner alone can read it
 */
export function writeFileAtomic(path: string, content: string | Uint8Array, mode = 0o600): void {
  const next = `${path}.next`;
  try {
    writeFileSync(next, content, { mode, flush: true });
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
  // The name is in the folder, which is written by itself.
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
