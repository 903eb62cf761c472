import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { ConfigError, loadFromEnv } from "../config";
import { renderTopology } from "../topology";
import { CLUSTER_OPTION, chooseCluster } from "./choose-cluster";

/* `npm run topology [-- --out FILE]`: draws the cluster of the working folder. */

function main(env: NodeJS.ProcessEnv, argv: readonly string[]): void {
  const program = new Command("npm run topology --")
    .description("draws the cluster that main.ts would synthesize")
    .option("-o, --out <file>", "SVG file to write", "topology.svg")
    .option(...CLUSTER_OPTION)
    .allowExcessArguments(false);
  const { out, cluster } = program.parse(argv).opts<{ out: string; cluster?: string }>();
  chooseCluster(cluster, env);

  const { config, clusterFile } = loadFromEnv({ env });
  try {
    writeFileSync(out, renderTopology(config));
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    program.error(`${out} cannot be written: ${error.message}; name another file with --out`);
  }
  console.log(`${out}: ${config.nodes.length} nodes of ${clusterFile}`);
}

try {
  main(process.env, process.argv);
} catch (error) {
  // A mistake in the user's files is reported without a stack trace.
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
