import { performance } from "node:perf_hooks";
import { type Reply, State, send, stateBody, type Target } from "../../__tests__/worker/conformance/client";
import { ratios, type Spread, spread } from "../statistics";
import { start, tfstate } from "./contenders";
import { lockAndUnlock, must } from "./requests";

/** A request, with few and with many of what it might slow down by. */
export interface Growth {
  readonly what: string;
  /** Median milliseconds with {@link FEW}, and with {@link MANY}. */
  readonly few: Spread;
  readonly many: Spread;
  readonly ratio: Spread;
}

export const FEW = 10;
export const MANY = 1000;
const times = 15;

/** One deployment, with as many states, and as many versions of the state `busy`. */
interface Deployment {
  readonly target: Target;
  readonly busy: State;
  /** Name after which {@link FEW} states are left, so that lists and pages have the same length in both. */
  readonly after: string;
  /** Serial of the newest version. */
  serial: number;
}

/** Requests with 10 states and 10 versions of one, against the same with 1,000 of each. */
export async function measureGrowth(rounds: number): Promise<readonly Growth[]> {
  const [few, many] = [await start(tfstate("on")), await start(tfstate("on"))];
  try {
    const deployments = [await fill(few.target, FEW), await fill(many.target, MANY)] as const;
    const found = REQUESTS.map(() => ({ few: [] as number[], many: [] as number[] }));
    for (let round = 0; round <= rounds; round++) {
      for (const [at, { run }] of REQUESTS.entries()) {
        const ofFew = await medianOf(deployments[0], run);
        const ofMany = await medianOf(deployments[1], run);
        if (round === 0) continue; // warms the caches up
        found[at]?.few.push(ofFew);
        found[at]?.many.push(ofMany);
      }
    }
    return REQUESTS.map(({ what }, at) => {
      const { few = [], many = [] } = found[at] ?? {};
      return { what, few: spread(few), many: spread(many), ratio: ratios(many, few) };
    });
  } finally {
    await Promise.all([few.stop(), many.stop()]);
  }
}

type Request = (deployment: Deployment) => Promise<Reply>;

const get =
  (path: string): Request =>
  ({ target }) =>
    send(target, "GET", path);

const getRest =
  (path: string): Request =>
  ({ target, after }) =>
    send(target, "GET", `${path}?after=${after}`);

const REQUESTS: readonly { readonly what: string; readonly run: Request }[] = [
  { what: "LOCK and UNLOCK", run: ({ busy }) => lockAndUnlock(busy) },
  { what: "GET", run: ({ busy }) => busy.get() },
  { what: "POST", run: write },
  { what: "list of states", run: getRest("/states") },
  { what: "list of locks", run: getRest("/locks") },
  { what: "list of versions", run: get("/states/busy/versions?limit=10") },
  { what: "page of states", run: getRest("/") },
  { what: "page of the state", run: get("/page/states/busy") },
  { what: "metrics", run: get("/metrics") },
];

async function fill(target: Target, count: number): Promise<Deployment> {
  const busy = new State(target, "busy");
  for (let serial = 1; serial <= count; serial++)
    must(await busy.post(stateBody({ serial, resources: [`r${serial % 7}`] })));
  // In the order of their names, the state that was written often comes first.
  const names = Array.from({ length: count - 1 }, (_, at) => `state-${String(at).padStart(4, "0")}`);
  for (const name of names) must(await new State(target, name).post(stateBody({ serial: 1 })));
  return { target, busy, after: ["", "busy", ...names].at(-FEW - 1) ?? "", serial: count };
}

async function medianOf(deployment: Deployment, run: Request): Promise<number> {
  const found: number[] = [];
  for (let at = 0; at < times; at++) {
    const started = performance.now();
    must(await run(deployment));
    found.push(performance.now() - started);
  }
  return spread(found).median;
}

function write(deployment: Deployment): Promise<Reply> {
  deployment.serial++;
  return deployment.busy.post(stateBody({ serial: deployment.serial, resources: ["r"] }));
}
