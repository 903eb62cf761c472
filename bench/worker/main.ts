import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { closeConnections } from "../../__tests__/worker/conformance/client";
import { positiveNumber } from "../options";
import { countApply } from "./apply";
import { compare, type Scenario } from "./compare";
import { bare, peer, tfstate } from "./contenders";
import { measureCpu } from "./cpu";
import { measureGrowth } from "./growth";
import { measureMemory } from "./memory";
import { report } from "./report";

/* `npm run bench:worker`: the tfstate Worker against the one that it replaces; writes bench/worker/result.md. */

const SCENARIOS: readonly Scenario[] = [
  { size: "100 KB", bytes: 100_000, states: 1, cycles: 25 },
  { size: "100 KB", bytes: 100_000, states: 16, cycles: 6 },
  { size: "10 MB", bytes: 10_000_000, states: 1, cycles: 4 },
  { size: "10 MB", bytes: 10_000_000, states: 16, cycles: 1 },
];
const [small] = SCENARIOS as readonly [Scenario];
/** What a call takes on Cloudflare, by order of magnitude. */
const DELAYS = { r2: 40, object: 10 };

async function main(): Promise<void> {
  const options = new Command("npm run bench:worker --")
    .description("measures the tfstate Worker beside another one, and writes bench/worker/result.md")
    .option("-r, --rounds <number>", "rounds that count", positiveNumber, 5)
    .option(
      "--peer <folder>",
      "a checkout of github.com/cmackenzie1/tfstate-worker to compare with; without it, a Worker that only gets and puts in R2",
    )
    .allowExcessArguments(false)
    .parse()
    .opts<{ rounds: number; peer?: string }>();
  const { rounds } = options;
  const contenders = [options.peer ? peer(options.peer) : bare, tfstate("on"), tfstate("off")];
  const results = await compare(contenders, SCENARIOS, rounds);
  const [delayed] = await compare(contenders, [{ ...small, cycles: 5 }], 2, DELAYS);
  if (!delayed) throw new Error("nothing was measured with delays");
  const growth = await measureGrowth(rounds);
  const cpu = await measureCpu(rounds);
  const memory = await measureMemory();
  const apply = await countApply();
  await closeConnections();
  const command = `npm run bench:worker${options.peer ? " -- --peer <checkout of tfstate-worker>" : ""}`;
  const props = { command, rounds, results, delays: DELAYS, delayed, growth, cpu, memory, apply };
  await writeFile(join(__dirname, "result.md"), report(props));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
