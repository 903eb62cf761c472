import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { ConfigError, loadFromEnv } from "../config";
import { renderTopology } from "../topology";

/* `npm run topology [-- --out FILE]`: draws the cluster of the working folder, or the example if there is none. */

function main(env: NodeJS.ProcessEnv, argv: readonly string[]): void {
  const program = new Command("npm run topology --")
    .description("draws the cluster that main.ts would synthesize")
    .option("-o, --out <file>", "SVG file to write", "topology.svg")
    .allowExcessArguments(false);
  const { out } = program.parse(argv).opts<{ out: string }>();

  const exampleFolder = join(__dirname, "../examples/six-nodes");
  const { config, clusterFile, isExample } = loadFromEnv({ env, exampleFolder });
  try {
    writeFileSync(out, renderTopology(config));
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    program.error(`${out} cannot be written: ${error.message}; name another file with --out`);
  }
  const source = isExample
    ? `the example, ${clusterFile}: there is no cluster.yaml here and no CLUSTER_CONFIG`
    : clusterFile;
  console.log(`${out}: ${config.nodes.length} nodes of ${source}`);
}

try {
  main(process.env, process.argv);
} catch (error) {
  // A mistake in the user's files is reported without a stack trace.
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
