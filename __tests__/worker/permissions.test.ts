import { join } from "node:path";
import { WORKER_SCOPES, type WorkerScope } from "../../domain/tfstate-worker";
import { bundleWorker } from "../../worker/build";
import { expectProblem, expectStatus, json, jsonList } from "./conformance/case";
import { lockInfo, type Reply, State, send, stateBody } from "./conformance/client";
import { startTestWorker, type TestWorker } from "./support/harness";

/**
 * Who may use which route: each route with each scope, and with patterns that reach the state, that reach others, and that
 * reach all. A route that is not in the table, be it of the API or of the page, fails the test.
 */
type Reach = "state" | "matching states" | "whole namespace" | "own tokens" | "no state";
const table: Readonly<Record<string, readonly [WorkerScope | null, Reach]>> = {
  "GET /states/:name": ["read", "state"],
  "POST /states/:name": ["write", "state"],
  "DELETE /states/:name": ["write", "state"],
  "LOCK /states/:name": ["lock", "state"],
  "UNLOCK /states/:name": ["lock", "state"],
  "GET /states/:name/lock": ["read", "state"],
  "PUT /states/:name/lock": ["lock", "state"],
  "POST /states/:name/lock": ["lock", "state"],
  "LOCK /states/:name/lock": ["lock", "state"],
  "DELETE /states/:name/lock": ["lock", "state"],
  "UNLOCK /states/:name/lock": ["lock", "state"],
  "GET /states/:name/versions": ["read", "state"],
  "GET /states/:name/versions/:id": ["read", "state"],
  "GET /states/:name/versions/:id/changes": ["read", "state"],
  "POST /states/:name/versions/:id/restore": ["admin", "state"],
  "PUT /states/:name/versions/:id/pin": ["admin", "state"],
  "DELETE /states/:name/versions/:id/pin": ["admin", "state"],
  "PUT /states/:name/freeze": ["admin", "state"],
  "DELETE /states/:name/freeze": ["admin", "state"],
  "POST /states/:name/override": ["admin", "state"],
  "PUT /states/:name/policy": ["admin", "state"],
  "GET /states/:name/audit": ["admin", "state"],
  "POST /states/:name/sweep": ["admin", "state"],
  "POST /states/:name/backup": ["admin", "state"],
  "GET /states/:name/backup": ["admin", "state"],
  "POST /states/:name/backup/restore": ["admin", "state"],
  "GET /states": ["read", "matching states"],
  "GET /locks": ["read", "matching states"],
  "GET /metrics": ["metrics", "matching states"],
  "GET /audit": ["admin", "whole namespace"],
  "POST /backup": ["admin", "whole namespace"],
  "POST /backup/restore": ["admin", "whole namespace"],
  "GET /tokens": ["admin", "own tokens"],
  "POST /tokens": ["admin", "own tokens"],
  "DELETE /tokens/:id": ["admin", "own tokens"],
  "GET /openapi.json": ["read", "no state"],
  "GET /": ["read", "matching states"],
  "GET /page/style.css": [null, "no state"],
  "GET /page/states/:name": ["read", "state"],
  "GET /page/states/:name/changes": ["read", "state"],
  "GET /page/states/:name/unlock": ["lock", "state"],
  "POST /page/states/:name/unlock": ["lock", "state"],
  "GET /page/states/:name/restore": ["admin", "state"],
  "POST /page/states/:name/restore": ["admin", "state"],
};
/** What the router knows besides: the health, which needs nobody, and what comes before every route. */
const besides = ["GET /health", "ALL /*", "ALL /*", "ALL /*"];

let worker: TestWorker;
/** A state that the patterns of most callers do not match, with a lock, a copy and a token. */
let hidden: State;
let hiddenToken: { readonly id: string; readonly token: string };
beforeAll(async () => {
  const script = await bundleWorker(join(__dirname, "support/runtime", "listed-routes.ts"));
  worker = await startTestWorker({ script });
  hidden = new State(worker.owner, "hidden");
  await hidden.post(stateBody({ serial: 1, resources: ["hidden"] }));
  await hidden.send("POST", "/backup");
  await hidden.lock(lockInfo("hidden@laptop"));
  hiddenToken = await mint({ name: "hidden", scopes: WORKER_SCOPES, states: ["hidden"] });
});
afterAll(() => worker.stop());

