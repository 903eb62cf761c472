import { deepEqual, equal, ok } from "node:assert/strict";
import {
  type Case,
  expectHeldBy,
  expectNoState,
  expectNotEmptyState,
  expectProblem,
  expectState,
  expectStatus,
  expectUnlocked,
  json,
} from "../case";
import { lockInfo, State, send, stateBody } from "../client";

/** The routes and answers that Terraform and OpenTofu rely on. */
export const protocol: readonly Case[] = [
  {
    name: "health answers 200 without credentials",
    async run(target) {
      expectStatus(await send(target, "GET", "/health", { headers: { authorization: "" } }), 200);
    },
  },
  {
    name: "a state that was never written is no state",
    async run(target) {
      expectNoState(await new State(target).get());
    },
  },
  {
    name: "a state is read back byte for byte",
    async run(target) {
      const state = new State(target);
      const body = `${stateBody({ serial: 1, note: "ünïcödé \\u0000 🔒" })}\n`;
      expectStatus(await state.post(body), 200, 201, 204);
      expectState(await state.get(), body);
    },
  },
  {
    name: "DELETE of a state answers 200, and then there is none",
    async run(target) {
      const state = new State(target);
      expectStatus(await state.post(stateBody({ serial: 1 })), 200, 201, 204);
      expectStatus(await state.send("DELETE"), 200);
      expectNoState(await state.get());
      expectStatus(await state.send("DELETE"), 200);
    },
  },
  {
    name: "a full cycle works with LOCK and UNLOCK",
    async run(target) {
      await cycle(new State(target), "LOCK", "UNLOCK");
    },
  },
  {
    name: "a full cycle works with PUT and DELETE",
    async run(target) {
      await cycle(new State(target), "PUT", "DELETE");
    },
  },
  {
    name: "a full cycle works with POST and DELETE, as GitLab's clients are configured",
    extension: true,
    async run(target) {
      await cycle(new State(target), "POST", "DELETE");
    },
  },
  {
    name: "POST of a state to the address of its lock takes no lock and stores nothing",
    extension: true,
    async run(target) {
      const state = new State(target);
      expectProblem(await state.send("POST", "/lock?ID=x", { body: stateBody({ serial: 1 }) }), 400);
      expectUnlocked(await state.holder());
      expectNoState(await state.get());
    },
  },
  {
    name: "a method that takes no lock is refused with a LockInfo that says so, which clients print",
    extension: true,
    async run(target) {
      const state = new State(target);
      for (const method of ["PATCH", "MKCOL"]) {
        const body = JSON.stringify(lockInfo());
        const problem = expectProblem(await state.send(method, "/lock", { body }), 409);
        // With an ID, a client would wait for its holder.
        deepEqual([problem.error, problem.ID, problem.Created], ["method_not_allowed", undefined, undefined]);
        ok(String(problem.Info).includes(`${method} is not possible`), String(problem.Info));
        ok(/LOCK.*UNLOCK/.test(String(problem.Info)), String(problem.Info));
      }
      expectUnlocked(await state.holder());
    },
  },
  {
    name: "GET of the lock shows the holder, and nothing once it is free",
    async run(target) {
      const state = new State(target);
      expectUnlocked(await state.holder());
      const info = lockInfo();
      expectStatus(await state.lock(info), 200);
      const shown = json(await state.holder());
      deepEqual({ ...info, ...shown }, shown);
      expectStatus(await state.unlock(info), 200);
      expectUnlocked(await state.holder());
    },
  },
  {
    name: "a trailing slash is the same as none, for every method, without a redirect",
    async run(target) {
      const state = new State(target);
      const info = lockInfo();
      const body = stateBody({ serial: 1 });
      expectStatus(await state.send("LOCK", "/lock/", { body: JSON.stringify(info) }), 200);
      expectHeldBy(await state.lock(lockInfo("bob")), info);
      expectStatus(await state.send("POST", `/?ID=${info.ID}`, { body }), 200, 201, 204);
      expectState(await state.send("GET", "/"), body);
      expectState(await state.get(), body);
      expectStatus(await state.send("UNLOCK", "/lock/", { body: JSON.stringify(info) }), 200);
      expectUnlocked(await state.holder());
      expectStatus(await state.send("DELETE", "/"), 200);
      expectNoState(await state.get());
    },
  },
  {
    name: "a path with a typing error is an error, never an empty state",
    async run(target) {
      const paths = [
        "/state/x",
        "/States/x",
        "/states",
        "/states/",
        "/states//x",
        "/states/x/y",
        "/statesx",
        "/states/x/locks",
        "/",
      ];
      for (const path of paths) {
        for (const method of ["GET", "POST", "LOCK", "UNLOCK"]) {
          const reply = await send(
            target,
            method,
            path,
            method === "GET" ? {} : { body: stateBody({ serial: 1 }) },
          );
          expectNotEmptyState(reply);
          ok(reply.status < 300 || reply.status >= 400, `${method} ${path} is redirected`);
          if (method !== "GET") ok(reply.status >= 400, `${method} ${path} answers ${reply.status}`);
        }
      }
    },
  },
  {
    name: "an unknown method is refused and changes nothing",
    async run(target) {
      const state = new State(target);
      const body = stateBody({ serial: 1 });
      await state.post(body);
      for (const method of ["PATCH", "PROPFIND", "MKCOL"]) {
        expectProblem(await state.send(method, "", { body: "{}" }), 405, 400, 501);
      }
      expectState(await state.get(), body);
    },
  },
  {
    name: "wrong or missing credentials are a 401 with a message, for each method",
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 1 }));
      const wrong = `Basic ${Buffer.from(`${target.username}:not-${target.password}`).toString("base64")}`;
      for (const [method, below] of [
        ["GET", ""],
        ["POST", ""],
        ["DELETE", ""],
        ["LOCK", "/lock"],
        ["UNLOCK", "/lock"],
        ["GET", "/lock"],
      ] as const) {
        const body = method === "GET" ? undefined : JSON.stringify(lockInfo());
        expectProblem(await state.send(method, below, { body, headers: { authorization: "" } }), 401);
      }
      expectProblem(await state.send("GET", "", { headers: { authorization: wrong } }), 401, 429);
      expectProblem(await state.send("GET", "", { headers: { authorization: "Basic !!!" } }), 401);
      expectProblem(await state.send("GET", "", { headers: { authorization: "Negotiate abc" } }), 401);
      expectUnlocked(await state.holder());
      expectState(await state.get(), stateBody({ serial: 1 }));
    },
  },
  {
    name: "states do not see each other, whatever their names look like",
    async run(target) {
      const base = new State(target).name;
      const names = [
        base,
        `${base}.tfstate`,
        `${base}.tfstate.tflock`,
        `${base} b`,
        `${base}+b`,
        `${base}é`,
        `${base}:prod`,
        base.toUpperCase(),
      ];
      const states = names.map((name) => new State(target, name));
      for (const [at, state] of states.entries()) {
        expectStatus(await state.post(stateBody({ serial: 1, lineage: `l${at}` })), 200, 201, 204);
      }
      for (const [at, state] of states.entries()) {
        expectState(await state.get(), stateBody({ serial: 1, lineage: `l${at}` }));
      }
      equal(new Set(names).size, states.length);
    },
  },
  {
    name: "a name that cannot be told apart or kept is refused",
    async run(target) {
      for (const name of [
        "a%2Fb",
        "a%5Cb",
        "a%00b",
        "%0A",
        "a%FFb",
        "a%25b",
        "x".repeat(600),
        "%20a",
        "e%CC%81",
      ]) {
        const reply = await send(target, "POST", `/states/${name}`, { body: stateBody({ serial: 1 }) });
        ok(reply.status >= 400 && reply.status < 500, `${name} answers ${reply.status}`);
        expectNotEmptyState(await send(target, "GET", `/states/${name}`));
      }
    },
  },
];

async function cycle(state: State, lock: string, unlock: string): Promise<void> {
  const info = lockInfo();
  const body = stateBody({ serial: 1 });
  expectStatus(await state.send(lock, "/lock", { body: JSON.stringify(info) }), 200);
  expectNoState(await state.get());
  expectStatus(await state.post(body, info.ID), 200, 201, 204);
  expectState(await state.get(), body);
  expectStatus(await state.send(unlock, "/lock", { body: JSON.stringify(info) }), 200);
  expectState(await state.get(), body);
}
