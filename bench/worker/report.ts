import { cpus } from "node:os";
import { judge, table, times } from "../report";
import type { Spread } from "../statistics";
import type { Apply } from "./apply";
import type { Result } from "./main";

export interface ReportProps {
  readonly rounds: number;
  readonly results: readonly Result[];
  readonly apply: Apply;
  readonly hangUps: number;
}

/** What Cloudflare's free plan carries, per day; of R2 it is a thirtieth of the month. */
const free = {
  "class A operations of R2": 1_000_000 / 30,
  "class B operations of R2": 10_000_000 / 30,
  "requests to the Worker": 100_000,
  "requests to Durable Objects": 100_000,
  "rows written by Durable Objects": 100_000,
} as const;
/** After an apply an alarm looks once whether anything was left half done: one request and one class B operation. */
const alarm = { requests: 1, classB: 1, rowsWritten: 1 };

export function report({ rounds, results, apply, hangUps }: ReportProps): string {
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

LOCK, GET, POST and UNLOCK, one after the other, over HTTP on loopback, a connection each, as OpenTofu sends them. Both Workers run in
workerd; R2 and Durable Objects are Miniflare's, which share workerd's one thread with the Worker, so with many states at once the
CPU time of all of them is what counts. "bare" is \`bench/worker/bare-worker.ts\`: a conditional put, a get, a put and a delete, with no
check, no history and no owner. A cycle of the tfstate Worker puts each state twice, once for the history.

In each of ${rounds} rounds both run one after the other, in changing order. A time is the median of the rounds' median cycles, with the
smallest and the largest of them in brackets; a ratio is taken within its round. A round before them warms up.${
    hangUps === 0
      ? ""
      : `\nRequests that were sent again because workerd was too busy to read them: ${hangUps}.`
  }

${table(["state", "states at once", "cycles", "bare", "tfstate", "tfstate to bare", "tfstate cycles/s"], rows)}

## An apply on the free plan

Counted for LOCK, GET, two POSTs and UNLOCK of a small state with a password (a minted token asks the Directory at each request, which adds
${apply.requests} requests to Durable Objects), and for the alarm after them.

${table(
  ["", "an apply takes", "free each day", "applies a day"],
  plan.map(({ what, each, perDay, applies }) => [what, String(each), number(perDay), number(applies)]),
)}

So the free plan carries about **${number(fewest.applies)} applies a day**; ${fewest.what} run out first.
`;
}
