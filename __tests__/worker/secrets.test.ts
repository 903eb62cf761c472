import { join } from "node:path";
import { bundleWorker } from "../../worker/build";
import { hashPassword } from "../../worker/src/auth/password";
import { send, type Target } from "./conformance/client";
import { ownerPassword, startTestWorker, type TestWorker } from "./support/harness";

/**
 * Secrets are compared in constant time. A stopwatch would prove nothing on a machine that has other work; but the
 * comparison can be made to lie, and whoever then comes in was let in by it and by nothing before it.
 */
let worker: TestWorker;
/** Iterations of the dearest hash that is configured. */
const dearest = 5000;
const psk = "a pre-shared key of some length";
beforeAll(async () => {
  const users = [
    { name: "hashed", namespace: "hashed", password: await hashPassword("password of hashed", 1000) },
    { name: "dear", namespace: "dear", password: await hashPassword("password of dear", dearest) },
  ];
  const script = await bundleWorker(join(__dirname, "support/runtime", "spying-worker.ts"));
  worker = await startTestWorker({
    script,
    vars: { TFSTATE_USERS: JSON.stringify(users), TFSTATE_PSK: psk, TFSTATE_PSK_NAMESPACE: "default" },
  });
});
afterAll(() => worker.stop());

const comparisons = async (answer?: boolean): Promise<number> => {
  const query = answer === undefined ? "" : `?answer=${answer}`;
  return JSON.parse((await send(worker.owner, "GET", `/comparisons${query}`)).text) as number;
};
const statusOf = async (target: Target): Promise<number> => (await send(target, "GET", "/states/x")).status;

async function token(): Promise<string> {
  const body = JSON.stringify({ name: "ci", scopes: ["read"] });
  return (JSON.parse((await send(worker.owner, "POST", "/tokens", { body })).text) as { token: string })
    .token;
}

/** Each with a wrong secret that begins like the right one, and how often that takes a comparison. */
const credentials: readonly (readonly [string, () => Promise<Target>, number])[] = [
  ["a password that is stored as it is", async () => worker.as("owner", `${ownerPassword}x`), 2],
  ["a password that is stored as a hash", async () => worker.as("hashed", "password of hashee"), 2],
  ["a pre-shared key", async () => worker.as("anyone", `${psk.slice(0, -1)}x`), 2],
  ["a token", async () => worker.as("anyone", `${(await token()).slice(0, -1)}_`), 1],
];

test.each(credentials)(
  "%s is compared in constant time, and the comparison alone decides",
  async (_, wrong, times) => {
    const target = await wrong();
    const before = await comparisons();
    expect(await statusOf(target)).toBe(401);
    expect((await comparisons()) - before).toBe(times);
    await comparisons(true);
    expect(await statusOf(target)).toBe(204);
    await comparisons();
  },
);

test("the right secret is refused where the comparison says no", async () => {
  const right = worker.as("hashed", "password of hashed");
  await comparisons(false);
  expect(await statusOf(right)).toBe(401);
  await comparisons();
  expect(await statusOf(right)).toBe(204);
});

test("an unknown user takes the comparison that a known one takes", async () => {
  const before = await comparisons();
  expect(await statusOf(worker.as("nobody", "whatever"))).toBe(401);
  expect((await comparisons()) - before).toBe(2);
});

test.each(["nobody", "owner", "hashed", "dear"])(
  "a wrong password of %s takes as many iterations as the dearest hash, whoever exists",
  async (name) => {
    const iterations = async () => Number((await send(worker.owner, "GET", "/iterations")).text);
    const before = await iterations();
    expect(await statusOf(worker.as(name, `a guess at ${name}`))).toBe(401);
    expect((await iterations()) - before).toBe(dearest);
  },
);
