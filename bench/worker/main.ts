import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import {
  closeConnections,
  lockInfo,
  State,
  stateBody,
  type Target,
} from "../../__tests__/worker/conformance/client";
import { startTestWorker } from "../../__tests__/worker/harness";
import { bundleWorker } from "../../worker/build";

/** One row of the result: a full cycle of LOCK, GET, POST, UNLOCK. */
interface Row {
  readonly worker: "bare" | "tfstate";
  readonly size: string;
  readonly states: number;
  readonly cycles: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly cyclesPerSecond: number;
}

const sizes = [
  ["100 KB", 100_000, 30],
  ["10 MB", 10_000_000, 3],
] as const;
const concurrencies = [1, 16];
/** Included in the free plan: class A operations a month, and Durable Object requests a day. */
const free = { classAMonth: 1_000_000, objectRequestsDay: 100_000 };

async function main(): Promise<void> {
  const root = join(__dirname, "..", "..");
  const ours = await startTestWorker({
    script: await bundleWorker(join(root, "__tests__/worker/runtime/faulty-worker.ts")),
  });
  const bare = await startTestWorker({ script: await bundleWorker(join(__dirname, "bare-worker.ts")) });
  const rows: Row[] = [];
  try {
    for (const [label, bytes, cycles] of sizes) {
      for (const states of concurrencies) {
        for (const [worker, target] of [
          ["bare", bare.owner],
          ["tfstate", ours.owner],
        ] as const) {
          const count = Math.max(1, Math.round(states === 1 ? cycles : cycles / 4));
          rows.push(await measure(worker, target, label, bytes, states, count));
          console.error(JSON.stringify(rows.at(-1)));
        }
      }
    }
    const operations = await operationsPerApply(ours.owner);
    await writeFile(join(__dirname, "result.md"), report(rows, operations));
  } finally {
    await closeConnections();
    await Promise.all([ours.miniflare.dispose(), bare.miniflare.dispose()]);
  }
}

async function measure(
  worker: Row["worker"],
  target: Target,
  size: string,
  bytes: number,
  states: number,
  cycles: number,
): Promise<Row> {
  const times: number[] = [];
  const filler = "x".repeat(bytes);
  const each = async (state: State): Promise<void> => {
    for (let serial = 0; serial <= cycles; serial++) {
      const started = performance.now();
      await cycle(state, stateBody({ serial, note: filler }));
      if (serial > 0) times.push(performance.now() - started); // the first one warms up
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: states }, () => each(new State(target))));
  const seconds = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  const quantile = (part: number): number => Math.round(times[Math.floor((times.length - 1) * part)] ?? 0);
  const cyclesPerSecond = Math.round((10 * states * (cycles + 1)) / seconds) / 10;
  return {
    worker,
    size,
    states,
    cycles: times.length,
    medianMs: quantile(0.5),
    p95Ms: quantile(0.95),
    cyclesPerSecond,
  };
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
    // A connection that the server closed meanwhile is tried again, as the real clients do.
    const reply = await request().catch(request);
    if (reply.status >= 300) throw new Error(`${reply.status}: ${reply.text.slice(0, 200)}`);
  }
}

/** Counted in the bucket's wrapper, for an apply as OpenTofu does it, with two writes. */
async function operationsPerApply(target: Target): Promise<Record<string, number>> {
  const counted = async () =>
    (await (await fetch(`${target.url}/faults/none?rate=0`)).json()) as Record<string, number>;
  const state = new State(target);
  await state.post(stateBody({ serial: 1 }));
  const before = await counted();
  const info = lockInfo();
  await state.lock(info);
  await state.get();
  await state.post(stateBody({ serial: 2 }), info.ID);
  await state.post(stateBody({ serial: 3 }), info.ID);
  await state.unlock(info);
  const after = await counted();
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]),
  );
}

function report(rows: readonly Row[], operations: Record<string, number>): string {
  const classA = operations.put ?? 0;
  const classB = (operations.get ?? 0) + (operations.head ?? 0);
  /** LOCK, GET, two POSTs and UNLOCK, and the alarm that tidies up afterwards. */
  const objectRequests = 6;
  const perDay = Math.min(
    Math.floor(free.classAMonth / 30 / classA),
    Math.floor(free.objectRequestsDay / objectRequests),
  );
  const ratio = (row: Row): string => {
    const bare = rows.find(
      ({ worker, size, states }) => worker === "bare" && size === row.size && states === row.states,
    );
    return row.worker === "bare" || !bare ? "" : `${(row.medianMs / bare.medianMs).toFixed(1)} ×`;
  };
  const table = rows.map(
    (row) =>
      `| ${row.worker} | ${row.size} | ${row.states} | ${row.cycles} | ${row.medianMs} | ${row.p95Ms} | ${row.cyclesPerSecond} | ${ratio(row)} |`,
  );
  return `# Bench of the tfstate Worker

A cycle is LOCK, GET, POST, UNLOCK, over HTTP, in workerd on one machine; R2 and Durable Objects are Miniflare's. "bare" is
\`bench/worker/bare-worker.ts\`: the same four requests on R2 alone, with no check and no history. Times are of this machine
and only compare the two; run \`npm run bench:worker\` for yours.

| Worker | state | states at once | cycles | median ms | p95 ms | cycles/s | median against bare |
| --- | --- | --- | --- | --- | --- | --- | --- |
${table.join("\n")}

An apply with two writes takes ${classA} class A operations (PUT), ${classB} class B (GET, HEAD), ${operations.delete ?? 0} DELETE (free)
and ${objectRequests} Durable Object requests. The free plan's ${free.classAMonth.toLocaleString("en")} class A operations a month and
${free.objectRequestsDay.toLocaleString("en")} Durable Object requests a day carry about **${perDay.toLocaleString("en")} applies a day**.
`;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
