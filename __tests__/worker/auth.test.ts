import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { hashPassword } from "../../worker/src/auth/password";
import { type AuditEntry, verifyAudit } from "../../worker/src/sqlite/audit-chain";
import { waitUntil } from "../support/wait-until";
import { expectProblem, expectStatus, json, jsonList } from "./conformance/case";
import { lockInfo, type Reply, State, send, stateBody, type Target } from "./conformance/client";
import { ownerPassword, startTestWorker, type TestWorker } from "./support/harness";

/** Who may do what, by each kind of credential. */
let worker: TestWorker;
let issuer: OidcIssuer;
const psk = "a pre-shared key of some length";
const fingerprint = "ab".repeat(32);

beforeAll(async () => {
  issuer = await OidcIssuer.start();
  const users = [
    { name: "alice", password: await hashPassword("alice's password", 20_000), namespace: "team" },
    { name: "bob", password: "bob's password", namespace: "team", scopes: ["read"], states: ["shared-*"] },
    {
      name: "root",
      password: "root's password",
      namespace: "team",
      scopes: ["read", "write", "lock", "admin"],
    },
  ];
  const rules = [
    {
      subject: "repo:acme/infra:ref:refs/heads/main",
      namespace: "team",
      scopes: ["read", "write", "lock"],
      states: ["prod"],
    },
    { subject: "repo:acme/infra:*", namespace: "team", scopes: ["read"], states: ["prod"] },
  ];
  worker = await startTestWorker({
    vars: {
      TFSTATE_USERS: JSON.stringify(users),
      TFSTATE_PSK: psk,
      TFSTATE_PSK_NAMESPACE: "default",
      TFSTATE_OIDC: JSON.stringify([{ issuer: issuer.url, audience: "tfstate", rules }]),
      TFSTATE_MTLS: JSON.stringify([{ fingerprint, namespace: "team", scopes: ["read"] }]),
    },
  });
});
afterAll(async () => {
  await worker.stop();
  await issuer.stop();
});

/** Each from an address of its own, so that the wrong ones do not slow those of the next test. */
const bearer = (token: string, method: string, path: string, body?: string): Promise<Reply> => {
  const address = `2001:db8:${(++callers).toString(16)}::1`;
  const headers = { authorization: `Bearer ${token}`, "cf-connecting-ip": address };
  return send(worker.owner, method, path, { body, headers });
};
let callers = 0;

describe("Basic", () => {
  test("a hashed password opens the user's namespace, and only with the right one", async () => {
    const state = new State(worker.as("alice", "alice's password"));
    expectStatus(await state.post(stateBody({ serial: 1 })), 200);
    expectProblem(await new State(worker.as("alice", "alice's passwor"), state.name).get(), 401);
    expectProblem(await new State(worker.as("nobody", "alice's password"), state.name).get(), 401);
    expect((await new State(worker.owner, state.name).get()).status).toBe(204);
    const bucket = await worker.miniflare.getR2Bucket("BUCKET");
    expect(await (await bucket.get(`team/${state.name}.tfstate`))?.text()).toBe(stateBody({ serial: 1 }));
  });

  test("scopes and patterns bound what a user can do; a state out of reach is a 403, never empty", async () => {
    const alice = worker.as("alice", "alice's password");
    const bob = worker.as("bob", "bob's password");
    const shared = new State(alice, `shared-${lockInfo().ID}`);
    await shared.post(stateBody({ serial: 1 }));
    expectStatus(await new State(bob, shared.name).get(), 200);
    expectProblem(await new State(bob, shared.name).post(stateBody({ serial: 2 })), 403);
    expectProblem(await new State(bob, shared.name).lock(lockInfo()), 403);
    expectProblem(await new State(bob, "private").get(), 403);
    expectProblem(await send(alice, "GET", "/tokens"), 403);
    expectProblem(
      await new State(alice, shared.name).admin("POST", "/override", { allow: ["serial"], reason: "x" }),
      403,
    );
    const names = jsonList(await send(bob, "GET", "/states")).map(({ name }) => name);
    expect(names).toContain(shared.name);
    expect(names.filter((name) => !String(name).startsWith("shared-"))).toEqual([]);
  });

  test("an override in a header is refused without the admin scope", async () => {
    const state = new State(worker.as("alice", "alice's password"));
    await state.post(stateBody({ serial: 5 }));
    const header = { "x-tfstate-override": `serial until=${new Date(Date.now() + 60_000).toISOString()}` };
    expectProblem(await state.post(stateBody({ serial: 4 }), undefined, header), 403);
  });

  test("another user's lock is broken by an admin only", async () => {
    const state = new State(worker.as("alice", "alice's password"));
    const info = lockInfo("alice");
    await state.lock(info);
    const { token } = await mint({ name: "ci", scopes: ["lock"], states: ["*"] });
    const path = `${state.path}/lock`;
    expectProblem(await bearer(token, "UNLOCK", path, JSON.stringify({ ID: info.ID })), 403);
    expectProblem(await bearer(token, "UNLOCK", path, ""), 403);
    expect(json(await state.holder()).ID).toBe(info.ID);
    expectStatus(await new State(root(), state.name).unlock({ ID: info.ID }), 200);
    expectProblem(await state.post(stateBody({ serial: 1 }), info.ID), 409);
  });
});

