import { join } from "node:path";
import { type Command, Option } from "commander";
import { parsePort, serveUntilSignal } from "../command-line";
import { startCloudflare } from ".";
import { LOCATIONS, type Location } from "./api/r2-buckets";

interface CloudflareCommandOptions {
  readonly port: number;
  readonly folder: string;
  readonly workers: readonly string[];
  readonly location?: Location;
  readonly verbose: boolean;
}

/** Adds the command `cloudflare` to `npm run local`. */
export function addCloudflareCommand(program: Command): void {
  program
    .command("cloudflare")
    .description(
      "a stand-in for Cloudflare: API, R2 and Workers; prints its addresses as one line of JSON, ends on SIGTERM or Ctrl-C",
    )
    .option("--port <number>", "port on 127.0.0.1, 0 for a free one", parsePort, 0)
    .option("--folder <folder>", "folder that keeps the account", join(".local", "cloudflare"))
    .option(
      "--workers <names>",
      "Workers whose addresses are printed, separated by commas",
      (text) => text.split(","),
      ["tfstate"],
    )
    .addOption(
      new Option(
        "--location <place>",
        "location of every new bucket, whatever its locationHint, since R2 may ignore the hint",
      ).choices(LOCATIONS),
    )
    .option("--verbose", "print each request and the output of the Workers on stderr", false)
    .action(async ({ verbose, workers: names, ...options }: CloudflareCommandOptions) => {
      const print = verbose ? (text: string) => process.stderr.write(`${text.trimEnd()}\n`) : undefined;
      const cloudflare = await startCloudflare({ ...options, onRequest: print, onWorkerOutput: print });
      const { apiUrl, s3Url, accountId, env } = cloudflare;
      const workers = Object.fromEntries(names.map((name) => [name, cloudflare.workerUrl(name)]));
      await serveUntilSignal({ apiUrl, s3Url, accountId, workers, env }, () => cloudflare.close());
    });
}
