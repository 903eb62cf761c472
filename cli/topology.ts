import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { type ClusterConfig, loadFromEnv } from "../config";
import { stopOnSignal } from "../process/stop-on-signal";
import { waiting } from "../process/waiting";
import { renderTopology } from "../topology";
import { chooseCluster } from "./choose-cluster";
import { addLiveOptions, type LiveOptions, refuseWithoutLive, timeoutMsOf } from "./live-options";
import { gapsOf, type LiveReading, liveTopology } from "./live-topology";
import { loadSecrets } from "./load-secrets";
import { loadTalosSecrets } from "./load-talos-secrets";
import { readLive } from "./read-live";
import { run } from "./run";

/* `npm run topology [-- --live] [--out FILE]`: draws the cluster of the working folder. */

/** As with the other commands, 1 is an error; 2 is a picture with gaps. */
const EXIT = { drawn: 0, gaps: 2 } as const;

interface TopologyOptions extends LiveOptions {
  readonly out: string;
}

async function topology(options: TopologyOptions, env = process.env): Promise<void> {
  refuseWithoutLive(options);
  chooseCluster(options.cluster, env);
  const { config, clusterFile } = loadFromEnv({ env });
  const said = `${options.out}: ${config.nodes.length} nodes of ${clusterFile}`;
  if (!options.live) {
    write(options.out, renderTopology(config));
    console.log(said);
    return;
  }
  const stop = stopOnSignal();
  try {
    const reading = await ask(config, options, env, stop.signal);
    write(options.out, renderTopology(config, liveTopology(reading)));
    const gaps = gapsOf(reading);
    for (const gap of gaps) console.error(gap);
    console.log(gaps.length > 0 ? `${said}, with gaps` : said);
    process.exitCode = gaps.length > 0 ? EXIT.gaps : EXIT.drawn;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    console.error("stopped; nothing was drawn");
    process.exitCode = stop.exitCode();
  }
}

async function ask(
  config: ClusterConfig,
  options: TopologyOptions,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<LiveReading> {
  const { talosconfig, kubeconfig, kubernetes } = options;
  // With credentials in files, the state is not needed.
  await loadSecrets(env, { signal, optional: true });
  await loadTalosSecrets(env, { signal, optional: true });
  return waiting("asking the nodes and Proxmox", () =>
    readLive({
      config,
      env,
      folder: process.cwd(),
      files: { talosconfig, kubeconfig },
      signal,
      report: console.error,
      timeoutMs: timeoutMsOf(options),
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

run(
  "topology",
  addLiveOptions(
    new Command()
      .description("draw the cluster that main.ts would synthesize")
      .option("-o, --out <file>", "SVG file to write", "topology.svg"),
  )
    .addHelpText(
      "after",
      "\nexit codes: 0 drawn, 1 a mistake in the files, or the picture cannot be written, " +
        "2 drawn, but with --live not everything could be read: the picture and the messages say what\n" +
        "environment: with --live, as for npm run health and npm run pending",
    )
    .action((options: TopologyOptions) => topology(options)),
);
