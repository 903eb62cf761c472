import { join } from "node:path";
import { bundleWorker } from "../../worker/build";
import { networkOf } from "../../worker/src/auth/client";
import { Throttle } from "../../worker/src/auth/throttle";
import { Brake, type Guess } from "../../worker/src/passwords/brake";
import { HashQueue } from "../../worker/src/passwords/hash-queue";
import { startTestWorker } from "./support/harness";

/** What is done with the known clients in a Durable Object: the method and its arguments. */
type Step = readonly ["add" | "has", string, string, number];

/** Work that ends when it is told to, and says that it began. */
function work(name: string, began: string[]) {
  let end: (error?: Error) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => (error ? reject(error) : resolve());
  });
  const start = async () => {
    began.push(name);
    await ended;
    return name;
  };
  return { start, end };
}
/** All that can happen by itself has happened. */
const settle = () => jest.advanceTimersByTimeAsync(60_000);

describe("the queue of hashes", () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test("one runs at a time, those of known clients before all others, whatever becomes of the one before", async () => {
    const queue = new HashQueue();
    const began: string[] = [];
    const first = work("first", began);
    const others = ["a", "b"].map((name) => work(name, began));
    const known = work("known", began);
    const of = (network: string, isKnown = false) => ({ lane: 0, network, isKnown });
    const running = queue.run(of("net"), first.start);
    for (const [at, each] of others.entries()) void queue.run(of(`net ${at}`), each.start);
    const ofKnown = queue.run(of("net", true), known.start);
    await settle();
    expect(began).toEqual(["first"]);
    first.end(new Error("storage"));
    await expect(running).rejects.toThrow("storage");
    await settle();
    expect(began).toEqual(["first", "known"]);
    known.end();
    expect(await ofKnown).toBe("known");
    for (const { end } of others) end();
    await settle();
    expect(began).toEqual(["first", "known", "a", "b"]);
  });

  test("it has an end, a network has a share of it, and known clients have their own", async () => {
    const queue = new HashQueue();
    const began: string[] = [];
    const { start } = work("endless", began);
    const isTaken = (network: string, isKnown = false) =>
      queue.run({ lane: 0, network, isKnown }, start) !== null;
    expect([1, 2, 3, 4].map(() => isTaken("one network"))).toEqual([true, true, true, false]);
    const all = Array.from({ length: 100 }, (_, n) => isTaken(`network ${n}`));
    expect(all.filter(Boolean)).toHaveLength(14);
    expect(isTaken("one network", true)).toBe(true);
    await settle();
    expect(began).toEqual(["endless"]);
  });
});

test("clients are known for a month, each account has some, and none pushes out those of another", async () => {
  const day = 24 * 60 * 60 * 1000;
  const steps: Step[] = [["add", "owner", "198.51.100.7", 0]];
  for (let n = 0; n < 300; n++) steps.push(["add", "no user", `10.0.${n}.1`, n + 1]);
  const questions: readonly (readonly [Step, boolean])[] = [
    [["has", "owner", "198.51.100.7", day], true],
    [["has", "owner", "10.0.299.1", day], false],
    [["has", "no user", "10.0.299.1", day], true],
    [["has", "no user", "10.0.0.1", day], false],
    [["has", "owner", "198.51.100.7", 31 * day], false],
  ];
  steps.push(...questions.map(([step]) => step));
  steps.push(["add", "owner", "198.51.100.7", 20 * day], ["has", "owner", "198.51.100.7", 31 * day]);
  const script = await bundleWorker(join(__dirname, "support/runtime", "known-clients-worker.ts"));
  const { miniflare, owner } = await startTestWorker({ script });
  try {
    const answer = await fetch(owner.url, { method: "POST", body: JSON.stringify(steps) });
    const answers = ((await answer.json()) as (boolean | null)[]).filter((each) => each !== null);
    expect(answers).toEqual([...questions.map(([, expected]) => expected), true]);
  } finally {
    await miniflare.dispose();
  }
});

test("lanes take turns: a lane full of guesses at one user holds another up by one hash", async () => {
  const queue = new HashQueue();
  const began: string[] = [];
  const entry = (lane: number, name: string) => {
    const each = work(name, began);
    each.end();
    const result = queue.run({ lane, network: name, isKnown: false }, each.start);
    expect(result).not.toBeNull();
    return result;
  };
  const guesses = Array.from({ length: 17 }, (_, n) => entry(1, `guess ${n}`));
  const bob = [entry(2, "bob 1"), entry(2, "bob 2")];
  await Promise.all([...guesses, ...bob]);
  expect(began.indexOf("bob 1")).toBeLessThanOrEqual(2);
  expect(began.indexOf("bob 2")).toBeLessThanOrEqual(4);
  expect(began).toHaveLength(19);
});

describe("the brake", () => {
  const limit = { burst: 3, everyMs: 10_000 };

  test("after the free tries there is one more at a time, and none is forgotten sooner by asking", () => {
    const throttle = new Throttle(limit);
    expect([0, 0, 0, 0, 9_000].map((at) => throttle.attempt("a", at))).toEqual([null, null, null, 10, 1]);
    expect(throttle.attempt("b", 0)).toBeNull();
    expect([10_000, 10_000, 40_000, 40_000, 40_000, 40_000].map((at) => throttle.attempt("a", at))).toEqual([
      null,
      10,
      null,
      null,
      null,
      10,
    ]);
  });

  test("a try that is taken back is the only one that is", () => {
    const throttle = new Throttle(limit);
    for (let n = 0; n < 3; n++) throttle.attempt("a", 0);
    throttle.refund("a");
    expect([0, 0].map((at) => throttle.attempt("a", at))).toEqual([null, 10]);
  });

  const guess = (username: string, client: string, isKnown = false) => ({ username, client, isKnown });
  const allowed = (brake: Brake, of: (n: number) => Guess, count = 300) =>
    Array.from({ length: count }, (_, n) => brake.attempt(of(n), 0)).filter((each) => each === null).length;

  test("whoever was right starts anew, under this name alone", () => {
    const brake = new Brake();
    const tries = (username: string) => allowed(brake, () => guess(username, "203.0.113.1"));
    expect(tries("owner")).toBe(5);
    brake.succeeded(guess("bob", "203.0.113.1"));
    expect(tries("owner")).toBe(0);
    brake.succeeded(guess("owner", "203.0.113.1"));
    expect(tries("owner")).toBe(5);
  });

  test("many names and many addresses of one network have what the network has", () => {
    expect(allowed(new Brake(), (n) => guess(`nobody ${n}`, "203.0.113.1"))).toBe(20);
    expect(allowed(new Brake(), (n) => guess("owner", `2001:db8:1:${n}::/64`))).toBe(20);
  });

  test("many networks have what the name has, and a client that was right before goes on", () => {
    const brake = new Brake();
    expect(allowed(brake, (n) => guess("owner", `10.0.${n}.1`))).toBe(100);
    expect(allowed(brake, () => guess("owner", "198.51.100.1"))).toBe(0);
    expect(allowed(brake, () => guess("owner", "198.51.100.1", true))).toBe(5);
    expect(allowed(brake, () => guess("bob", "198.51.100.1"))).toBe(5);
  });
});

test("a network is what one customer has at least", () => {
  expect(networkOf("203.0.113.9")).toBe("203.0.113.0/24");
  expect(networkOf("2001:db8:1:2::/64")).toBe("2001:db8:1::/48");
  expect(networkOf("unknown")).toBe("unknown");
});
