import { lock } from "proper-lockfile";
import { shown } from "./shown";

const STALE_MS = 15_000;

/**
 * Keeps a second run of `command` out of a folder. The lock of a run that was killed grows stale.
 * @returns what releases it
 * @throws where another run is alive
 */
export async function lockFolder(folder: string, command: string): Promise<() => Promise<void>> {
  const isHeld = (error: NodeJS.ErrnoException) => error.code === "ELOCKED";
  try {
    return await lock(folder, { stale: STALE_MS });
  } catch (error) {
    if (!isHeld(error as NodeJS.ErrnoException)) throw error;
  }
  console.error(
    `another ${command} has ${shown(folder)}; waiting ${STALE_MS / 1000} s, in case it was killed`,
  );
  const retries = { retries: 9, minTimeout: 2_000, maxTimeout: 2_000 };
  return lock(folder, { stale: STALE_MS, retries }).catch((error) => {
    throw isHeld(error)
      ? new Error(`another ${command} is running in ${shown(folder)}; stop it first`)
      : error;
  });
}
