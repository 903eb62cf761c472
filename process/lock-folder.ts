import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tryLock } from "fs-native-extensions";
import { displayPath } from "./display-path";
import { inheritedDescriptors } from "./process-group";

const POLL_MS = 500;

export interface LockFolderProps {
  /** Ends the wait. @default - none */
  readonly signal?: AbortSignal;
  /** How long to wait for another run. @default 20_000 */
  readonly timeoutMs?: number;
}

/**
 * Keeps a second run of `command` out of a folder. The lock is the kernel's, on a file in the folder. It belongs to this
 * process and to every program that it starts: after a run was killed, it is held until its programs have ended too.
 *
 * @returns releases the lock
 * @throws Error if another run has the lock
 */
export async function lockFolder(
  folder: string,
  command: string,
  { signal, timeoutMs = 20_000 }: LockFolderProps = {},
): Promise<() => void> {
  const fd = openSync(join(folder, "lock"), "a");
  const path = displayPath(folder);
  try {
    const end = Date.now() + timeoutMs;
    for (let isFirst = true; !tryLock(fd); isFirst = false) {
      if (isFirst) console.error(`another ${command} has ${path}; waiting ${timeoutMs / 1000} s for its end`);
      if (Date.now() > end) {
        throw new Error(
          `another ${command} is running in ${path}, or a program that it started before it was killed; stop it first`,
        );
      }
      await sleep(POLL_MS, undefined, { signal });
    }
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  inheritedDescriptors.add(fd);
  return () => {
    inheritedDescriptors.delete(fd);
    closeSync(fd);
  };
}
