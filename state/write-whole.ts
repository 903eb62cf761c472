import { renameSync, writeFileSync } from "node:fs";

/**
 * Writes all of a file or nothing: a crash leaves the old or the new one, never half of one, and what is written is
 * on the disk on return.
 *
 * @param mode of a new file; by default its owner alone can read it
 */
export function writeWhole(path: string, content: string | Uint8Array, mode = 0o600): void {
  const next = `${path}.next`;
  writeFileSync(next, content, { mode, flush: true });
  renameSync(next, path);
}
