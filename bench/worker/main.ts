import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { positiveNumber } from "../options";
import { countApply } from "./apply";
import { compareWorkers } from "./compare";
import { report } from "./report";

/* `npm run bench:worker`: the tfstate Worker against one that only gets and puts in R2; writes bench/worker/result.md. */

async function main(): Promise<void> {
  const { rounds } = new Command("npm run bench:worker --")
    .description("measures the tfstate Worker against a bare one, and writes bench/worker/result.md")
    .option("-r, --rounds <number>", "rounds that count", positiveNumber, 5)
    .allowExcessArguments(false)
    .parse()
    .opts<{ rounds: number }>();
  const apply = await countApply();
  const comparison = await compareWorkers(rounds);
  await writeFile(join(__dirname, "result.md"), report({ rounds, apply, ...comparison }));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
