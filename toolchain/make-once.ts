import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lock } from "proper-lockfile";
import { duration, type ToolchainContext } from "./context";

/** A holder renews its lock every 5 s; one that was killed is taken over after this time. */
const STALE_MS = 15_000;

/**
 * Makes the file `target` once on this machine. `make` writes to the path that it is given, and the file appears
 * under its name complete or not at all: a killed run leaves nothing that counts, and runs that start together
 * wait for the first.
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
        // A laptop that slept: another run may now make the same file, and the rename keeps both right.
        onCompromised: (error) =>
          context.report(`${title}: lost the lock on it (${error.message}); going on`),
      }).then((release) => () => release().catch(() => undefined));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
    }
    if (Date.now() >= nextReport) {
      context.report(`${title}: another run is at it; waiting (${duration(Date.now() - started)})`);
      nextReport = Date.now() + context.heartbeatMs;
    }
    await sleep(250, undefined, { signal: context.signal });
  }
}

/** What killed runs left behind; under the lock, nobody else is writing there. */
async function removeLeftovers(target: string): Promise<void> {
  const prefix = `${basename(target)}.partial-`;
  for (const name of await readdir(dirname(target))) {
    if (name.startsWith(prefix)) await rm(join(dirname(target), name), { recursive: true, force: true });
  }
}
