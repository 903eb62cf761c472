// `npm start [-- --once --kubernetes]`: from an empty account to the cluster in cluster.yaml, on stand-ins, with real OpenTofu.
import { once as event } from "node:events";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { lockFolder } from "../process/lock-folder";
import { stopOnSignal } from "../process/stop-on-signal";
import { DemoFolder } from "./folder";
import { start } from "./start";
import { printSummary } from "./summary";

const root = join(__dirname, "..");

async function main(): Promise<number> {
  const options = new Command("npm start --")
    .description(
      "creates the state backend and the cluster on a stand-in Cloudflare and a stand-in Proxmox, and runs until Ctrl-C",
    )
    .option("--once", "end after everything was shown")
    .option("--kubernetes", "with a real Kubernetes API", false)
    .option("--folder <path>", "folder for state, stand-ins and logs", join(root, ".local"))
    .parse()
    .opts<{ readonly once?: boolean; readonly kubernetes: boolean; readonly folder: string }>();

  const { signal, exitCode } = stopOnSignal();
  const folder = new DemoFolder(resolve(options.folder));
  const unlock = await lockFolder(folder.root, "npm start", { signal });
  const atEnd: (() => Promise<void>)[] = [];
  try {
    const { kubernetes } = options;
    printSummary(await start({ root, folder, signal, kubernetes, atEnd: (end) => atEnd.push(end) }));
    if (options.once) return 0;
    console.log("\nit runs until Ctrl-C; the next `npm start` continues from here");
    if (!signal.aborted) await event(signal, "abort");
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    console.error("\nstopped; the next `npm start` continues from here");
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
