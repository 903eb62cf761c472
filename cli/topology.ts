import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { type ClusterConfig, loadFromEnv } from "../config";
import { stopOnSignal } from "../process/stop-on-signal";
import { waiting } from "../process/waiting";
import { renderTopology } from "../topology";
import { chooseCluster } from "./choose-cluster";
import { gapsOf, type LiveReading, liveTopology } from "./live-topology";
import { loadSecrets } from "./load-secrets";
import { readLive } from "./read-live";
import { run } from "./run";
import { addTalosOptions, type TalosOptions } from "./talos-command";

/* `npm run topology [-- --live] [--out FILE]`: draws the cluster of the working folder. */

/** As with the other commands, 1 is an error; 2 is a picture with gaps. */
const EXIT = { drawn: 0, gaps: 2 } as const;
const TIMEOUT_SECONDS = 10;

interface TopologyOptions extends TalosOptions {
  readonly out: string;
  readonly live?: boolean;
  readonly timeout?: number;
  readonly kubernetes: boolean;
}

async function topology(options: TopologyOptions, env = process.env): Promise<void> {
  refuseWithoutLive(options);
  chooseCluster(options.cluster, env);
  const { config, clusterFile } = loadFromEnv({ env });
  if (!options.live) {
    write(options.out, renderTopology(config));
    console.log(`${options.out}: ${config.nodes.length} nodes of ${clusterFile}`);
    return;
  }
  const stop = stopOnSignal();
  let reading: LiveReading;
  try {
    reading = await ask(config, options, env, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    console.error("stopped; nothing was drawn");
    process.exitCode = stop.exitCode();
    return;
  }
  write(options.out, renderTopology(config, liveTopology(reading)));
  const gaps = gapsOf(reading);
  for (const gap of gaps) console.error(gap);
  const hasGaps = gaps.length > 0;
  console.log(
    `${options.out}: ${config.nodes.length} nodes of ${clusterFile}${hasGaps ? ", with gaps" : ""}`,
  );
  process.exitCode = hasGaps ? EXIT.gaps : EXIT.drawn;
}

async function ask(
  config: ClusterConfig,
  { talosconfig, kubeconfig, timeout = TIMEOUT_SECONDS, kubernetes }: TopologyOptions,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<LiveReading> {
  // With credentials in files, the state is not needed.
  await loadSecrets(env, { signal, optional: true });
  return waiting("asking the nodes and Proxmox", () =>
    readLive({
      config,
      env,
      folder: process.cwd(),
      files: { talosconfig, kubeconfig },
      signal,
      report: console.error,
      timeoutMs: timeout * 1_000,
      kubernetes,
    }),
  );
}

function write(out: string, svg: string): void {
  try {
    writeFileSync(out, svg);
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    throw new Error(`${out} cannot be written: ${error.message}; name another file with --out`);
  }
}

function refuseWithoutLive({ live, talosconfig, kubeconfig, timeout, kubernetes }: TopologyOptions): void {
  if (live) return;
  const given = Object.entries({
    "--talosconfig": talosconfig,
    "--kubeconfig": kubeconfig,
    "--timeout": timeout,
    "--no-kubernetes": kubernetes ? undefined : true,
  }).find(([, value]) => value !== undefined);
  if (given === undefined) return;
  throw new Error(`${given[0]} is for --live: without it, nobody is asked; add --live, or leave it out`);
}

function seconds(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`"${text}" is not a number of seconds from 1 to 999`);
}

run(
  "topology",
  addTalosOptions(
    new Command()
      .description("draw the cluster that main.ts would synthesize")
      .option("-o, --out <file>", "SVG file to write", "topology.svg")
      .option(
        "--live",
        "also draw how each node is, and what waits for its next start; asks Talos and Proxmox",
      )
      .option(
        "--timeout <seconds>",
        `with --live: how long each of them has for an answer (default: ${TIMEOUT_SECONDS})`,
        seconds,
      )
      .option("--no-kubernetes", "with --live: ask Talos and Proxmox only"),
  )
    .addHelpText(
      "after",
      "\nexit codes: 0 drawn, 1 a mistake in the files, or the picture cannot be written, " +
        "2 drawn, but with --live not everything could be read: the picture and the messages say what\n" +
        "environment: with --live, as for npm run health and npm run pending",
    )
    .action((options: TopologyOptions) => topology(options)),
);
