// `npm start [-- --once]`: the cluster of cluster.yaml on a stand-in Proxmox, with the real OpenTofu and provider.
import { once as event } from "node:events";
import { constants } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { lock } from "proper-lockfile";
import { startCluster } from "./start/cluster";
import { LocalFolder } from "./start/folder";
import { printSummary } from "./start/summary";

const root = join(__dirname, "..");

async function main(): Promise<number> {
  const { once } = new Command("npm start --")
    .description("define, apply and plan the cluster on a stand-in Proxmox, and stay up until Ctrl-C")
    .option("--once", "end after the second plan")
    .parse()
    .opts<{ readonly once?: boolean }>();

  const { signal, exitCode } = stopOnSignal();
  const folder = new LocalFolder(join(root, ".local"));
  const unlock = await lockFolder(folder);
  const atEnd: (() => Promise<void>)[] = [];
  try {
    printSummary(await startCluster({ root, folder, signal, atEnd: (stop) => atEnd.push(stop) }));
    if (once) return 0;
    console.log("\nit stays up until Ctrl-C; the next `npm start` goes on from here");
    if (!signal.aborted) await event(signal, "abort");
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    console.error("\nstopped; the next `npm start` goes on from here");
    return exitCode();
  } finally {
    for (const stop of atEnd) await stop();
    await unlock();
  }
}

/** The first signal lets the step at hand end in order; a second one does not wait. */
function stopOnSignal(): { readonly signal: AbortSignal; readonly exitCode: () => number } {
  const stop = new AbortController();
  let code = 0;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      code = 128 + constants.signals[name];
      if (stop.signal.aborted) process.exit(code);
      stop.abort();
    });
  }
  return { signal: stop.signal, exitCode: () => code };
}

/** Two runs would share one state and one stand-in. */
async function lockFolder(folder: LocalFolder): Promise<() => Promise<void>> {
  try {
    return await lock(folder.root, { stale: 15_000 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
    throw new Error(
      `another npm start is running in ${root}, or was killed within the last 15 s; stop it or wait`,
    );
  }
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(`\n${error.message}`);
    process.exit(1);
  },
);
