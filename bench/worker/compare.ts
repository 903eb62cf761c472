import { performance } from "node:perf_hooks";
import { ratios, type Spread, spread } from "../statistics";
import { type Contender, type Started, start } from "./contenders";
import { Cycles, type CycleTimes, STEPS, type Step } from "./cycle";
import type { Delays } from "./delays";

/** A size and a number of states, measured on each Worker. */
export interface Scenario {
  readonly size: string;
  readonly bytes: number;
  readonly states: number;
  /** Cycles of each state in a round. */
  readonly cycles: number;
}

/** What one Worker took, and how that compares with the first one in the same rounds. */
export interface ContenderResult {
  readonly name: string;
  /** Median milliseconds of each step, and of the whole cycle. */
  readonly steps: Readonly<Record<Step | "cycle", Spread>>;
  /** Of the same step of the first Worker in the same round. */
  readonly ratios: Readonly<Record<Step | "cycle", Spread>>;
  readonly cyclesPerSecond: Spread;
  readonly rateRatio: Spread;
}

export interface ScenarioResult extends Scenario {
  readonly contenders: readonly ContenderResult[];
  /** Requests that were sent again because workerd closed the connection. */
  readonly resentRequests: number;
}

/** What one Worker took in one round. */
interface Round {
  readonly steps: Readonly<Record<Step | "cycle", number>>;
  readonly cyclesPerSecond: number;
}

const MEASURED = [...STEPS, "cycle"] as const;

/**
 * Measures cycles of LOCK, GET, POST and UNLOCK on each Worker. They take turns in changing order, so that other work on
 * the machine slows all of them down alike. A first round warms the caches up and does not count.
 * @param delays what each call of a store takes longer @default nothing
 */
export async function compare(
  contenders: readonly Contender[],
  scenarios: readonly Scenario[],
  rounds: number,
  delays?: Delays,
): Promise<readonly ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    // Anew for each: half a minute after a write, alarms of the scenario before would go off in this one.
    const started: Started[] = [];
    try {
      for (const contender of contenders) started.push(await start(contender, delays));
      results.push(await runScenario(scenario, contenders, started, rounds));
    } finally {
      await Promise.all(started.map((each) => each.stop()));
    }
    console.error(summary(results.at(-1)));
  }
  return results;
}

async function runScenario(
  scenario: Scenario,
  contenders: readonly Contender[],
  started: readonly Started[],
  rounds: number,
): Promise<ScenarioResult> {
  const found = started.map((): Round[] => []);
  let resentRequests = 0;
  for (let round = 0; round <= rounds; round++) {
    const order = started.map((_, at) => at);
    if (round % 2 === 1) order.reverse();
    for (const at of order) {
      const { resent, ...result } = await runRound(scenario, started[at] as Started);
      resentRequests += resent;
      if (round > 0) found[at]?.push(result);
    }
  }
  const [first = []] = found;
  const results = contenders.map(({ name }, at): ContenderResult => {
    const own = found[at] ?? [];
    const each = (of: (values: number[], baseline: number[]) => Spread) =>
      Object.fromEntries(
        MEASURED.map((step) => [
          step,
          of(
            own.map((r) => r.steps[step]),
            first.map((r) => r.steps[step]),
          ),
        ]),
      ) as ContenderResult["steps"];
    const rates = own.map((r) => r.cyclesPerSecond);
    return {
      name,
      steps: each(spread),
      ratios: each(ratios),
      cyclesPerSecond: spread(rates),
      rateRatio: ratios(
        rates,
        first.map((r) => r.cyclesPerSecond),
      ),
    };
  });
  return { ...scenario, contenders: results, resentRequests };
}

async function runRound({ bytes, states, cycles }: Scenario, { target }: Started) {
  const runs = Array.from({ length: states }, () => new Cycles(target, bytes));
  const times: CycleTimes[] = [];
  const started = performance.now();
  await Promise.all(
    runs.map(async (run) => {
      for (let at = 0; at < cycles; at++) times.push(await run.next());
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const medianOf = (of: (cycle: CycleTimes) => number) => spread(times.map(of)).median;
  const steps = Object.fromEntries(STEPS.map((step) => [step, medianOf((cycle) => cycle[step])]));
  const cycle = medianOf((each) => STEPS.reduce((sum, step) => sum + each[step], 0));
  return {
    steps: { ...steps, cycle } as Round["steps"],
    cyclesPerSecond: (states * cycles) / seconds,
    resent: runs.reduce((sum, run) => sum + run.resentRequests, 0),
  };
}

function summary(result: ScenarioResult | undefined): string {
  const cycles = result?.contenders.map(
    ({ name, steps, ratios: { cycle } }) =>
      `${name} ${steps.cycle.median.toFixed(0)} ms (${cycle.median.toFixed(2)} ×)`,
  );
  return `${result?.size}, ${result?.states} states: ${cycles?.join(", ")}`;
}
