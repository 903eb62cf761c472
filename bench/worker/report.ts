import { cpus } from "node:os";
import { table } from "../markdown";
import { judge, times } from "../report";
import type { Spread } from "../statistics";
import type { Apply } from "./apply";
import type { Comparison } from "./compare";

export interface ReportProps extends Comparison {
  readonly rounds: number;
  readonly apply: Apply;
}

/** What Cloudflare's free plan allows in a day; R2's monthly allowance is divided by 30. */
const free = {
  "class A operations of R2": 1_000_000 / 30,
  "class B operations of R2": 10_000_000 / 30,
  "requests to the Worker": 100_000,
  "requests to Durable Objects": 100_000,
  "rows written by Durable Objects": 100_000,
} as const;
/** After an apply, an alarm checks once whether anything was left half done: one request and one class B operation. */
const alarm = { requests: 1, classB: 1, rowsWritten: 1 };

export function report({ rounds, results, apply, resentRequests }: ReportProps): string {
  const milliseconds = ({ median, min, max }: Spread): string =>
    `${median.toFixed(0)} ms (${min.toFixed(0)}–${max.toFixed(0)})`;
  const rows = results.map(({ size, states, cycles, bare, tfstate, ratio, cyclesPerSecond }) => [
    size,
    String(states),
    String(rounds * states * cycles),
    milliseconds(bare),
    milliseconds(tfstate),
    times(ratio),
    cyclesPerSecond.median.toFixed(1),
  ]);
  const used: Readonly<Record<keyof typeof free, number>> = {
    "class A operations of R2": apply.classA,
    "class B operations of R2": apply.classB + alarm.classB,
    "requests to the Worker": apply.requests,
    "requests to Durable Objects": apply.requests + alarm.requests,
    "rows written by Durable Objects": apply.rowsWritten + alarm.rowsWritten,
  };
  const plan = Object.entries(free).map(([what, perDay]) => {
    const each = used[what as keyof typeof free];
    return { what, each, perDay, applies: Math.floor(perDay / each) };
  });
  const fewest = plan.reduce((least, next) => (next.applies < least.applies ? next : least));
  const number = (value: number): string => Math.floor(value).toLocaleString("en");
  return `# Bench of the tfstate Worker

Made by \`npm run bench:worker\` on ${cpus().length} × ${cpus()[0]?.model.trim() ?? "CPU of unknown make"}, Node ${process.version}.

${judge(
  results.map(({ size, states, ratio }) => ({
    text: `a cycle at ${size}, ${states} ${states === 1 ? "state" : "states at once"}: at most 2 × the bare Worker`,
    limit: 2,
    found: ratio,
  })),
)}
- class A operations of an apply with two writes: at most 5: ${apply.classA <= 5 ? "met" : "missed"}, ${apply.classA}

## A cycle

A cycle is LOCK, GET, POST and UNLOCK, one after the other, over HTTP on loopback, each on its own connection, as OpenTofu sends
them. Both Workers run in workerd. R2 and the Durable Objects are Miniflare's and share workerd's single thread with the Worker, so
with many states at once the CPU time of all of them counts. "bare" is \`bench/worker/bare-worker.ts\`: a conditional put, a get, a put
and a delete, without checks, history or authentication. The tfstate Worker puts each state twice in a cycle, once for the history.

In each of ${rounds} rounds the two Workers run one after the other, in changing order. A time is the median of the rounds' median cycles,
with the smallest and the largest in brackets. A ratio compares the two Workers within a round. A first round warms the caches up and
does not count.${
    resentRequests === 0
      ? ""
      : `\nRequests that were sent again because workerd was too busy to read them: ${resentRequests}.`
  }

${table(["state", "states at once", "cycles", "bare", "tfstate", "tfstate to bare", "tfstate cycles/s"], rows)}

## An apply on the free plan

Counted for LOCK, GET, two POSTs and UNLOCK of a small state, authenticated with a password, and for the alarm after them. With a
minted token, each request also asks the Directory, which adds ${apply.requests} requests to Durable Objects.

${table(
  ["", "an apply takes", "free each day", "applies a day"],
  plan.map(({ what, each, perDay, applies }) => [what, String(each), number(perDay), number(applies)]),
)}

So the free plan allows about **${number(fewest.applies)} applies a day**. The limit on ${fewest.what} is reached first.
`;
}
