import { once } from "node:events";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { startCloudflare } from ".";
import { LOCATIONS, type Location } from "./api/r2-buckets";

interface CloudflareCommandOptions {
  readonly port: number;
  readonly folder: string;
  readonly workers: readonly string[];
  readonly location?: Location;
  readonly verbose: boolean;
}

/** Adds `cloudflare` to the program of the stand-ins. */
export function addCloudflareCommand(program: Command): void {
  program
    .command("cloudflare")
    .description(
      "a stand-in of Cloudflare: its API, R2 and Workers; says where it is in one line of JSON, ends on SIGTERM or Ctrl-C",
    )
    .option("--port <number>", "port on 127.0.0.1, 0 for a free one", toPort, 0)
    .option("--folder <folder>", "where the account is kept", join(".local", "cloudflare"))
    .option(
      "--workers <names>",
      "Workers whose addresses to say, separated by commas",
      (text) => text.split(","),
      ["tfstate"],
    )
    .addOption(
      new Option(
        "--location <place>",
        "where every new bucket is, whatever was wished for, since R2 may choose",
      ).choices(LOCATIONS),
    )
    .option("--verbose", "say each request on stderr, and what the Workers write", false)
    .action(async ({ verbose, workers: names, ...options }: CloudflareCommandOptions) => {
      const say = verbose ? (text: string) => process.stderr.write(`${text.trimEnd()}\n`) : undefined;
      const cloudflare = await startCloudflare({ ...options, onRequest: say, onWorkerOutput: say });
      const { apiUrl, s3Url, accountId, env } = cloudflare;
      const workers = Object.fromEntries(names.map((name) => [name, cloudflare.workerUrl(name)]));
      process.stdout.write(`${JSON.stringify({ apiUrl, s3Url, accountId, workers, env })}\n`);
      await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
      await cloudflare.close();
    });
}

function toPort(text: string): number {
  const port = Number(text);
  if (text.trim() === "" || !Number.isInteger(port) || port < 0 || port > 65535) {
    throw new InvalidArgumentError(`"${text}" is no port: 0 to 65535.`);
  }
  return port;
}
