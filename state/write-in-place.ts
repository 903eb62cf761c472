import { fstatSync, fsyncSync, ftruncateSync, readFileSync, rmSync, writeSync } from "node:fs";
import { readIfThere } from "./read-if-there";
import { writeFileAtomic } from "./write-file-atomic";

/*
 * A file of JSON that is written in place, because others have it open and would not see another one in its place.
 * The new bytes stand beside it until they are whole in it.
 */

export interface ReadInPlace {
  readonly bytes: Uint8Array;
  /** False while it is written, and after a write that was cut off. */
  readonly isWhole: boolean;
}

/** @param fd of `path`, under its lock */
export function writeInPlace(path: string, fd: number, bytes: Uint8Array): void {
  const before = fstatSync(fd).size;
  try {
    writeFileAtomic(newPath(path), bytes);
    // What the file grows by comes first: where the disk is full, the old bytes are still there.
    writeAt(fd, bytes, before, bytes.byteLength);
    fsyncSync(fd);
  } catch (error) {
    ftruncateSync(fd, before);
    rmSync(newPath(path), { force: true });
    throw error;
  }
  fill(path, fd, bytes, before);
}

/** A write that was cut off in the file is done again; one that had not begun never was. */
export function finishWriteInPlace(path: string, fd: number): void {
  const pending = readIfThere(newPath(path));
  if (!pending) return;
  if (isWhole(readFileSync(path))) rmSync(newPath(path));
  else fill(path, fd, pending, pending.byteLength);
}

/**
 * What the file holds; undefined where there is no file. Where a write was cut off in it, that is what stands beside
 * it: the next lock finishes that write, and half of it is neither the old bytes nor the new ones.
 */
export function readInPlace(path: string): ReadInPlace | undefined {
  const bytes = readIfThere(path);
  if (!bytes || isWhole(bytes)) return bytes && { bytes, isWhole: true };
  const pending = readIfThere(newPath(path));
  if (pending) return { bytes: pending, isWhole: false };
  // With nothing beside it, the write may have come to its end since.
  const again = readIfThere(path);
  return again && { bytes: again, isWhole: isWhole(again) };
}

const newPath = (path: string) => `${path}.new`;

/** Not emptied first: a crash must leave something that is no state, never something that reads as none. */
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
