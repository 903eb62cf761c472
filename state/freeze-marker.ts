import { type LockInfo, readLockHolder } from "../domain/lock-info";
import { isFrozen } from "./locks";

/**
 * The content of a local state file that is frozen. OpenTofu's lock on a file ends with its process, so the content
 * itself must keep clients out. No client can read it as a state. Each quotes one of the two versions in its error, so
 * the versions say where the state is.
 */
export function freezeMarker(lock: LockInfo): Uint8Array {
  const text = `none: ${lock.Info}`;
  return Buffer.from(
    `${JSON.stringify({ version: 4, terraform_version: text, encryption_version: text, frozen: lock })}\n`,
  );
}

/** The lock that a freeze marker holds; undefined if the bytes are something else. */
export function readFreezeMarker(bytes: Uint8Array): LockInfo | undefined {
  // The first line alone: after an interrupted write, the rest of the old state may follow it.
  const [text = ""] = Buffer.from(bytes.subarray(0, 64 * 1024))
    .toString()
    .split("\n", 1);
  if (!text.startsWith('{"version":4,"terraform_version":"none: ')) return undefined;
  try {
    const { frozen } = JSON.parse(text) as { readonly frozen: unknown };
    const lock = readLockHolder(JSON.stringify(frozen) ?? "", { where: "the freeze marker" });
    return isFrozen(lock) ? lock : undefined;
  } catch {
    return undefined;
  }
}
