import { lock } from "proper-lockfile";
import { displayPath } from "./display-path";

const STALE_MS = 15_000;

/**
 * Keeps a second run of `command` out of a folder. The lock of a run that was killed expires.
 *
 * @param onLost called if the lock is lost: while a machine sleeps, its lock expires too
 * @returns releases the lock
 * @throws Error where another run has the lock
 */
export async function lockFolder(
  folder: string,
  command: string,
  onLost: () => void,
): Promise<() => Promise<void>> {
  let isLost = false;
  const onCompromised = ({ message }: Error) => {
    isLost = true;
    console.error(
      `the lock of ${displayPath(folder)} is lost, and another run may have it: ${message}; stopping`,
    );
    onLost();
  };
  const options = { stale: STALE_MS, onCompromised };
  const isHeld = (error: NodeJS.ErrnoException) => error.code === "ELOCKED";
  const release = await lock(folder, options).catch((error) => {
    if (!isHeld(error)) throw error;
    console.error(
      `another ${command} has locked ${displayPath(folder)}; waiting ${STALE_MS / 1000} s, in case it was killed`,
    );
    const retries = { retries: 9, minTimeout: 2_000, maxTimeout: 2_000 };
    return lock(folder, { ...options, retries }).catch((error) => {
      throw isHeld(error)
        ? new Error(`another ${command} is running in ${displayPath(folder)}; stop it first`)
        : error;
    });
  });
  return async () => {
    if (!isLost) await release();
  };
}
