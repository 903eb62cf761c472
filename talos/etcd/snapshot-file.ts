import { closeSync, openSync, readSync, statSync } from "node:fs";
import { TalosError } from "../errors";

/** Of bbolt, the database that etcd keeps its data in; after the header of its first page. */
const MAGIC = 0xed_0c_da_ed;
const MAGIC_AT = 16;
const PAGE_BYTES = 512;
const SHA256_BYTES = 32;

/** @throws TalosError for a file that no etcd can be restored from, with what it is instead */
export function requireSnapshot(path: string, { skipHashCheck }: { readonly skipHashCheck: boolean }): void {
  const { size, head } = headOf(path);
  if (
    head.subarray(0, 22).toString() === "age-encryption.org/v1\n" ||
    head.toString().startsWith("-----BEGIN AGE")
  ) {
    throw new TalosError(
      `${path} is encrypted with age; decrypt it first: age --decrypt --identity KEY --output FILE ${path}`,
    );
  }
  if (size < MAGIC_AT + 4 || head.readUInt32LE(MAGIC_AT) !== MAGIC) {
    throw new TalosError(
      `${path} is no snapshot of etcd; name a file that npm run etcd -- snapshot has made`,
    );
  }
  if (size % PAGE_BYTES !== SHA256_BYTES && !skipHashCheck) {
    throw new TalosError(
      `${path} has no checksum at its end: it is cut off, or a copy of the database of a member; for such a copy, pass --skip-hash-check`,
    );
  }
}

function headOf(path: string): { readonly size: number; readonly head: Buffer } {
  const head = Buffer.alloc(64);
  try {
    const { size } = statSync(path);
    const file = openSync(path, "r");
    try {
      readSync(file, head, 0, head.length, 0);
    } finally {
      closeSync(file);
    }
    return { size, head };
  } catch (error) {
    throw new TalosError(`the snapshot ${path} cannot be read: ${(error as Error).message}`);
  }
}
