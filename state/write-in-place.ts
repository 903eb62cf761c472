import { fstatSync, fsyncSync, ftruncateSync, readFileSync, rmSync, writeSync } from "node:fs";
import { writeFileAtomic } from "../process/write-file-atomic";
import { readFileIfExists } from "./read-file-if-exists";

/*
 * Writes a JSON file in place. Other processes have the file open while they wait for its lock, so it must not be
 * replaced by another file. Until the write is complete, the new bytes are beside it too, so that it can be finished.
 */

/** How often a file is read that changes all the time. */
const READS = 10;

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

/** Stands for the first byte while the rest is written: with it, no mixture of old and new bytes is JSON. */
const TORN = new Uint8Array([0]);

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
  const bytes = readAtRest(path);
  if (!bytes || isWhole(bytes)) return bytes && { bytes, isWhole: true };
  const pending = readFileIfExists(newPath(path));
  if (pending) return { bytes: pending, isWhole: false };
  // Nothing is beside it: the write may have been completed since the first read.
  const again = readFileIfExists(path);
  return again && { bytes: again, isWhole: isWhole(again) };
}

/** Twice the same: in between, a write may have begun, or may even have been completed, and a read can have seen a part of each. */
function readAtRest(path: string): Uint8Array | undefined {
  let bytes = readFileIfExists(path);
  for (let attempt = 1; bytes && attempt <= READS; attempt++) {
    const again = readFileIfExists(path);
    if (again && Buffer.compare(bytes, again) === 0) return bytes;
    bytes = again;
  }
  return bytes;
}

const newPath = (path: string) => `${path}.new`;

/** Does not empty the file first: after a crash, its content must be invalid, and not read as "no state". */
function fill(path: string, fd: number, bytes: Uint8Array, length: number): void {
  writeAt(fd, TORN, 0, 1);
  fsyncSync(fd);
  writeAt(fd, bytes, 1, Math.min(length, bytes.byteLength));
  ftruncateSync(fd, bytes.byteLength);
  fsyncSync(fd);
  writeAt(fd, bytes, 0, 1);
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