describe("bearer tokens", () => {
  test("a token does what its scopes and patterns say, as Bearer and as the Basic password, until it is revoked", async () => {
    const name = `prod-${lockInfo().ID}`;
    const { token, id } = await mint({ name: "ci", scopes: ["read", "write", "lock"], states: ["prod-*"] });
    expectStatus(await bearer(token, "POST", `/states/${name}`, stateBody({ serial: 1 })), 200);
    expectStatus(await new State(worker.as("anything", token), name).get(), 200);
    expectProblem(await bearer(token, "GET", "/states/staging"), 403);
    expectProblem(await bearer(token, "GET", "/tokens"), 403);
    expectStatus(await send(root(), "DELETE", `/tokens/${id}`), 200);
    expectProblem(await bearer(token, "GET", `/states/${name}`), 401);
    expectProblem(await new State(worker.as("anything", token), name).get(), 401);
  });

  test("two tokens of one name are two principals: one does not release the other's lock", async () => {
    const [one, other] = [
      await mint({ name: "ci", scopes: ["lock"] }),
      await mint({ name: "ci", scopes: ["lock"] }),
    ];
    const state = new State(root());
    const info = lockInfo();
    expectStatus(await bearer(one.token, "LOCK", `${state.path}/lock`, JSON.stringify(info)), 200);
    expect(json(await state.holder()).principal).toBe(`token:${one.id}`);
    expectProblem(await bearer(other.token, "UNLOCK", `${state.path}/lock`, JSON.stringify(info)), 403);
    expectStatus(await bearer(one.token, "UNLOCK", `${state.path}/lock`, JSON.stringify(info)), 200);
    const refused = expectProblem(await bearer(one.token, "GET", state.path), 403);
    expect(refused.message).toBe(`token:${one.id} (ci) has no read scope on "${state.name}"`);
  });

  test("what a token mints ends at the latest with it, and is revoked with it, down to the last", async () => {
    const lead = await mint({ name: "lead", scopes: ["read", "admin"], expiresInSeconds: 3600 });
    const mintAs = async (token: string, request: object): Promise<Minted> => {
      const reply = await bearer(token, "POST", "/tokens", JSON.stringify(request));
      expectStatus(reply, 201);
      return JSON.parse(reply.text) as Minted;
    };
    const child = await mintAs(lead.token, { name: "child", scopes: ["read", "admin"] });
    const grandchild = await mintAs(child.token, { name: "grandchild", scopes: ["read"] });
    const brief = await mintAs(child.token, { name: "brief", scopes: ["read"], expiresInSeconds: 60 });
    const other = await mint({ name: "lead", scopes: ["read", "admin"] });
    const otherChild = await mintAs(other.token, { name: "child", scopes: ["read"] });
    expect([child.expiresAt, grandchild.expiresAt]).toEqual([lead.expiresAt, lead.expiresAt]);
    expect(brief.expiresAt < lead.expiresAt).toBe(true);
    expect([child.parent, grandchild.parent, lead.parent]).toEqual([lead.id, child.id, null]);

    const revoked = json(await send(root(), "DELETE", `/tokens/${lead.id}`));
    const family = [lead, child, grandchild, brief];
    expect(new Set([revoked.revoked, ...(revoked.children as string[])])).toEqual(
      new Set(family.map(({ id }) => id)),
    );
    for (const { token } of family) expectProblem(await bearer(token, "GET", "/states/x"), 401);
    for (const { token } of [other, otherChild]) expectStatus(await bearer(token, "GET", "/states/x"), 204);
    const audit = jsonList(await send(root(), "GET", "/audit")) as unknown as AuditEntry[];
    for (const { id, name } of family) {
      const entry = audit.find(({ action, detail }) => action === "revoke_token" && detail.includes(id));
      expect(JSON.parse(entry?.detail ?? "{}")).toMatchObject({ id, name });
    }
    expect(verifyAudit(audit)).toBeNull();
  });

  test("a scope that is only for metrics opens the metrics and nothing else; admin has it too", async () => {
    const { token } = await mint({ name: "prometheus", scopes: ["metrics"] });
    expectStatus(await bearer(token, "GET", "/metrics"), 200);
    for (const path of ["/states", "/states/x", "/locks", "/tokens", "/audit", "/"])
      expectProblem(await bearer(token, "GET", path), 403);
    const admin = await mint({ name: "admin", scopes: ["admin"] });
    expectStatus(await bearer(admin.token, "GET", "/metrics"), 200);
    const body = JSON.stringify({ name: "scraper", scopes: ["metrics"] });
    expectStatus(await bearer(admin.token, "POST", "/tokens", body), 201);
    const reader = await mint({ name: "reader", scopes: ["read", "write", "lock"] });
    expectProblem(await bearer(reader.token, "GET", "/metrics"), 403);
  });

  test("a token expires", async () => {
    const { token, expiresAt } = await mint({ name: "short", scopes: ["read"], expiresInSeconds: 1 });
    // On a busy machine it may have expired by the first request, but on no machine before its time.
    await waitUntil(async () => (await bearer(token, "GET", "/states/x")).status !== 204);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
    expectProblem(await bearer(token, "GET", "/states/x"), 401);
  });

  test("the list of tokens shows no secret, and a token that is guessed or changed opens nothing", async () => {
    const { token, id } = await mint({ name: "listed", scopes: ["read"] });
    const list = await send(root(), "GET", "/tokens");
    expect(jsonList(list).some((entry) => entry.id === id)).toBe(true);
    expect(list.text).not.toContain(token.split("_")[2] ?? token);
    for (const wrong of [`${token}x`, token.slice(0, -1), `tfs_${id}_`, `tfs_${id}`, "tfs_", "tfs__"]) {
      expectProblem(await bearer(wrong, "GET", "/states/x"), 401);
    }
  });

  test("an admin sees and revokes the tokens of the own namespace only, and has an audit of these alone", async () => {
    const { id } = await mint({ name: "theirs", scopes: ["read"] });
    expect(jsonList(await send(worker.owner, "GET", "/tokens")).some((entry) => entry.id === id)).toBe(false);
    expectProblem(await send(worker.owner, "DELETE", `/tokens/${id}`), 400);
    expect((await send(worker.owner, "GET", "/audit")).text).not.toContain(id);
    const audit = jsonList(await send(root(), "GET", "/audit")) as unknown as AuditEntry[];
    expect(audit.some(({ detail }) => detail.includes(id))).toBe(true);
    expect(verifyAudit(audit)).toBeNull();
  });

  test("a pattern that would take long to match is refused, and a short one never takes long", async () => {
    const asked = async (states: readonly string[]) =>
      send(root(), "POST", "/tokens", { body: JSON.stringify({ name: "slow", scopes: ["read"], states }) });
    for (const pattern of ["*a".repeat(11), "a".repeat(501), ""]) expectProblem(await asked([pattern]), 400);
    const { token } = json(await asked([`${"*a".repeat(9)}*c`]));
    // With a matcher that backtracks, this and everything after it would wait for hours.
    expectProblem(await bearer(String(token), "GET", `/states/${"a".repeat(199)}`), 403);
    expectStatus(await bearer(String(token), "GET", `/states/${"a".repeat(50)}c`), 204);
  });

  test("nobody mints a token that may do more than they may", async () => {
    const { token } = await mint({ name: "lead", scopes: ["read", "admin"], states: ["team-*"] });
    const asked = async (request: object) => bearer(token, "POST", "/tokens", JSON.stringify(request));
    for (const more of [
      { name: "all", scopes: ["read"] },
      { name: "other", scopes: ["read"], states: ["prod"] },
      { name: "wider", scopes: ["read"], states: ["team-a", "tea*"] },
      { name: "writer", scopes: ["write"], states: ["team-*"] },
    ]) {
      expectProblem(await asked(more), 403);
    }
    expectStatus(await asked({ name: "less", scopes: ["read"], states: ["team-a*"] }), 201);
  });
});

