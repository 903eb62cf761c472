import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lock } from "proper-lockfile";
import { duration, type ToolchainContext } from "./context";

/** A running process renews its lock every 5 s; the lock of a killed one is taken over after this time. */
const STALE_MS = 15_000;

/**
 * Makes the file `target` once on this machine. `make` writes to a temporary path, and the result is renamed to
 * `target` only when it is complete. A killed run leaves no incomplete `target`, and runs that start at the same time
 * wait for the first one.
 */
export async function makeOnce(
  context: ToolchainContext,
  target: string,
  title: string,
  make: (partial: string) => Promise<void>,
): Promise<void> {
  if (existsSync(target)) return;
  await mkdir(dirname(target), { recursive: true });
  const unlock = await waitForLock(context, target, title);
  try {
    if (existsSync(target)) return;
    await removeLeftovers(target);
    const folder = await mkdtemp(`${target}.partial-`);
    try {
      const partial = join(folder, basename(target));
      await make(partial);
      await rename(partial, target);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } finally {
    await unlock();
  }
}

async function waitForLock(
  context: ToolchainContext,
  target: string,
  title: string,
): Promise<() => Promise<void>> {
  const started = Date.now();
  let nextReport = started;
  for (;;) {
    context.signal?.throwIfAborted();
    try {
      return await lock(target, {
        realpath: false,
        stale: STALE_MS,
        update: STALE_MS / 3,
        // After the machine slept, another run may be making the same file. Both rename a complete file.
        onCompromised: (error) => context.report(`${title}: lost its lock (${error.message}); continuing`),
      }).then((release) => () => release().catch(() => undefined));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
    }
    if (Date.now() >= nextReport) {
      context.report(`${title}: waiting for another run that makes it (${duration(Date.now() - started)})`);
      nextReport = Date.now() + context.heartbeatMs;
    }
    await sleep(250, undefined, { signal: context.signal });
  }
}

/** Removes what killed runs have left. Only the holder of the lock writes there. */
async function removeLeftovers(target: string): Promise<void> {
  const prefix = `${basename(target)}.partial-`;
  for (const name of await readdir(dirname(target))) {
    if (name.startsWith(prefix)) await rm(join(dirname(target), name), { recursive: true, force: true });
  }
}