async function mint(request: object): Promise<{ readonly id: string; readonly token: string }> {
  const reply = await send(worker.owner, "POST", "/tokens", { body: JSON.stringify(request) });
  expectStatus(reply, 201);
  return JSON.parse(reply.text) as { id: string; token: string };
}

let names = 0;
function ask(token: string, route: string): Promise<Reply> {
  const [method = "", path = ""] = route.split(" ");
  const headers = { authorization: `Bearer ${token}`, "sec-fetch-site": "same-origin" };
  // A state of its own, so that no lock or freeze of an earlier request gets in the way.
  const filled = path.replace(":name", `dev-${++names}`).replace(":id", hiddenToken.id);
  return send(worker.owner, method, filled, { headers });
}

const allows = (route: string, scope: WorkerScope, patterns: readonly string[]): boolean => {
  const [needed, reach] = table[route] ?? ["admin", "whole namespace"];
  const hasScope = needed === null || needed === scope || (needed === "metrics" && scope === "admin");
  const reaches = reach !== "state" || patterns.some((pattern) => pattern !== "other-*");
  return hasScope && reaches && (reach !== "whole namespace" || patterns.includes("*"));
};

test("every route that the router knows is in the table", async () => {
  const known = JSON.parse((await send(worker.owner, "GET", "/~routes")).text) as string[];
  expect([...known].sort()).toEqual([...Object.keys(table), ...besides].sort());
});

/** In this order: the last ones may see what is hidden, and change it. */
const callers = [["other-*"], ["dev-*"], ["x", "dev-*"], ["*"]].flatMap((states) =>
  WORKER_SCOPES.map((scope) => ({ scope, states })),
);
test.each(callers)(
  "$scope on $states: what is allowed works, the rest is a 403, and nothing else shows",
  async ({ scope, states }) => {
    const before = (await hidden.send("GET", "/audit")).text;
    const { token } = await mint({ name: "caller", scopes: [scope], states });
    const wrong: string[] = [];
    for (const route of Object.keys(table)) {
      const reply = await ask(token, route);
      const isRefused = reply.status === 403 && expectProblem(reply, 403).error === "forbidden";
      if (isRefused === allows(route, scope, states) || reply.status === 401)
        wrong.push(`${route} answers ${reply.status}`);
      if (!states.includes("*") && reply.text.includes("hidden")) wrong.push(`${route} shows what is hidden`);
    }
    expect(wrong).toEqual([]);
    if (states.includes("*")) return;
    expect((await hidden.send("GET", "/audit")).text).toBe(before);
    expectStatus(await send(worker.as("any", hiddenToken.token), "GET", "/states/hidden"), 200);
  },
);

test("metrics count the states that the caller reaches", async () => {
  await new State(worker.owner, "counted-1").post(stateBody({ serial: 1 }));
  const states = async (pattern: string) => {
    const { token } = await mint({ name: "scraper", scopes: ["metrics"], states: [pattern] });
    return Number(/^tfstate_states (\d+)$/m.exec((await ask(token, "GET /metrics")).text)?.[1]);
  };
  expect(await states("counted-*")).toBe(1);
  expect(await states("nothing-*")).toBe(0);
  expect(await states("*")).toBeGreaterThan(1);
});

test("an admin of some states sees and revokes the tokens of these alone", async () => {
  const lead = await mint({ name: "lead", scopes: ["read", "admin"], states: ["team-*"] });
  const within = await mint({ name: "within", scopes: ["read"], states: ["team-a*"] });
  const beyond = [
    await mint({ name: "wider", scopes: ["read"], states: ["team-a*", "prod"] }),
    await mint({ name: "stronger", scopes: ["write"], states: ["team-a"] }),
  ];
  const asLead = worker.as("any", lead.token);
  const seen = jsonList(await send(asLead, "GET", "/tokens")).map(({ id }) => id);
  expect(seen.sort()).toEqual([lead.id, within.id].sort());
  for (const { id, token } of beyond) {
    expectProblem(await send(asLead, "DELETE", `/tokens/${id}`), 400);
    expect((await send(worker.as("any", token), "GET", "/states/team-a")).status).not.toBe(401);
  }
  expect(json(await send(asLead, "DELETE", `/tokens/${within.id}`)).revoked).toBe(within.id);
  expectProblem(await send(worker.as("any", within.token), "GET", "/states/team-a"), 401);
});