describe("OIDC", () => {
  test("a token of the trusted issuer opens what its subject's rule says", async () => {
    const token = await issuer.sign({ sub: "repo:acme/infra:ref:refs/heads/main" });
    const prod = new State(worker.as("oidc", token), "prod");
    expectStatus(await prod.post(stateBody({ serial: 1 })), 200);
    expectStatus(await bearer(token, "GET", "/states/prod"), 200);
    expectProblem(await new State(worker.as("oidc", token), "other").get(), 403);
    const pull = await issuer.sign({ sub: "repo:acme/infra:pull_request" });
    expectStatus(await new State(worker.as("oidc", pull), "prod").get(), 200);
    expectProblem(await new State(worker.as("oidc", pull), "prod").lock(lockInfo()), 403);
  });

  test.each<[string, (sign: OidcIssuer["sign"]) => Promise<string>]>([
    ["an audience that is not ours", (sign) => sign({ aud: "someone-else" })],
    ["an expiry in the past", (sign) => sign({ exp: Math.floor(Date.now() / 1000) - 60 })],
    ["no expiry", (sign) => sign({ exp: undefined })],
    ["an issuer that is not ours", (sign) => sign({ iss: "https://issuer.example" })],
    ["a subject without a rule", (sign) => sign({ sub: "repo:evil/infra:ref:refs/heads/main" })],
    ["a key that is not the issuer's", async () => (await OidcIssuer.withOtherKey(issuer)).sign({})],
    ["no signature", async (sign) => unsigned(await sign({}))],
    ["a changed subject", async (sign) => tampered(await sign({ sub: "repo:acme/infra:pull_request" }))],
  ])("a token with %s is refused", async (_, make) => {
    const token = await make((claims) => issuer.sign(claims));
    expectProblem(await new State(worker.as("oidc", token), "prod").get(), 401);
    expectProblem(await bearer(token, "GET", "/states/prod"), 401);
  });

  test("a token that the public key signed as HMAC is refused", async () => {
    const secret = new TextEncoder().encode(JSON.stringify(issuer.jwk));
    const token = await new SignJWT({ sub: "repo:acme/infra:ref:refs/heads/main" })
      .setProtectedHeader({ alg: "HS256", kid: "key-1" })
      .setIssuer(issuer.url)
      .setAudience("tfstate")
      .setExpirationTime("5m")
      .sign(secret);
    expectProblem(await bearer(token, "GET", "/states/prod"), 401);
  });
});

