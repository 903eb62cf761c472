import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { run } from "./run";

interface Options {
  readonly port: number;
  readonly basePath?: string;
  readonly persist?: string;
}

/** Serves the tfstate Worker in workerd on loopback until SIGTERM or SIGINT. */
async function serve(options: Options): Promise<void> {
  const vars: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (name.startsWith("TFSTATE_") && value) vars[name] = value;
  }
  if (options.basePath) vars.TFSTATE_BASE_PATH = options.basePath;

  const persist = options.persist && resolve(options.persist);
  const log = (text: string) => process.stderr.write(text);
  const { startWorker } = require("../worker/runtime") as typeof import("../worker/runtime");
  const { miniflare, url } = await startWorker({ vars, port: options.port, persist, log });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    // The process ends by itself then, once Miniflare has removed its temporary folder.
    process.once(signal, () => void miniflare.dispose());
  }
  console.log(`tfstate worker ready at ${url.origin}${options.basePath ?? ""}`);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new InvalidArgumentError("must be 0 to 65535");
  return port;
}

run(
  "worker",
  new Command()
    .description(
      "serve the tfstate Worker on loopback; credentials from TFSTATE_USERNAME and TFSTATE_PASSWORD",
    )
    .option("--port <number>", "port to listen on", parsePort, 8787)
    .option("--base-path <path>", "path in front of every route, such as /tfstate")
    .option("--persist <dir>", "folder that keeps the states (default: nothing is kept)")
    .addHelpText("after", "\nexit codes: 0 ended by a signal, 1 an error")
    .action(serve),
);
