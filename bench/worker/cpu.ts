import { join } from "node:path";
import { type Reply, State, send, stateBody, type Target } from "../../__tests__/worker/conformance/client";
import { hashPassword } from "../../worker/src/auth/password";
import { spread } from "../statistics";
import { password, startMeasured, tfstate } from "./contenders";
import { lockAndUnlock, must } from "./requests";
import { cpuTime } from "./workerd-process";

/** CPU time of one request, in milliseconds, by where it is spent. */
export interface RequestCpu {
  readonly what: string;
  /** In the Worker, which has 10 ms on the free plan (https://developers.cloudflare.com/workers/platform/limits/#cpu-time). */
  readonly worker: number;
  /** In the Durable Objects, which have 30 s, and in what stands for R2 here. */
  readonly elsewhere: number;
}

const SIZES = [
  { size: "100 KB", bytes: 100_000, times: 60 },
  { size: "1 MB", bytes: 1_000_000, times: 30 },
  { size: "10 MB", bytes: 10_000_000, times: 10 },
] as const;

/** One kind of request, of which {@link times} are sent at a time. */
interface Request {
  readonly what: string;
  readonly times: number;
  readonly run: () => Promise<Reply>;
}

/**
 * CPU time as Linux counts it for workerd. The Worker alone is measured with stores that do nothing; the time includes
 * that of workerd's own HTTP server, so it is an upper bound.
 */
export async function measureCpu(rounds: number): Promise<readonly RequestCpu[]> {
  // As a hash, so that a login costs what it costs in a deployment.
  const vars = { ...tfstate("off").vars, TFSTATE_PASSWORD: await hashPassword(password) };
  const whole = await startMeasured({ ...tfstate("off"), vars });
  const alone = await startMeasured({
    ...tfstate("off"),
    vars,
    entry: join(__dirname, "runtime", "without-stores.ts"),
  });
  try {
    const [ofWhole, ofAlone] = [requests(whole.target), requests(alone.target)];
    const found: RequestCpu[] = [];
    for (const [at, { what }] of ofWhole.entries()) {
      const total = await medianCpu(whole.pid, ofWhole[at] as Request, rounds);
      const worker = await medianCpu(alone.pid, ofAlone[at] as Request, rounds);
      found.push({ what, worker, elsewhere: Math.max(0, total - worker) });
    }
    return found;
  } finally {
    await Promise.all([whole.stop(), alone.stop()]);
  }
}

function requests(target: Target): readonly Request[] {
  const lockOnly = new State(target);
  const ofSizes = SIZES.flatMap(({ size, bytes, times }): Request[] => {
    const state = new State(target);
    const note = "x".repeat(bytes);
    let serial = 0;
    return [
      { what: `POST of ${size}`, times, run: () => state.post(stateBody({ serial: ++serial, note })) },
      { what: `GET of ${size}`, times, run: () => state.send("GET", `?size=${bytes}`) },
    ];
  });
  return [
    { what: "LOCK and UNLOCK", times: 60, run: () => lockAndUnlock(lockOnly) },
    ...ofSizes,
    { what: "a login: the first request with a password", times: 20, run: logins(target) },
  ];
}

async function medianCpu(pid: number, { times, run }: Request, rounds: number): Promise<number> {
  const found: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const before = cpuTime(pid);
    for (let at = 0; at < times; at++) must(await run());
    if (round > 0) found.push((cpuTime(pid) - before) / times);
  }
  return spread(found).median;
}

/** Each of another user from another network, with a wrong password: all of them take what a right one takes. */
function logins(target: Target): () => Promise<Reply> {
  let attempt = 0;
  return async () => {
    const number = attempt++;
    const headers = { "cf-connecting-ip": `10.${Math.floor(number / 250)}.${number % 250}.1` };
    const stranger = { ...target, username: `user-${number}`, password: "wrong" };
    const reply = await send(stranger, "GET", "/states/none", { headers });
    return { ...reply, status: reply.status === 401 ? 200 : reply.status };
  };
}
