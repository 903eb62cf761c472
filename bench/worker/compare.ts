import { join } from "node:path";
import { performance } from "node:perf_hooks";
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

/** A size and a number of states, measured on both Workers. */
export interface Scenario {
  readonly size: string;
  readonly bytes: number;
  readonly states: number;
  /** Cycles of each state in a round. */
  readonly cycles: number;
}

/** The median cycles of a scenario's rounds, in milliseconds. */
export interface ScenarioResult extends Scenario {
  readonly bare: Spread;
  readonly tfstate: Spread;
  /** Of the tfstate Worker's median to the bare Worker's median of the same round. */
  readonly ratio: Spread;
  readonly cyclesPerSecond: Spread;
}

export interface Comparison {
  readonly results: readonly ScenarioResult[];
  /** Requests that were sent again because workerd closed the connection. */
  readonly resentRequests: number;
}

const SCENARIOS: readonly Scenario[] = [
  { size: "100 KB", bytes: 100_000, states: 1, cycles: 25 },
  { size: "100 KB", bytes: 100_000, states: 16, cycles: 6 },
  { size: "10 MB", bytes: 10_000_000, states: 1, cycles: 4 },
  { size: "10 MB", bytes: 10_000_000, states: 16, cycles: 1 },
];
let resentRequests = 0;

/** Measures a cycle of LOCK, GET, POST and UNLOCK on the tfstate Worker and on one that only gets and puts in R2. */
export async function compareWorkers(rounds: number): Promise<Comparison> {
  resentRequests = 0;
  const tfstate = await startTestWorker();
  const bare = await startTestWorker({ script: await bundleWorker(join(__dirname, "bare-worker.ts")) });
  const results: ScenarioResult[] = [];
  try {
    for (const scenario of SCENARIOS) {
      results.push(await runScenario(scenario, bare.owner, tfstate.owner, rounds));
      console.error(JSON.stringify(results.at(-1)));
    }
  } finally {
    await closeConnections();
    await Promise.all([tfstate.miniflare.dispose(), bare.miniflare.dispose()]);
  }
  return { results, resentRequests };
}

/** The two Workers take turns in changing order, so that other work on the machine slows both down alike. */
async function runScenario(
  scenario: Scenario,
  bare: Target,
  tfstate: Target,
  rounds: number,
): Promise<ScenarioResult> {
  const medians: { bare: number[]; tfstate: number[] } = { bare: [], tfstate: [] };
  const rates: number[] = [];
  for (let at = 0; at <= rounds; at++) {
    const turns = [() => runRound(scenario, bare), () => runRound(scenario, tfstate)];
    if (at % 2 === 1) turns.reverse();
    const found = [];
    for (const turn of turns) found.push(await turn());
    if (at % 2 === 1) found.reverse();
    const [ofBare, ofTfstate] = found;
    // The first round warms the caches up and does not count.
    if (at === 0 || !ofBare || !ofTfstate) continue;
    medians.bare.push(ofBare.medianMs);
    medians.tfstate.push(ofTfstate.medianMs);
    rates.push(ofTfstate.cyclesPerSecond);
  }
  return {
    ...scenario,
    bare: spread(medians.bare),
    tfstate: spread(medians.tfstate),
    ratio: ratios(medians.tfstate, medians.bare),
    cyclesPerSecond: spread(rates),
  };
}

async function runRound({ bytes, states, cycles }: Scenario, target: Target) {
  const filler = "x".repeat(bytes);
  const times: number[] = [];
  const runCycles = async (state: State): Promise<void> => {
    for (let serial = 1; serial <= cycles; serial++) {
      const body = stateBody({ serial, note: filler });
      const started = performance.now();
      await runCycle(state, body);
      times.push(performance.now() - started);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: states }, () => runCycles(new State(target))));
  const seconds = (performance.now() - started) / 1000;
  return { medianMs: spread(times).median, cyclesPerSecond: (states * cycles) / seconds };
}

async function runCycle(state: State, body: string): Promise<void> {
  const info = lockInfo();
  const requests = [
    () => state.lock(info),
    () => state.get(),
    () => state.post(body, info.ID),
    () => state.unlock(info),
  ];
  for (const request of requests) {
    // workerd closes a connection that it has not read from for some seconds. With 16 bodies of 10 MB in its single
    // thread it may not get to a new request in that time. Real clients send such a request again too.
    const reply = await request().catch((error: unknown) => {
      if (!isHangUp(error)) throw error;
      resentRequests++;
      return request();
    });
    if (reply.status >= 300) throw new Error(`${reply.status}: ${reply.text.slice(0, 200)}`);
  }
}