describe("pre-shared key and client certificates", () => {
  test("the pre-shared key opens its namespace under any user name", async () => {
    const state = new State(worker.as("whoever", psk));
    expectStatus(await state.post(stateBody({ serial: 1 })), 200);
    expectStatus(await new State(worker.as("someone", psk), state.name).get(), 200);
    expectProblem(await new State(worker.as("whoever", psk.slice(1)), state.name).get(), 401, 429);
  });

  const withCertificate = async (tls: Record<string, string>, headers: Record<string, string> = {}) =>
    (
      await worker.miniflare.dispatchFetch("http://localhost/states/x", {
        cf: { tlsClientAuth: tls } as never,
        headers,
      })
    ).status;
  const presented = {
    certPresented: "1",
    certVerified: "SUCCESS",
    certRevoked: "0",
    certFingerprintSHA256: fingerprint,
  };

  test("a client certificate that Cloudflare verified opens what its rule says", async () => {
    expect(await withCertificate(presented)).toBe(204);
  });

  test.each([
    ["not verified", { ...presented, certVerified: "FAILED:self signed certificate" }],
    ["revoked", { ...presented, certRevoked: "1" }],
    ["another one", { ...presented, certFingerprintSHA256: "cd".repeat(32) }],
    ["not presented", { ...presented, certPresented: "0" }],
  ])("a client certificate that is %s opens nothing", async (_, tls) => {
    expect(await withCertificate(tls)).toBe(401);
  });

  test("headers cannot stand in for a certificate", async () => {
    const headers = {
      "cf-client-cert-sha256": fingerprint,
      "x-client-cert-verified": "SUCCESS",
      "cf-connecting-ip": "::1",
    };
    expect(
      (await send(worker.owner, "GET", "/states/x", { headers: { ...headers, authorization: "" } })).status,
    ).toBe(401);
  });
});

