import type { Command } from "commander";
import { parsePort, parseTimeScale, serveUntilSignal } from "../command-line";
import { DEFAULT_HOSTS, startProxmox } from ".";

interface ProxmoxCommandOptions {
  readonly port: number;
  readonly hosts: readonly string[];
  readonly data?: string;
  readonly timeScale: number;
}

/** Adds the command `proxmox` to `npm run local`. */
export function addProxmoxCommand(program: Command): void {
  program
    .command("proxmox")
    .description(
      "a stand-in for the Proxmox VE API; prints its address as one line of JSON, ends on SIGTERM or Ctrl-C",
    )
    .option("--port <number>", "port on 127.0.0.1, 0 for a free one", parsePort, 0)
    .option(
      "--hosts <names>",
      "names of the hosts, separated by commas",
      (text) => text.split(","),
      DEFAULT_HOSTS,
    )
    .option("--data <folder>", "keep the cluster in this folder (default: in memory)")
    .option("--time-scale <factor>", "how long tasks take: 0 at once, 1 as on a real node", parseTimeScale, 0)
    .action(async ({ port, hosts, data, timeScale }: ProxmoxCommandOptions) => {
      const proxmox = await startProxmox({ port, hosts, dataDir: data, timeScale });
      const { endpoint, token, caFile, env, controlUrl, controlToken } = proxmox;
      const ready = { endpoint, token, caFile, env, control: { url: controlUrl, token: controlToken } };
      await serveUntilSignal(ready, () => proxmox.stop());
    });
}
