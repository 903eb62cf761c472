import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { unusedPort } from "../support/unused-port";
import { expectProblem, expectStatus } from "./conformance/case";
import { closeConnections, lockInfo, State, send } from "./conformance/client";
import { startTestWorker, type TestWorker } from "./support/harness";

/**
 * A token is invalid only where its issuer says so. Where the issuer's keys cannot be had, the request may succeed
 * later: 503, which clients repeat, and never 401, with which the last write of an apply would be lost.
 */
type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let keys: Keys;
let jwk: JWK;
let server: Server;
let worker: TestWorker;
let closedPort: number;
let isDown = false;

const faults: Readonly<Record<string, RequestListener>> = {
  "an error of the server": (_, response) => response.writeHead(500).end(),
  "too many requests": (_, response) => response.writeHead(429).end(),
  "not found": (_, response) => response.writeHead(404).end(),
  "a redirect": (_, response) => response.writeHead(302, { location: "/jwks" }).end(),
  "a page": (_, response) => response.end("<html>maintenance</html>"),
  "JSON that is no key set": (_, response) => response.end('{"error":"maintenance"}'),
  "a key that cannot be used": (_, response) =>
    response.end(JSON.stringify({ keys: [{ ...jwk, n: "!", e: "!" }] })),
  "an answer that breaks off": (_, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write("{", () => response.destroy());
  },
  "no answer": () => undefined,
};
const names = Object.keys(faults);

beforeAll(async () => {
  keys = await generateKeyPair("RS256");
  jwk = { ...(await exportJWK(keys.publicKey)), kid: "key-1", alg: "RS256", use: "sig" };
  server = createServer((request, response) => {
    const fault = names[Number(/^\/fault-(\d+)/.exec(request.url ?? "")?.[1])];
    if (fault) return faults[fault]?.(request, response);
    if (isDown) return response.writeHead(503).end();
    response.end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closedPort = await unusedPort();
  const rules = [{ subject: "*", namespace: "team", scopes: ["read", "lock"] }];
  const issuers = [url("healthy"), url("later"), closed(), ...names.map((_, at) => url(`fault-${at}`))];
  worker = await startTestWorker({
    vars: {
      TFSTATE_OIDC: JSON.stringify(issuers.map((issuer) => ({ issuer, audience: "tfstate", rules }))),
    },
  });
});
afterAll(async () => {
  await closeConnections();
  await worker.miniflare.dispose();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const url = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`;
const closed = (): string => `http://127.0.0.1:${closedPort}`;

const sign = (iss: string, kid = "key-1", key = keys.privateKey): Promise<string> =>
  new SignJWT({ iss, aud: "tfstate", sub: "me", exp: Math.floor(Date.now() / 1000) + 300 })
    .setProtectedHeader({ alg: "RS256", kid })
    .sign(key);
const ask = (token: string) =>
  send(worker.owner, "GET", "/states/x", { headers: { authorization: `Bearer ${token}` } });

test.each([
  ...names.map((name, at) => [name, () => url(`fault-${at}`)] as const),
  ["no connection", closed] as const,
])("%s in place of the issuer's keys is a 503, worth a repetition", async (_, issuer) => {
  const reply = await ask(await sign(issuer()));
  expectProblem(reply, 503);
  expect(Number(reply.headers["retry-after"])).toBeGreaterThanOrEqual(1);
  expect(JSON.parse(reply.text)).toMatchObject({
    error: "issuer_unavailable",
    message: expect.stringContaining(issuer()),
  });
});

test("an issuer that is back is believed again, and what it did not sign is a 401", async () => {
  isDown = true;
  expectProblem(await ask(await sign(url("later"))), 503);
  isDown = false;
  expect((await ask(await sign(url("later")))).status).toBe(204);
  const other = await generateKeyPair("RS256");
  expectProblem(await ask(await sign(url("later"), "key-1", other.privateKey)), 401);
  expectProblem(await ask(await sign(url("healthy"), "a key that the issuer does not have")), 401);
  expectProblem(await ask(await sign("http://127.0.0.1:1/not-configured")), 401);
});

test("one subject at two issuers is two principals: neither uses the other's lock", async () => {
  const [mine, theirs] = await Promise.all(
    ["healthy", "later"].map(
      async (path) => new State(worker.as("oidc", await sign(url(path))), "two-issuers"),
    ),
  );
  if (!mine || !theirs) throw new Error("no tokens");
  const info = lockInfo();
  expectStatus(await mine.lock(info), 200);
  expectProblem(await theirs.unlock(info), 403);
  expectStatus(await mine.unlock(info), 200);
});