describe("guesses", () => {
  test("are slowed per client, and the owner at the same address goes on", async () => {
    const from = { "cf-connecting-ip": "203.0.113.9" };
    const attempt = (password: string) => {
      const authorization = `Basic ${Buffer.from(`owner:${password}`).toString("base64")}`;
      return send(worker.owner, "GET", "/states/x", { headers: { ...from, authorization } });
    };
    await attempt(ownerPassword);
    const replies = [];
    for (let guess = 0; guess < 12; guess++) replies.push(await attempt(`guess ${guess}`));
    const slowed = replies.filter(({ status }) => status === 429);
    expect(slowed.length).toBeGreaterThanOrEqual(3);
    for (const reply of slowed) expect(Number(reply.headers["retry-after"])).toBeGreaterThanOrEqual(1);
    expect((await attempt(ownerPassword)).status).toBe(204);
  });

  test("of tokens are slowed too, and a right token from the same address goes on", async () => {
    const { token, id } = await mint({ name: "right", scopes: ["read"] });
    const as = (guess: string) => {
      const headers = { "cf-connecting-ip": "203.0.113.11", authorization: `Bearer ${guess}` };
      return send(worker.owner, "GET", "/states/x", { headers });
    };
    const replies = [];
    for (let guess = 0; guess < 12; guess++) replies.push(await as(`tfs_${id}_guess${guess}`));
    const slowed = replies.filter(({ status }) => status === 429);
    expect(slowed.length).toBeGreaterThanOrEqual(3);
    for (const reply of slowed) expect(Number(reply.headers["retry-after"])).toBeGreaterThanOrEqual(1);
    expectStatus(await as(token), 204);
  });

  test("at once are slowed as well", async () => {
    const target = worker.owner;
    const guess = (n: number) => {
      const authorization = `Basic ${Buffer.from(`owner:parallel ${n}`).toString("base64")}`;
      return send(target, "GET", "/states/x", {
        headers: { authorization, "cf-connecting-ip": "203.0.113.10" },
      });
    };
    const replies = await Promise.all(Array.from({ length: 20 }, (_, n) => guess(n)));
    expect(replies.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(6);
  });
});

test("a browser that another site sends here changes nothing", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  const foreign: Record<string, string>[] = [
    { "sec-fetch-site": "cross-site" },
    { origin: "https://evil.example" },
    { "sec-fetch-site": "same-site" },
    { origin: "null" },
  ];
  for (const headers of foreign) {
    expectProblem(await state.send("DELETE", "", { headers }), 403);
  }
  expectStatus(await state.get(), 200);
});

