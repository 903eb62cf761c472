import { deepEqual, equal, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Case, expectHeldBy, expectProblem, expectState, expectStatus, json, jsonList } from "../case";
import { lockInfo, State, send, stateBody } from "../client";

/** The holder of a lock as far as a freeze is concerned. */
interface LockHolder {
  readonly ID: string;
  readonly freeze?: { readonly lock?: string; readonly operation?: string };
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Schemas of the JSON that an operation of an OpenAPI document answers with, by status. */
function operationAnswers(operation: unknown): Readonly<Record<string, Schema>> {
  const { responses } = operation as {
    readonly responses: Readonly<
      Record<string, { readonly content: { readonly "application/json": { readonly schema: Schema } } }>
    >;
  };
  const answers = Object.entries(responses);
  return Object.fromEntries(
    answers.map(([status, { content }]) => [status, content["application/json"].schema]),
  );
}

/** Locks for people, the audit, and what is measured. */
export const operations: readonly Case[] = [
  {
    name: "a freeze keeps everyone from locking and writing, and says why",
    extension: true,
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 1 }));
      const frozen = json(
        await state.admin("PUT", "/freeze", { reason: "incident 42", expiresInSeconds: 600 }),
      );
      const problem = expectProblem(await state.lock(lockInfo()), 423);
      equal(problem.Info, "incident 42");
      equal(problem.ID, frozen.id);
      expectProblem(await state.post(stateBody({ serial: 2 })), 423);
      expectProblem(await state.send("DELETE"), 423);
      expectState(await state.get(), stateBody({ serial: 1 }));
      await state.unlock("");
      expectProblem(await state.lock(lockInfo()), 423);
    },
  },
  {
    name: "a freeze ends by itself",
    extension: true,
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 1 }));
      await state.admin("PUT", "/freeze", { reason: "incident 43", expiresInSeconds: 1 });
      let reply = await state.lock(lockInfo());
      for (; reply.status === 423; reply = await state.lock(lockInfo())) await sleep(100);
      expectStatus(reply, 200);
    },
  },
  {
    name: "a freeze without an end stays until an admin ends it",
    extension: true,
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 1 }));
      const frozen = json(await state.admin("PUT", "/freeze", { reason: "moved", expiresInSeconds: null }));
      equal(frozen.expiresAt, null);
      expectProblem(await state.lock(lockInfo()), 423);
      expectStatus(await state.send("DELETE", "/freeze"), 200);
      expectStatus(await state.lock(lockInfo()), 200);
    },
  },
  {
    name: "a freeze lets one lock through, and says whose it is in a field that no text can fake",
    extension: true,
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 1 }));
      const own = { ...lockInfo("migration"), Operation: "frozen" };
      const asked = { reason: "moved to r2", expiresInSeconds: null, lock: own.ID, operation: "frozen" };
      const frozen = json(await state.admin("PUT", "/freeze", asked));
      const others = { ...lockInfo("mallory"), freeze: { lock: own.ID, operation: "frozen" } };
      const refused = expectProblem(await state.send("LOCK", "/lock", { body: JSON.stringify(others) }), 423);
      for (const holder of [refused, refused.holder, json(await state.holder())] as LockHolder[]) {
        equal(holder.ID, frozen.id);
        deepEqual(holder.freeze, frozen);
        deepEqual([holder.freeze?.lock, holder.freeze?.operation], [own.ID, "frozen"]);
      }
      expectStatus(await state.lock(own), 200);
      const held = json(await state.holder());
      deepEqual([held.ID, held.freeze], [own.ID, undefined]);
      expectStatus(await state.unlock({ ID: own.ID }), 200);
      equal((json(await state.holder()) as unknown as LockHolder).freeze?.lock, own.ID);
      expectStatus(await state.send("DELETE", "/freeze"), 200);
      expectStatus(await state.send("LOCK", "/lock", { body: JSON.stringify(others) }), 200);
      deepEqual([json(await state.holder()).ID, json(await state.holder()).freeze], [others.ID, undefined]);
    },
  },
  {
    name: "a freeze lets the holder finish, and is lifted by an admin",
    extension: true,
    async run(target) {
      const state = new State(target);
      const info = lockInfo();
      await state.lock(info);
      await state.admin("PUT", "/freeze", { reason: "incident" });
      expectStatus(await state.post(stateBody({ serial: 1 }), info.ID), 200);
      expectStatus(await state.unlock(info), 200);
      expectProblem(await state.lock(lockInfo()), 423);
      expectStatus(await state.send("DELETE", "/freeze"), 200);
      expectStatus(await state.lock(lockInfo()), 200);
    },
  },
  {
    name: "the report of locks says who, since when, from where, and what looks left behind",
    extension: true,
    async run(target) {
      const state = new State(target);
      const info = lockInfo("alice@laptop");
      await state.post(stateBody({ serial: 1 }));
      await state.lock(info);
      const find = async (query: string) => {
        // The list may have several pages before ours.
        const reply = await send(
          target,
          "GET",
          `/locks?after=${encodeURIComponent(state.name.slice(0, -1))}&${query}`,
        );
        return jsonList(reply).find((lock) => lock.state === state.name);
      };
      const fresh = await find("staleAfterSeconds=3600");
      deepEqual({ by: fresh?.by, stale: fresh?.stale }, { by: "http", stale: false });
      equal((fresh?.info as { Who: string } | undefined)?.Who, "alice@laptop");
      ok(
        typeof fresh?.origin === "string" &&
          typeof fresh.principal === "string" &&
          typeof fresh.ageSeconds === "number",
      );
      equal((await find("staleAfterSeconds=0"))?.stale, true);
      await state.unlock(info);
      equal(await find("staleAfterSeconds=0"), undefined);
    },
  },
  {
    name: "the audit names every change, and each entry covers the ones before it",
    extension: true,
    async run(target) {
      const state = new State(target);
      const info = lockInfo();
      await state.lock(info);
      await state.post(stateBody({ serial: 1 }), info.ID);
      await state.unlock(info);
      await state.lock(lockInfo());
      await state.unlock("");
      await state.send("DELETE");
      const entries = jsonList(await state.send("GET", "/audit"));
      deepEqual(
        entries.map(({ action }) => action),
        ["lock", "write", "unlock", "lock", "force_unlock", "delete"],
      );
      let prev = "0".repeat(64);
      for (const { seq, at, who, action, detail, prev: claimed, hash } of entries) {
        equal(claimed, prev);
        prev = createHash("sha256")
          .update(JSON.stringify([seq, at, who, action, detail, claimed]))
          .digest("hex");
        equal(hash, prev);
      }
    },
  },
  {
    name: "a replay leaves no second entry in the audit",
    extension: true,
    async run(target) {
      const state = new State(target);
      const info = lockInfo();
      for (let time = 0; time < 2; time++) await state.lock(info);
      for (let time = 0; time < 2; time++) await state.post(stateBody({ serial: 1 }), info.ID);
      for (let time = 0; time < 2; time++) await state.unlock(info);
      const entries = jsonList(await state.send("GET", "/audit"));
      deepEqual(
        entries.map(({ action }) => action),
        ["lock", "write", "unlock"],
      );
    },
  },
  {
    name: "metrics are in the format of Prometheus",
    extension: true,
    async run(target) {
      await new State(target).post(stateBody({ serial: 1 }));
      const reply = await send(target, "GET", "/metrics");
      expectStatus(reply, 200);
      for (const line of reply.text.trim().split("\n")) {
        ok(/^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"\n]*",?)+\})? -?[\d.e+-]+)$/.test(line), line);
      }
      ok(
        /^tfstate_requests_total\{method="POST",route="\/states\/:name",status="200"\} [1-9]/m.test(
          reply.text,
        ),
      );
    },
  },
  {
    name: "the API describes itself as OpenAPI 3.1",
    extension: true,
    async run(target) {
      const document = json(await send(target, "GET", "/openapi.json"));
      equal(document.openapi, "3.1.0");
      const paths = document.paths as Record<string, Record<string, unknown>>;
      ok(paths["/states/{name}/versions/{id}/restore"]?.post);
      const answers = operationAnswers(paths["/states/{name}/lock"]?.get);
      for (const schema of [answers["2XX"], answers.default]) {
        ok(schema?.properties?.freeze?.properties?.lock, "freeze.lock is not described");
      }
      ok(paths["/states/{name}"]?.get && paths["/states/{name}"]?.post && paths["/states/{name}"]?.delete);
    },
  },
  {
    name: "every answer, an empty one too, says that it comes from this Worker",
    extension: true,
    async run(target) {
      const state = new State(target);
      const info = lockInfo();
      const replies = [
        await state.get(),
        await send(target, "GET", `${state.path}/lock`),
        await state.lock(info),
        await state.lock(lockInfo()),
        await state.post(stateBody({ serial: 1 }), info.ID),
        await state.get(),
        await send(target, "GET", state.path, { headers: { authorization: "" } }),
        await send(target, "GET", "/nowhere"),
      ];
      for (const { status, headers } of replies) {
        equal(headers["x-tfstate-worker"], "1", `answer ${status}`);
      }
      deepEqual(
        replies.map(({ status }) => status),
        [204, 200, 200, 423, 200, 200, 401, 400],
      );
    },
  },
  {
    name: "the list of states shows each with its lock",
    extension: true,
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 3 }));
      const info = lockInfo();
      await state.lock(info);
      const reply = await send(target, "GET", `/states?after=${encodeURIComponent(state.name.slice(0, -1))}`);
      const entry = jsonList(reply).find(({ name }) => name === state.name);
      deepEqual(
        { serial: entry?.serial, locked: entry?.locked, encrypted: entry?.encrypted },
        { serial: 3, locked: true, encrypted: false },
      );
      expectHeldBy(await state.lock(lockInfo()), info);
    },
  },
];
