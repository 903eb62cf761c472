// `npm start [-- --once]`: the cluster of cluster.yaml on a stand-in Proxmox, with the real OpenTofu and provider.
import { once as event } from "node:events";
import { constants } from "node:os";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { lock } from "proper-lockfile";
import { shown } from "../run/shown";
import { startCluster } from "./start/cluster";
import { LocalFolder } from "./start/folder";
import { printSummary } from "./start/summary";

const root = join(__dirname, "..");

async function main(): Promise<number> {
  const options = new Command("npm start --")
    .description("define, apply and plan the cluster on a stand-in Proxmox, and stay up until Ctrl-C")
    .option("--once", "end after the second plan")
    .option("--folder <path>", "where state, stand-in and logs are kept", join(root, ".local"))
    .parse()
    .opts<{ readonly once?: boolean; readonly folder: string }>();

  const { signal, exitCode } = stopOnSignal();
  const folder = new LocalFolder(resolve(options.folder));
  const unlock = await lockFolder(folder);
  const atEnd: (() => Promise<void>)[] = [];
  try {
    printSummary(await startCluster({ root, folder, signal, atEnd: (stop) => atEnd.push(stop) }));
    if (options.once) return 0;
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

/** The first signal lets the step at hand end in order; a later one does not wait. */
function stopOnSignal(): { readonly signal: AbortSignal; readonly exitCode: () => number } {
  const stop = new AbortController();
  let code = 0;
  let since = 0;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      code = 128 + constants.signals[name];
      if (!stop.signal.aborted) {
        since = Date.now();
        stop.abort();
        return;
      }
      // npm hands us the Ctrl-C that the terminal has sent us as well: that is not a second one.
      if (Date.now() - since > 1_000) process.exit(code);
    });
  }
  return { signal: stop.signal, exitCode: () => code };
}

/** Two runs would share one state and one stand-in. The lock of a run that was killed grows stale. */
async function lockFolder({ root }: LocalFolder): Promise<() => Promise<void>> {
  const stale = 15_000;
  const isHeld = (error: NodeJS.ErrnoException) => error.code === "ELOCKED";
  try {
    return await lock(root, { stale });
  } catch (error) {
    if (!isHeld(error as NodeJS.ErrnoException)) throw error;
  }
  console.error(`another npm start has ${shown(root)}; waiting ${stale / 1000} s, in case it was killed`);
  return lock(root, { stale, retries: { retries: 9, minTimeout: 2_000, maxTimeout: 2_000 } }).catch(
    (error) => {
      throw isHeld(error)
        ? new Error(`another npm start is running in ${shown(root)}; stop it first`)
        : error;
    },
  );
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(`\n${error.message}`);
    process.exit(1);
  },
);