test("no answer is kept by a cache, or read as what it is not", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  for (const path of [
    "/states",
    "/tokens",
    "/",
    "/nowhere",
    "/health",
    state.path,
    `${state.path}/versions`,
  ]) {
    const { headers } = await send(worker.owner, "GET", path);
    expect(String(headers["cache-control"])).toMatch(/^no-store/);
    expect(headers["x-content-type-options"]).toBe("nosniff");
  }
});

test("no secret is in the log", async () => {
  const { token } = await mint({ name: "logged", scopes: ["read"] });
  await bearer(token, "GET", "/states/x?password=hunter2");
  await new State(worker.as("alice", "a wrong password")).get();
  await new State(worker.owner, "logged").post(stateBody({ serial: 1, note: "a secret of the state" }));
  const log = worker.logged();
  expect(log).toMatch(/"event":"request"/);
  for (const secret of [
    token,
    ownerPassword,
    "alice's password",
    "a wrong password",
    psk,
    "hunter2",
    "a secret of the state",
    "Basic ",
  ]) {
    expect(log).not.toContain(secret);
  }
});

const root = (): Target => worker.as("root", "root's password");

/** A token, as the answer to its minting shows it. */
interface Minted {
  readonly token: string;
  readonly id: string;
  readonly name: string;
  readonly expiresAt: string;
  readonly parent: string | null;
}

async function mint(request: object): Promise<Minted> {
  const reply = await send(root(), "POST", "/tokens", { body: JSON.stringify(request) });
  expectStatus(reply, 201);
  return JSON.parse(reply.text) as Minted;
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const unsigned = (token: string): string => `${part({ alg: "none" })}.${token.split(".")[1]}.`;
function tampered(token: string): string {
  const [header, payload = "", signature] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
  return `${header}.${part({ ...claims, sub: "repo:acme/infra:ref:refs/heads/main" })}.${signature}`;
}

type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];

/** An issuer like GitHub's, on loopback. */
class OidcIssuer {
  private constructor(
    readonly url: string,
    readonly jwk: JWK,
    private readonly key: PrivateKey,
    private readonly server: Server | null,
  ) {}

  static async start(): Promise<OidcIssuer> {
    const { publicKey, privateKey } = await generateKeyPair("RS256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "key-1", alg: "RS256", use: "sig" };
    const server = createServer((_, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return new OidcIssuer(`http://127.0.0.1:${port}`, jwk, privateKey, server);
  }

  static async withOtherKey({ url, jwk }: OidcIssuer): Promise<OidcIssuer> {
    const { privateKey } = await generateKeyPair("RS256");
    return new OidcIssuer(url, jwk, privateKey, null);
  }

  sign(claims: Record<string, unknown>): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const sub = "repo:acme/infra:ref:refs/heads/main";
    return new SignJWT({ iss: this.url, aud: "tfstate", sub, iat: now, exp: now + 300, ...claims })
      .setProtectedHeader({ alg: "RS256", kid: "key-1" })
      .sign(this.key);
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.server?.close(resolve));
  }
}
