import { once } from "node:events";
import { type Command, InvalidArgumentError } from "commander";
import { DEFAULT_HOSTS, startProxmox } from ".";

interface ProxmoxCommandOptions {
  readonly port: number;
  readonly hosts: readonly string[];
  readonly data?: string;
  readonly timeScale: number;
}

/** Adds `proxmox` to the program of the stand-ins. */
export function addProxmoxCommand(program: Command): void {
  program
    .command("proxmox")
    .description(
      "a stand-in of the Proxmox VE API; says where it is in one line of JSON, ends on SIGTERM or Ctrl-C",
    )
    .option("--port <number>", "port on 127.0.0.1, 0 for a free one", toNumber, 0)
    .option(
      "--hosts <names>",
      "names of the hosts, separated by commas",
      (text) => text.split(","),
      DEFAULT_HOSTS,
    )
    .option("--data <folder>", "keep the cluster in this folder (default: in memory)")
    .option("--time-scale <factor>", "how long tasks take: 0 at once, 1 as on a real node", toNumber, 0)
    .action(async ({ port, hosts, data, timeScale }: ProxmoxCommandOptions) => {
      const proxmox = await startProxmox({ port, hosts, dataDir: data, timeScale });
      const { endpoint, token, caFile, env, controlUrl, controlToken } = proxmox;
      const ready = { endpoint, token, caFile, env, control: { url: controlUrl, token: controlToken } };
      process.stdout.write(`${JSON.stringify(ready)}\n`);
      await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
      await proxmox.stop();
    });
}

function toNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError(`"${text}" is no number from 0 up.`);
  }
  return value;
}
