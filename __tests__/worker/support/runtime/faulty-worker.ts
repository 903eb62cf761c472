import type { Env } from "../../../../worker/src/env";
import worker, { Directory, Passwords, StateObject as RealStateObject } from "../../../../worker/src/index";
import { Random } from "../random";
import { count, faults, operations, plans, specialFaults } from "./faults";
import { FaultyBucket } from "./faulty-bucket";
import { makeFaulty } from "./faulty-storage";

export { Directory, Passwords };

/** The same environment, with a bucket that fails, and with its calls of Durable Objects counted. */
const faulty = (env: Env, crash?: () => void): Env => ({
  ...env,
  BUCKET: new FaultyBucket(env.BUCKET, crash) as unknown as R2Bucket,
  STATE: counted(env.STATE),
  DIRECTORY: counted(env.DIRECTORY, "directory requests"),
});

/** Every use of a stub is one request to its object. */
function counted<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  also?: string,
): DurableObjectNamespace<T> {
  const getByName = (name: string) => {
    count("object requests");
    if (also) count(also);
    return namespace.getByName(name);
  };
  return { getByName } as unknown as DurableObjectNamespace<T>;
}

/** The real object, on a bucket and a SQLite that fail. */
export class StateObject extends RealStateObject {
  constructor(ctx: DurableObjectState, env: Env) {
    makeFaulty(ctx);
    super(
      ctx,
      faulty(env, () => ctx.abort("injected crash")),
    );
  }

  /** The alarm, without the wait for it, as if it were so many days later. */
  async alarmNow(days: number): Promise<void> {
    await later(days, () => this.alarm());
  }
}

/** Runs `work` with a clock that is some days ahead. */
async function later(days: number, work: () => Promise<void>): Promise<void> {
  const RealDate = Date;
  const now = () => RealDate.now() + days * 24 * 60 * 60 * 1000;
  globalThis.Date = class extends RealDate {
    constructor(...time: [] | [string | number]) {
      super(time[0] ?? now());
    }
    static override now = now;
  } as DateConstructor;
  try {
    await work();
  } finally {
    globalThis.Date = RealDate;
  }
}

/** Answer that never came, as far as the client knows. */
const lost = (): Response => new Response("lost", { status: 599 });

/** How many requests go on after their clients have gone, by the name of the state. */
const abandoned = new Map<string, number>();

async function abandon(name: string, answer: Response | Promise<Response>): Promise<void> {
  const add = (more: number) => abandoned.set(name, (abandoned.get(name) ?? 0) + more);
  add(1);
  try {
    await answer;
  } finally {
    add(-1);
  }
}

/**
 * The Worker, with answers that get lost on the way (`x-fate`) and faults that are set per state (`/faults/{name}`).
 * `/abandoned/{name}` tells how many requests go on that were answered as lost.
 */
export default {
  async fetch(request, env, ctx) {
    const url = new URL(request.url);
    if (url.pathname.startsWith("/faults/")) {
      setPlan(url.pathname.slice("/faults/".length), url.searchParams);
      return Response.json(operations);
    }
    if (url.pathname.startsWith("/abandoned/")) {
      return Response.json(abandoned.get(url.pathname.slice("/abandoned/".length)) ?? 0);
    }
    if (url.pathname.startsWith("/alarm/")) {
      const object = env.STATE.getByName(decodeURIComponent(url.pathname.slice("/alarm/".length)));
      await (object as unknown as StateObject).alarmNow(Number(url.searchParams.get("days")));
      return new Response("done");
    }
    const fate = request.headers.get("x-fate");
    const answer = worker.fetch(request, faulty(env), ctx);
    if (fate === "abandoned") {
      const name = /^\/states\/([^/]+)/.exec(url.pathname)?.[1] ?? "";
      ctx.waitUntil(abandon(name, answer));
      await new Promise((resolve) => setTimeout(resolve, 2));
      return lost();
    }
    const response = await answer;
    if (fate !== "lost") return response;
    await response.body?.cancel();
    return lost();
  },
} satisfies ExportedHandler<Env>;

function setPlan(name: string, parameters: URLSearchParams): void {
  const {
    seed = "0",
    rate = "0",
    sqlRate = "0",
    kinds,
    target = null,
    interloper = null,
    locked = null,
  } = Object.fromEntries(parameters);
  const random = new Random(Number(seed));
  const chosen =
    kinds === undefined
      ? faults
      : [...faults, ...specialFaults].filter((fault) => kinds.split(",").includes(fault));
  const rates = { rate: Number(rate), sqlRate: Number(sqlRate) };
  if (rates.rate + rates.sqlRate > 0 || interloper || locked)
    plans.set(name, { random, ...rates, kinds: chosen, target, interloper, locked });
  else plans.delete(name);
}
