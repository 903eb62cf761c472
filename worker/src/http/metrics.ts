import { routePath } from "hono/route";
import { nameOf, type Principal } from "../auth/principal";
import type { Counters } from "../directory/directory";
import { type AppContext, directoryOf } from "./context";

/** Counted in this isolate and handed to the Directory now and then: one more call per request would double the cost. */
let pending: Record<string, number> = {};
let flushedAt = 0;
const flushEveryMs = 10_000;

const help: Readonly<Record<string, string>> = {
  tfstate_requests_total: "requests, by method, route and status",
  tfstate_request_seconds_sum: "seconds that requests took",
  tfstate_request_seconds_count: "requests that were timed",
  tfstate_auth_failures_total: "wrong passwords and tokens",
};

/** Logs one request and counts it. The log line holds no header, query or body, so no secret. */
export function recordRequest(context: AppContext, ms: number): void {
  const { method } = context.req;
  const { status } = context.res;
  const route = routePath(context, -1);
  const who = context.get("principal") as Principal | undefined;
  const path = context.req.path.slice(0, 300);
  console.log(
    JSON.stringify({
      level: "info",
      event: "request",
      method,
      path,
      status,
      ms,
      who: who && nameOf(who),
      client: context.get("origin"),
    }),
  );
  add(`tfstate_requests_total{method="${method}",route="${route}",status="${status}"}`, 1);
  add("tfstate_request_seconds_sum", ms / 1000);
  add("tfstate_request_seconds_count", 1);
  if (Date.now() - flushedAt < flushEveryMs) return;
  context.executionCtx.waitUntil(flush(context).catch((error: unknown) => console.warn(`metrics: ${error}`)));
}

/** Counts a wrong password, without a call of its own. */
export const countAuthFailure = (): void => add("tfstate_auth_failures_total", 1);

/** The counters of the whole deployment, and gauges of the states that the caller reaches, all from the Directory alone. */
export async function metricsText(context: AppContext): Promise<string> {
  await flush(context);
  const directory = directoryOf(context.env);
  const { namespace, states } = context.get("principal");
  const [counters, { states: count, locks, oldestLock, conflicts }] = await Promise.all([
    directory.counters(),
    directory.summary(namespace, states),
  ]);
  const oldestSeconds = oldestLock === null ? 0 : (Date.now() - Date.parse(oldestLock)) / 1000;
  const lines = Object.keys(help).flatMap((name) => [
    `# HELP ${name} ${help[name]}`,
    `# TYPE ${name} counter`,
    ...Object.entries(counters)
      .filter(([key]) => key === name || key.startsWith(`${name}{`))
      .map(([key, value]) => `${key} ${value}`),
  ]);
  const gauge = (name: string, text: string, value: number) => [
    `# HELP ${name} ${text}`,
    `# TYPE ${name} gauge`,
    `${name} ${value}`,
  ];
  return [
    ...lines,
    ...gauge("tfstate_states", "states that the caller reaches", count),
    ...gauge("tfstate_locks_held", "locks that clients of this Worker held half a minute ago", locks),
    ...gauge("tfstate_oldest_lock_seconds", "age of the oldest of them", Math.max(0, oldestSeconds)),
    ...gauge("tfstate_conflicts", "states in which a write of an S3 client waits for a decision", conflicts),
    "",
  ].join("\n");
}

function add(name: string, value: number): void {
  pending[name] = (pending[name] ?? 0) + value;
}

async function flush(context: AppContext): Promise<void> {
  const counters: Counters = pending;
  pending = {};
  flushedAt = Date.now();
  await directoryOf(context.env).count(counters);
}
