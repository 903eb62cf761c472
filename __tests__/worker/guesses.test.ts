import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleWorker } from "../../worker/build";
import { hashPassword } from "../../worker/src/auth/password";
import { placementOf } from "../../worker/src/passwords/placement";
import { expectProblem } from "./conformance/case";
import { closeConnections, type Reply, send } from "./conformance/client";
import { ownerPassword, startTestWorker, type TestWorker } from "./support/harness";
import { counted } from "./support/storage-worker";

/**
 * Attacks on passwords: how many guesses somebody gets, and whom they make wait. The bounds leave room for a slow machine,
 * on which more guesses are free again; `passwords.test.ts` has the exact ones.
 */
const psk = "a pre-shared key of some length";
const workers: TestWorker[] = [];
const folders: string[] = [];
afterAll(async () => {
  await closeConnections();
  for (const { miniflare } of workers) await miniflare.dispose();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface Options {
  readonly persist?: string;
  readonly iterations?: number;
}

async function start({ persist, iterations = 1000 }: Options = {}): Promise<TestWorker> {
  const users = [
    { name: "bob", namespace: "bob", password: "bob's password" },
    { name: "hashed", namespace: "hashed", password: await hashPassword("password of hashed", iterations) },
  ];
  const script = await bundleWorker(join(__dirname, "support/runtime", "faulty-worker.ts"));
  const vars = { TFSTATE_PSK: psk, TFSTATE_PSK_NAMESPACE: "default", TFSTATE_USERS: JSON.stringify(users) };
  const worker = await startTestWorker({ persist, script, vars });
  workers.push(worker);
  return worker;
}

const attempt = (worker: TestWorker, client: string, name: string, password: string): Promise<Reply> =>
  send(worker.as(name, password), "GET", "/states/x", { headers: { "cf-connecting-ip": client } });

const tried = (replies: readonly Reply[]): number => replies.filter(({ status }) => status === 401).length;

async function guesses(
  worker: TestWorker,
  count: number,
  of: (n: number) => { readonly client: string; readonly name?: string },
): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (let n = 0; n < count; n++) {
    const { client, name = "owner" } = of(n);
    const reply = await attempt(worker, client, name, `guess ${n}`);
    expectProblem(reply, 401, 429);
    if (reply.status === 429) expect(Number(reply.headers["retry-after"])).toBeGreaterThanOrEqual(1);
    replies.push(reply);
  }
  return replies;
}

/** An address in a /64 of its own. */
const inOneNetwork = (n: number) => ({ client: `2001:db8:1:${n.toString(16)}::1` });
/** An address in a /32 of its own. */
const anywhere = (n: number) => ({ client: `2a01:${n.toString(16)}::1` });

test("right passwords of other accounts buy no guesses at this one", async () => {
  const worker = await start();
  const client = "203.0.113.1";
  const replies: Reply[] = [];
  for (let n = 0; n < 12; n++) {
    expect((await attempt(worker, client, `whoever ${n}`, psk)).status).toBe(204);
    expect((await attempt(worker, client, "bob", "bob's password")).status).toBe(204);
    expect([204, 429]).toContain((await attempt(worker, client, "owner", psk)).status);
    replies.push(await attempt(worker, client, "owner", `guess ${n}`));
  }
  expect(tried(replies)).toBeLessThanOrEqual(8);
});

test("the answers tell nobody which users exist, whatever was guessed before", async () => {
  const worker = await start();
  const { object } = await placementOf("bob");
  const others: string[] = [];
  for (let n = 0; others.length < 7; n++) {
    if ((await placementOf(`nobody ${n}`)).object === object) others.push(`nobody ${n}`);
  }
  const [stranger = "", ...names] = others;
  const statuses = async (name: string, client: string) => {
    for (const other of names) await attempt(worker, client, other, "a guess");
    const replies: number[] = [];
    for (let n = 0; n < 8; n++) replies.push((await attempt(worker, client, name, `guess ${n}`)).status);
    return replies;
  };
  expect(await statuses("bob", "203.0.113.2")).toEqual(await statuses(stranger, "192.0.2.2"));
});

test("addresses of one network have no more guesses than the network has", async () => {
  const worker = await start();
  expect(tried(await guesses(worker, 60, inOneNetwork))).toBeLessThanOrEqual(40);
});

test("addresses from everywhere have no more guesses than the account has, and its owner goes on", async () => {
  const persist = mkdtempSync(join(tmpdir(), "tfstate-guesses-"));
  folders.push(persist);
  const [home, elsewhere] = ["198.51.100.7", "192.0.2.7"];
  const before = await start({ persist });
  expect((await attempt(before, home, "owner", ownerPassword)).status).toBe(204);
  await before.miniflare.dispose();
  workers.pop();

  // Nothing is in memory when the attack begins.
  const worker = await start({ persist });
  expect(tried(await guesses(worker, 200, anywhere))).toBeLessThanOrEqual(150);
  const stranger = await attempt(worker, elsewhere, "owner", ownerPassword);
  if (stranger.status !== 204) expectProblem(stranger, 429);
  expect(Number(stranger.headers["retry-after"] ?? 0)).toBeLessThanOrEqual(5);
  // Other users do not notice, the owner goes on at home, and then everywhere.
  expect((await attempt(worker, elsewhere, "bob", "bob's password")).status).toBe(204);
  expect((await attempt(worker, home, "owner", ownerPassword)).status).toBe(204);
  expect((await attempt(worker, elsewhere, "owner", ownerPassword)).status).toBe(204);
});

test("many jobs that log in at once with the right password are one guess", async () => {
  const worker = await start({ iterations: 100_000 });
  const jobs = Array.from({ length: 30 }, () =>
    attempt(worker, "203.0.113.3", "hashed", "password of hashed"),
  );
  expect((await Promise.all(jobs)).map(({ status }) => status)).toEqual(jobs.map(() => 204));
});

test("guesses do not reach the Directory, and those that cannot be hashed soon are sent away", async () => {
  const worker = await start({ iterations: 100_000 });
  const before = await counted(worker, "directory requests");
  const replies = await Promise.all(
    Array.from({ length: 40 }, (_, n) => attempt(worker, `203.0.${n}.1`, "hashed", `guess ${n}`)),
  );
  // Only the metrics of all requests are handed over to it, every ten seconds.
  expect((await counted(worker, "directory requests")) - before).toBeLessThan(10);
  const busy = replies.filter(({ status }) => status === 503);
  expect(busy.length).toBeGreaterThan(0);
  for (const reply of busy) {
    expectProblem(reply, 503);
    expect(reply.headers["retry-after"]).toBe("1");
  }
});
