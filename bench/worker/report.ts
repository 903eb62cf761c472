import { cpus } from "node:os";
import { table } from "../markdown";
import { judge, times } from "../report";
import type { Spread } from "../statistics";
import type { Apply } from "./apply";
import type { ContenderResult, ScenarioResult } from "./compare";
import type { RequestCpu } from "./cpu";
import { STEPS } from "./cycle";
import type { Delays } from "./delays";
import { FEW, type Growth, MANY } from "./growth";
import type { MemoryResult } from "./memory";

export interface ReportProps {
  /** The command that was run. */
  readonly command: string;
  readonly rounds: number;
  /** The first Worker in each is what the others are compared with. */
  readonly results: readonly ScenarioResult[];
  readonly delays: Delays;
  /** The same with slow stores. */
  readonly delayed: ScenarioResult;
  readonly growth: readonly Growth[];
  readonly cpu: readonly RequestCpu[];
  /** Null where the system does not tell. */
  readonly memory: readonly MemoryResult[] | null;
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
const maxGrowth = 1.5;
/** Megabytes above idle. */
const maxMemory = 100;

export function report(props: ReportProps): string {
  const { command, rounds, results, growth, cpu, memory, apply } = props;
  const resent = results.reduce((sum, { resentRequests }) => sum + resentRequests, 0);
  return `# Bench of the tfstate Worker

Made by \`${command}\` on ${cpus().length} × ${cpus()[0]?.model.trim() ?? "CPU of unknown make"}, Node ${process.version}.

${aims(props)}

## A cycle

A cycle is LOCK, GET, POST and UNLOCK, one after the other, over HTTP on loopback, each on its own connection, as OpenTofu sends
them. Each Worker runs in workerd. R2 and the Durable Objects are Miniflare's and share workerd's single thread with the Worker, so
with many states at once the CPU time of all of them counts. ${describeFirst(results)}
"S3 clients" is \`TFSTATE_S3_CLIENTS\`: with \`on\`, each lock has its file in the bucket and each version is copied for S3
clients before UNLOCK is answered. With \`off\`, a version of up to 1 MB goes to R2 half a minute after the answer, and so does the copy:
that work is not in these times, as with \`on\` it is.

In each of ${rounds} rounds the Workers run one after the other, in changing order. A time is the median of the rounds' median cycles,
with the smallest and the largest in brackets. A ratio compares a Worker with the first one within a round. A first round warms the
caches up and does not count.${
    resent === 0
      ? ""
      : `\nRequests that were sent again because workerd was too busy to read them: ${resent}.`
  }

${cycles(results)}

${network(props)}

## Growth

The same requests to a deployment with ${MANY.toLocaleString("en")} states, and ${MANY.toLocaleString("en")} versions of one of them, and to one with ${FEW} of each. Lists and
pages show ${FEW} entries in both.

${table(
  ["", `${FEW}`, MANY.toLocaleString("en"), "ratio"],
  growth.map(({ what, few, many, ratio }) => [what, short(few), short(many), times(ratio)]),
  "right",
)}

${cpuTable(cpu)}

${memoryTable(memory)}

${freePlan(apply)}
`;
}

const short = ({ median, min, max }: Spread): string =>
  `${median.toFixed(1)} ms (${min.toFixed(1)}–${max.toFixed(1)})`;

function aims({ results, growth, memory, apply }: ReportProps): string {
  const cycleLimit = (bytes: number) => (bytes > 1_000_000 ? 1.2 : 1);
  const ofFast = results.flatMap(({ size, bytes, states, contenders }) => {
    const [first] = contenders;
    const fast = contenders.at(-1) as ContenderResult;
    if (states > 1) return [];
    const isLarge = bytes > 1_000_000;
    return {
      text: `${isLarge ? "a POST" : "a cycle"} at ${size}, ${fast.name}: at most ${cycleLimit(bytes)} × ${first?.name}`,
      limit: cycleLimit(bytes),
      found: isLarge ? fast.ratios.POST : fast.ratios.cycle,
    };
  });
  const rates = results.flatMap(({ size, bytes, states, contenders }) => {
    const fast = contenders.at(-1) as ContenderResult;
    if (states === 1 || bytes > 1_000_000) return [];
    const { rateRatio } = fast;
    const isMet = rateRatio.median >= 1;
    return [
      `- cycles a second at ${size}, ${states} states, ${fast.name}: at least 1 × ${contenders[0]?.name}: ${isMet ? "met" : "missed"}, ${times(rateRatio)}`,
    ];
  });
  const ofGrowth = growth.map(({ what, ratio }) => ({
    text: `${what} with ${MANY.toLocaleString("en")} states or versions: at most ${maxGrowth} × of ${FEW}`,
    limit: maxGrowth,
    found: ratio,
  }));
  return [
    judge(ofFast),
    ...rates,
    judge(ofGrowth),
    ...memoryAims(memory),
    `- class A operations of an apply with two writes, S3 clients on: at most 5: ${apply.classA <= 5 ? "met" : "missed"}, ${apply.classA}`,
  ].join("\n");
}

function describeFirst(results: readonly ScenarioResult[]): string {
  return results[0]?.contenders[0]?.name === "bare"
    ? '"bare" is `bench/worker/runtime/bare-worker.ts`: a conditional put, a get, a put and a delete, without checks, history or authentication.'
    : "The first is https://github.com/cmackenzie1/tfstate-worker, which has a lock and no checks, history, audit or users.";
}

function cycles(results: readonly ScenarioResult[]): string {
  const rows = results.flatMap(({ size, states, contenders }) =>
    contenders.map(({ name, steps, ratios, cyclesPerSecond, rateRatio }) => [
      `${size} × ${states}`,
      name,
      ...STEPS.map((step) => `${steps[step].median.toFixed(1)} (${ratios[step].median.toFixed(2)} ×)`),
      short(steps.cycle),
      times(ratios.cycle),
      `${cyclesPerSecond.median.toFixed(1)} (${rateRatio.median.toFixed(2)} ×)`,
    ]),
  );
  return table(
    [
      "state × states at once",
      "Worker",
      ...STEPS.map((step) => `${step}, ms`),
      "cycle",
      "ratio",
      "cycles a second",
    ],
    rows,
  );
}

function network({ delays, delayed }: ReportProps): string {
  const rows = delayed.contenders.map(({ name, steps }) => [
    name,
    ...[...STEPS, "cycle" as const].map((step) => steps[step].median.toFixed(0)),
  ]);
  return `## With the network between them

The same cycle at ${delayed.size}, where each call of a Durable Object takes ${delays.object} ms longer and each call of R2 ${delays.r2} ms, which is
near what they take on Cloudflare. What counts then is how many calls come one after the other. Milliseconds:

${table(["Worker", ...STEPS, "cycle"], rows, "right")}`;
}

function cpuTable(cpu: readonly RequestCpu[]): string {
  return `## CPU time

Of one request, in milliseconds, as Linux counts it. "Worker" is the Worker with stores that answer at once, and includes workerd's
own HTTP server. "elsewhere" is the rest: the Durable Objects, and what stands for R2 here. The free plan allows 10 ms in the
Worker and 30 s in a Durable Object.

${table(
  ["", "Worker", "elsewhere"],
  cpu.map(({ what, worker, elsewhere }) => [what, worker.toFixed(1), elsewhere.toFixed(1)]),
  "right",
)}`;
}

function memoryAims(memory: ReportProps["memory"]): string[] {
  const ours = (memory ?? []).filter(({ worker }) => worker === "tfstate");
  return ours.map(({ body, idle, post, get }) => {
    const above = Math.max(post, get) - idle;
    return `- a state of 90 MB, ${body}: at most ${maxMemory} MB above idle: ${above <= maxMemory ? "met" : "missed"}, ${above} MB`;
  });
}

function memoryTable(memory: ReportProps["memory"]): string {
  if (memory === null) return "## Memory\n\nNot measured: this needs Linux.";
  return `## Memory

Resident memory of workerd in MB, which plays R2 and SQLite too, before, and at most while a state of 90 MB is written and read.
"bare" is \`bench/worker/runtime/bare-worker.ts\`, which puts the request's body in R2 and gets it from there.

${table(
  ["Worker", "state", "idle", "POST", "GET"],
  memory.map(({ worker, body, idle, post, get }) => [worker, body, ...[idle, post, get].map(String)]),
)}`;
}

function freePlan(apply: Apply): string {
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
  return `## An apply on the free plan

Counted for LOCK, GET, two POSTs and UNLOCK of a small state with S3 clients on, authenticated with a password, and for the alarm
after them. With a minted token, each request also asks the Directory, which adds ${apply.requests} requests to Durable Objects.

${table(
  ["", "an apply takes", "free each day", "applies a day"],
  plan.map(({ what, each, perDay, applies }) => [what, String(each), number(perDay), number(applies)]),
)}

So the free plan allows about **${number(fewest.applies)} applies a day**. The limit on ${fewest.what} is reached first.`;
}
