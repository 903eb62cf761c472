import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { ConfigError, loadFromEnv } from "../config";
import { renderTopology } from "../topology";

/* `npm run topology [-- --out FILE]`: draws the cluster of the working folder. */

function main(env: NodeJS.ProcessEnv, argv: readonly string[]): void {
  const program = new Command("npm run topology --")
    .description("draws the cluster that main.ts would synthesize")
    .option("-o, --out <file>", "SVG file to write", "topology.svg")
    .allowExcessArguments(false);
  const { out } = program.parse(argv).opts<{ out: string }>();

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
