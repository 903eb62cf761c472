import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { loadFromEnv } from "../config";
import { renderTopology } from "../topology";
import { CLUSTER_OPTION, chooseCluster } from "./choose-cluster";
import { run } from "./run";

/* `npm run topology [-- --out FILE]`: draws the cluster of the working folder. */

interface TopologyOptions {
  readonly out: string;
  readonly cluster?: string;
}

function topology({ out, cluster }: TopologyOptions, env = process.env): void {
  chooseCluster(cluster, env);
  const { config, clusterFile } = loadFromEnv({ env });
  try {
    writeFileSync(out, renderTopology(config));
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    throw new Error(`${out} cannot be written: ${error.message}; name another file with --out`);
  }
  console.log(`${out}: ${config.nodes.length} nodes of ${clusterFile}`);
}

run(
  "topology",
  new Command()
    .description("draw the cluster that main.ts would synthesize")
    .option("-o, --out <file>", "SVG file to write", "topology.svg")
    .option(...CLUSTER_OPTION)
    .addHelpText("after", "\nexit codes: 0 drawn, 1 a mistake in the files, or the picture cannot be written")
    .action((options: TopologyOptions) => topology(options)),
);
