import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { behindLink } from "./behind-link";

/*
 * Not the npm package `write-file-atomic`: its `sync` (8.0.0) takes a short write on a full disk for a whole one, and
 * it leaves the rename in the folder unflushed.
 */

/**
 * Replaces a file in one step. A crash leaves the old file or the new one, never a part of one. On return the new file
 * is on the disk. Behind a symbolic link, it is the file that is replaced, and not the link.
 *
 * @param mode of the new file
 * @default 0o600: only its owner can read it
 */
export function writeFileAtomic(file: string, content: string | Uint8Array, mode = 0o600): void {
  const path = behindLink(file);
  // One name for each process: two that write the same file must not write into one another's.
  const temporary = `${path}.${process.pid}.next`;
  try {
    writeFileSync(temporary, content, { mode, flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  // The rename is on the disk once the folder is.
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
