// `npm start [-- --once]`: from an empty account to the cluster of cluster.yaml, on stand-ins, with real OpenTofu.
import { once as event } from "node:events";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { lockFolder } from "../process/lock-folder";
import { stopOnSignal } from "../process/stop-on-signal";
import { LocalFolder } from "./folder";
import { start } from "./start";
import { printSummary } from "./summary";

const root = join(__dirname, "..");

async function main(): Promise<number> {
  const options = new Command("npm start --")
    .description(
      "make the state backend and the cluster, on a stand-in Cloudflare and Proxmox, and stay up until Ctrl-C",
    )
    .option("--once", "end when all is shown")
    .option("--folder <path>", "where state, stand-in and logs are kept", join(root, ".local"))
    .parse()
    .opts<{ readonly once?: boolean; readonly folder: string }>();

  const { signal, exitCode } = stopOnSignal();
  const folder = new LocalFolder(resolve(options.folder));
  const unlock = await lockFolder(folder.root, "npm start", { signal });
  const atEnd: (() => Promise<void>)[] = [];
  try {
    printSummary(await start({ root, folder, signal, atEnd: (end) => atEnd.push(end) }));
    if (options.once) return 0;
    console.log("\nit stays up until Ctrl-C; the next `npm start` goes on from here");
    if (!signal.aborted) await event(signal, "abort");
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    console.error("\nstopped; the next `npm start` goes on from here");
    return exitCode();
  } finally {
    for (const end of atEnd) await end();
    unlock();
  }
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(`\n${error.message}`);
    process.exit(1);
  },
);
