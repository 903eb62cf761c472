import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { TalosError } from "../errors";

/** Of bbolt, the database that etcd keeps its data in; after the header of its first page. */
const MAGIC = 0xed_0c_da_ed;
const MAGIC_AT = 16;
const PAGE_BYTES = 512;
const SHA256_BYTES = 32;
const CHUNK_BYTES = 1 << 20;

/** Why no etcd can be restored from a file. */
export interface SnapshotProblem {
  /** Goes on after the path: `is damaged`. */
  readonly what: string;
  readonly advice: string;
}

export interface SnapshotCheck {
  /** For a copy of the database of a member, which has no checksum. */
  readonly skipHashCheck: boolean;
}

/** @throws TalosError for a file that no etcd can be restored from, with what it is instead */
export function requireSnapshot(path: string, check: SnapshotCheck): void {
  const problem = snapshotProblem(path, check);
  if (problem !== undefined) throw new TalosError(`${path} ${problem.what}; ${problem.advice}`);
}

/** Reads all of the file: a node says that a snapshot is damaged only after the data of all members was wiped for it. */
export function snapshotProblem(path: string, { skipHashCheck }: SnapshotCheck): SnapshotProblem | undefined {
  return withFile(path, (file, size) => {
    const head = Buffer.alloc(64);
    readSync(file, head, 0, head.length, 0);
    if (
      head.subarray(0, 22).toString() === "age-encryption.org/v1\n" ||
      head.toString().startsWith("-----BEGIN AGE")
    ) {
      const advice = `decrypt it first: age --decrypt --identity KEY --output FILE ${path}`;
      return { what: "is encrypted with age", advice };
    }
    if (size < MAGIC_AT + 4 || head.readUInt32LE(MAGIC_AT) !== MAGIC) {
      return {
        what: "is no snapshot of etcd",
        advice: "name a file that npm run etcd -- snapshot has made",
      };
    }
    if (skipHashCheck) return undefined;
    if (size % PAGE_BYTES !== SHA256_BYTES) {
      return {
        what: "has no checksum at its end: it is cut off, or a copy of the database of a member",
        advice: "for such a copy, pass --skip-hash-check",
      };
    }
    if (hasItsChecksum(file, size)) return undefined;
    return { what: "is damaged: its checksum is not that at its end", advice: "name another snapshot" };
  });
}

function hasItsChecksum(file: number, size: number): boolean {
  const hash = createHash("sha256");
  const chunk = Buffer.alloc(CHUNK_BYTES);
  const end = size - SHA256_BYTES;
  for (let at = 0; at < end; ) {
    const read = readSync(file, chunk, 0, Math.min(chunk.length, end - at), at);
    if (read === 0) return false;
    hash.update(chunk.subarray(0, read));
    at += read;
  }
  const expected = Buffer.alloc(SHA256_BYTES);
  readSync(file, expected, 0, SHA256_BYTES, end);
  return hash.digest().equals(expected);
}

function withFile<T>(path: string, work: (file: number, size: number) => T): T {
  try {
    const { size } = statSync(path);
    const file = openSync(path, "r");
    try {
      return work(file, size);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new TalosError(`the snapshot ${path} cannot be read: ${(error as Error).message}`);
  }
}
