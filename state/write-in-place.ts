import { fstatSync, fsyncSync, ftruncateSync, readFileSync, rmSync, writeSync } from "node:fs";
import { writeFileAtomic } from "../process/write-file-atomic";
import { readFileIfExists } from "./read-file-if-exists";

/*
 * Writes a JSON file in place. Other processes have the file open while they wait for its lock, so it must not be
 * replaced by another file. Until the write is complete, the new bytes are beside it too, so that it can be finished.
 */

export interface ReadInPlace {
  readonly bytes: Uint8Array;
  /** false while it is written, and after an interrupted write */
  readonly isWhole: boolean;
}

/** Replaces the content of the file. @param fd of `path`, whose lock the caller holds */
export function writeInPlace(path: string, fd: number, bytes: Uint8Array): void {
  const before = fstatSync(fd).size;
  try {
    writeFileAtomic(newPath(path), bytes);
    // The part by which the file grows comes first: if the disk is full, the old bytes are still there.
    writeAt(fd, bytes, before, bytes.byteLength);
    fsyncSync(fd);
  } catch (error) {
    ftruncateSync(fd, before);
    rmSync(newPath(path), { force: true });
    throw error;
  }
  fill(path, fd, bytes, before);
}

/** Finishes an interrupted write. One that had not changed the file yet is dropped. @param fd of `path`, locked */
export function finishWriteInPlace(path: string, fd: number): void {
  const pending = readFileIfExists(newPath(path));
  if (!pending) return;
  if (isWhole(readFileSync(path))) rmSync(newPath(path));
  else fill(path, fd, pending, pending.byteLength);
}

/**
 * The content of the file; undefined where there is no file. After an interrupted write, it is the new bytes beside the
 * file: the next lock finishes that write.
 */
export function readInPlace(path: string): ReadInPlace | undefined {
  const bytes = readFileIfExists(path);
  if (!bytes || isWhole(bytes)) return bytes && { bytes, isWhole: true };
  const pending = readFileIfExists(newPath(path));
  if (pending) return { bytes: pending, isWhole: false };
  // Nothing is beside it: the write may have been completed since the first read.
  const again = readFileIfExists(path);
  return again && { bytes: again, isWhole: isWhole(again) };
}

const newPath = (path: string) => `${path}.new`;

/** Does not empty the file first: after a crash, its content must be invalid, and not read as "no state". */
function fill(path: string, fd: number, bytes: Uint8Array, length: number): void {
  writeAt(fd, bytes, 0, Math.min(length, bytes.byteLength));
  ftruncateSync(fd, bytes.byteLength);
  fsyncSync(fd);
  rmSync(newPath(path));
}

function writeAt(fd: number, bytes: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; ) at += writeSync(fd, bytes, at, to - at, at);
}

function isWhole(bytes: Uint8Array): boolean {
  if (bytes.byteLength === 0) return true;
  try {
    JSON.parse(Buffer.from(bytes).toString());
    return true;
  } catch {
    return false;
  }
}
