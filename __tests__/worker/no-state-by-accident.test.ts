import { answerOf, type WorkerError } from "../../worker/src/errors/catalogue";
import { lockErrors } from "../../worker/src/errors/lock-errors";
import { requestErrors } from "../../worker/src/errors/request-errors";
import { versionErrors } from "../../worker/src/errors/version-errors";
import {
  expectNoState,
  expectNotEmptyState,
  expectProblem,
  expectState,
  expectStatus,
  json,
  jsonList,
} from "./conformance/case";
import { lockInfo, State, send, stateBody } from "./conformance/client";
import { startTestWorker, type TestWorker } from "./support/harness";

/**
 * A client whose `address` is wrong must never be told that there is no state: it would create everything again. 204, 404
 * and an empty 200 say so, wherever they come from.
 */
let worker: TestWorker;
beforeAll(async () => {
  worker = await startTestWorker({ vars: { TFSTATE_BASE_PATH: "/tfstate" } });
});
afterAll(() => worker.stop());

/** Every address that the Worker knows, with names of things that are there and of others that are not. */
async function addresses(): Promise<string[]> {
  const { paths } = json(await send(worker.owner, "GET", "/openapi.json")) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const state = new State(worker.owner, "known");
  await state.post(stateBody({ serial: 1 }));
  const parameters: Record<string, string[]> = { name: ["known", "unknown"], id: ["nope"] };
  const filled = Object.keys(paths).flatMap((path) =>
    [...path.matchAll(/\{(\w+)\}/g)].reduce(
      (found, [part, parameter = ""]) =>
        found.flatMap((each) => (parameters[parameter] ?? ["x"]).map((value) => each.replace(part, value))),
      [path],
    ),
  );
  const others = [
    "/",
    "/page/style.css",
    "/page/states/known",
    "/page/states/unknown",
    "/page/states/known/unlock",
  ];
  const wrong = [
    "",
    "/state/known",
    "/states/known/lock/lock",
    "/states/known/nothing",
    "/favicon.ico",
    "/robots.txt",
  ];
  return [...filled, ...others, ...wrong, "/health"];
}

/** Whether a client could go on with this body: it is JSON with a number as `version`, in any case (Go reads both). */
function isReadable(text: string): boolean {
  try {
    const fields = Object.entries(JSON.parse(text) as object);
    return fields.some(([name, value]) => name.toLowerCase() === "version" && typeof value === "number");
  } catch {
    return false;
  }
}

test("at no address but a state's own does a GET give a state, or say that there is none", async () => {
  const asked = await addresses();
  expect(asked.length).toBeGreaterThan(40);
  for (const path of asked.flatMap((path) => [path, `${path}/`])) {
    const reply = await send(worker.owner, "GET", path);
    if (/^\/states\/unknown\/?$/.test(path)) expectNoState(reply);
    else expectNotEmptyState(reply);
    const isOwn = /^\/states\/known\/?$/.test(path);
    expect({ path, isReadable: reply.status === 200 && isReadable(reply.text) }).toEqual({
      path,
      isReadable: isOwn,
    });
  }
});

test("at the address of a version, which reads as a state, nothing is written", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  const [version] = jsonList(await state.send("GET", "/versions"));
  for (const id of ["", "?ID=x"]) {
    const body = stateBody({ serial: 2 });
    expectProblem(await state.send("POST", `/versions/${version?.id}${id}`, { body }), 405);
  }
});

test("outside of the base path, too", async () => {
  const { origin } = new URL(worker.owner.url);
  for (const path of ["/", "/states/known", "/tfstatex/states/known", "/tfstate"]) {
    expectNotEmptyState(await send({ ...worker.owner, url: origin }, "GET", path));
  }
});

test("no error is a 404 or a 204", () => {
  const facts = { ref: { namespace: "n", name: "n" }, holder: lockInfo(), allowed: [], defects: [] };
  for (const code of Object.keys({ ...requestErrors, ...lockErrors, ...versionErrors })) {
    const known = { ...facts, code, reason: code === "copy_not_needed" ? "healthy" : "serial" };
    // Every other fact is a text, or is printed as one.
    const error = new Proxy(known, { get: (found, name) => Reflect.get(found, name) ?? "x" });
    const { status } = answerOf(error as unknown as WorkerError);
    expect({ code, isNoState: status === 404 || status === 204 }).toEqual({ code, isNoState: false });
  }
});

test("the address of a free lock says so in JSON that no client takes for a state", async () => {
  const state = new State(worker.owner);
  const free = await state.holder();
  expectStatus(free, 200);
  expect(json(free)).toEqual({ locked: false });
  const info = lockInfo();
  await state.lock(info);
  expect(json(await state.holder())).toMatchObject({ locked: true, ID: info.ID });
  expectProblem(await state.send("GET", "/versions/nope"), 400);
});

describe("credentials whose namespace nobody chose", () => {
  const user = { name: "alice", password: "the password of alice" };

  test.each([
    [
      "a user without one",
      { TFSTATE_USERS: JSON.stringify([user]) },
      /TFSTATE_USERS is not usable: .* is missing: name the one whose states the user shares.*namespace/,
    ],
    [
      "a pre-shared key without one beside other credentials",
      { TFSTATE_PSK: "a pre-shared key of some length" },
      /TFSTATE_PSK_NAMESPACE is not set/,
    ],
  ])("%s: the Worker says so instead of showing an empty namespace", async (_, vars, reason) => {
    const locked = await startTestWorker({ vars });
    try {
      await expect(fetch(`${locked.owner.url}/health`).then((reply) => reply.text())).resolves.toMatch(
        reason,
      );
      expectProblem(await new State(locked.as("alice", user.password), "prod").get(), 503);
    } finally {
      await locked.miniflare.dispose();
    }
  });

  test("with the team's namespace, the user reads the team's state", async () => {
    const team = await startTestWorker({
      vars: { TFSTATE_USERS: JSON.stringify([{ ...user, namespace: "owner" }]) },
    });
    try {
      await new State(team.owner, "prod").post(stateBody({ serial: 1 }));
      expectState(await new State(team.as("alice", user.password), "prod").get(), stateBody({ serial: 1 }));
    } finally {
      await team.miniflare.dispose();
    }
  });
});
