import { type LockInfo, readLockHolder } from "../domain/lock-info";
import { isFrozen } from "./lock-info";

/**
 * What stands in the place of a local state that is kept elsewhere. OpenTofu has no lock on a file that outlives
 * its holder, so the file itself must refuse: no client reads this as a state, and each names one of the two
 * versions in its error, which is where our text is.
 */
export function tombstone(lock: LockInfo): Uint8Array {
  const text = `none: ${lock.Info}`;
  return Buffer.from(
    `${JSON.stringify({ version: 4, terraform_version: text, encryption_version: text, frozen: lock })}\n`,
  );
}

/** The lock of a tombstone; undefined where the bytes are something else. */
export function readTombstone(bytes: Uint8Array): LockInfo | undefined {
  // The first line alone: behind it may be the rest of a state that it was written over.
  const [text = ""] = Buffer.from(bytes.subarray(0, 64 * 1024))
    .toString()
    .split("\n", 1);
  if (!text.startsWith('{"version":4,"terraform_version":"none: ')) return undefined;
  try {
    const { frozen } = JSON.parse(text) as { readonly frozen: unknown };
    const lock = readLockHolder(JSON.stringify(frozen) ?? "", { where: "the tombstone" });
    return isFrozen(lock) ? lock : undefined;
  } catch {
    return undefined;
  }
}
