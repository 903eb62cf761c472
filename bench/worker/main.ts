import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { Command } from "commander";
import {
  closeConnections,
  isHangUp,
  lockInfo,
  State,
  stateBody,
  type Target,
} from "../../__tests__/worker/conformance/client";
import { startTestWorker } from "../../__tests__/worker/support/harness";
import { bundleWorker } from "../../worker/build";
import { ratios, type Spread, spread } from "../statistics";
import { countApply } from "./apply";
import { report } from "./report";

/* `npm run bench:worker`: a cycle of LOCK, GET, POST, UNLOCK against a Worker that only gets and puts in R2. */

/** One size and number of states, measured on both Workers. */
export interface Scenario {
  readonly size: string;
  readonly bytes: number;
  readonly states: number;
  /** Cycles of each state in a round. */
  readonly cycles: number;
}

/** What the rounds of one scenario gave: the median cycle of each, in milliseconds. */
export interface Result extends Scenario {
  readonly bare: Spread;
  readonly tfstate: Spread;
  /** Of the rounds' medians, each to the bare one of the same round. */
  readonly ratio: Spread;
  readonly cyclesPerSecond: Spread;
}

const scenarios: readonly Scenario[] = [
  { size: "100 KB", bytes: 100_000, states: 1, cycles: 25 },
  { size: "100 KB", bytes: 100_000, states: 16, cycles: 6 },
  { size: "10 MB", bytes: 10_000_000, states: 1, cycles: 4 },
  { size: "10 MB", bytes: 10_000_000, states: 16, cycles: 1 },
];
/** Requests that were sent again because workerd hung up. */
let hangUps = 0;

async function main(): Promise<void> {
  const { rounds } = new Command("bench:worker")
    .option("-r, --rounds <number>", "rounds that count", Number, 5)
    .parse()
    .opts<{ rounds: number }>();
  const apply = await countApply();
  const ours = await startTestWorker();
  const bare = await startTestWorker({ script: await bundleWorker(join(__dirname, "bare-worker.ts")) });
  const results: Result[] = [];
  try {
    for (const scenario of scenarios) {
      results.push(await compare(scenario, bare.owner, ours.owner, rounds));
      console.error(JSON.stringify(results.at(-1)));
    }
  } finally {
    await closeConnections();
    await Promise.all([ours.miniflare.dispose(), bare.miniflare.dispose()]);
  }
  await writeFile(join(__dirname, "result.md"), report({ rounds, results, apply, hangUps }));
}

/** The two Workers take turns, and who is first changes; what else the machine does befalls both. */
async function compare(scenario: Scenario, bare: Target, ours: Target, rounds: number): Promise<Result> {
  const medians: { bare: number[]; ours: number[] } = { bare: [], ours: [] };
  const rates: number[] = [];
  for (let at = 0; at <= rounds; at++) {
    const turns = [() => round(scenario, bare), () => round(scenario, ours)];
    if (at % 2 === 1) turns.reverse();
    const found = [];
    for (const turn of turns) found.push(await turn());
    if (at % 2 === 1) found.reverse();
    const [ofBare, ofOurs] = found;
    if (at === 0 || !ofBare || !ofOurs) continue; // warms up
    medians.bare.push(ofBare.medianMs);
    medians.ours.push(ofOurs.medianMs);
    rates.push(ofOurs.cyclesPerSecond);
  }
  return {
    ...scenario,
    bare: spread(medians.bare),
    tfstate: spread(medians.ours),
    ratio: ratios(medians.ours, medians.bare),
    cyclesPerSecond: spread(rates),
  };
}

async function round({ bytes, states, cycles }: Scenario, target: Target) {
  const filler = "x".repeat(bytes);
  const times: number[] = [];
  const each = async (state: State): Promise<void> => {
    for (let serial = 1; serial <= cycles; serial++) {
      const body = stateBody({ serial, note: filler });
      const started = performance.now();
      await cycle(state, body);
      times.push(performance.now() - started);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: states }, () => each(new State(target))));
  const seconds = (performance.now() - started) / 1000;
  return { medianMs: spread(times).median, cyclesPerSecond: (states * cycles) / seconds };
}

async function cycle(state: State, body: string): Promise<void> {
  const info = lockInfo();
  const requests = [
    () => state.lock(info),
    () => state.get(),
    () => state.post(body, info.ID),
    () => state.unlock(info),
  ];
  for (const request of requests) {
    // workerd closes a connection on which it read nothing for some seconds, and with 16 bodies of 10 MB in its one
    // thread it may not come to read a new one in that time. The real clients send such a request again, too.
    const reply = await request().catch((error: unknown) => {
      if (!isHangUp(error)) throw error;
      hangUps++;
      return request();
    });
    if (reply.status >= 300) throw new Error(`${reply.status}: ${reply.text.slice(0, 200)}`);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
