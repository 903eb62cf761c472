import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { type Case, expectState, expectStatus } from "../case";
import { lockInfo, State, send, stateBody } from "../client";

/** Requests that nobody meant. fast-check prints the seed and the smallest input that fails. */
export const fuzz: readonly Case[] = [
  {
    name: "no name breaks the backend, and a state that was stored under one is found there",
    async run(target) {
      const raw = fc
        .string({ unit: "binary", minLength: 1, maxLength: 40 })
        .filter((name) => !/[\uD800-\uDFFF]/.test(name));
      await fc.assert(
        fc.asyncProperty(fc.oneof(raw, fc.string({ minLength: 1, maxLength: 250 })), async (name) => {
          const prefix = lockInfo().ID.slice(0, 8);
          const path = `/states/${encodeURIComponent(`${prefix}${name}`)}`;
          const body = stateBody({ serial: 1 });
          const stored = await send(target, "POST", path, { body });
          ok(stored.status < 500, `POST answers ${stored.status}`);
          const read = await send(target, "GET", path);
          if (stored.status < 300) expectState(read, body);
          else
            ok(read.status >= 400 && read.status !== 404 && read.status < 500, `GET answers ${read.status}`);
        }),
        { numRuns: 60 },
      );
    },
  },
  {
    name: "no body becomes a state by accident, and none brings the backend down",
    async run(target) {
      const state = new State(target);
      const good = stateBody({ serial: 1 });
      await state.post(good);
      const text = stateBody({ serial: 2 });
      const cut = fc.nat(text.length - 1).map((at) => text.slice(0, at));
      const flipped = fc
        .tuple(fc.nat(text.length - 1), fc.constantFrom("{", "}", '"', ",", "\\", "\u0001"))
        .map(([at, by]) => text.slice(0, at) + by + text.slice(at + 1));
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(fc.json(), fc.string(), cut, flipped, fc.uint8Array({ minLength: 1 })),
          async (body) => {
            const reply = await state.send("POST", "", { body });
            ok(reply.status < 500, `status ${reply.status}`);
            if (reply.status >= 300) return expectState(await state.get(), good);
            // A change inside of a string makes another state, which has to be readable and is then taken back.
            equal(JSON.parse(String(body)).serial > 1, true);
            await state.send("DELETE");
            expectStatus(await state.post(good), 200, 201, 204);
          },
        ),
        { numRuns: 150 },
      );
    },
  },
  {
    name: "no body of LOCK or UNLOCK brings the backend down or frees a lock",
    async run(target) {
      const state = new State(target);
      const holder = lockInfo();
      await state.lock(holder);
      const body = fc.oneof(
        fc.json(),
        fc.string({ minLength: 1 }),
        fc.record({ ID: fc.anything() }).map((value) => JSON.stringify(value) ?? "x"),
      );
      await fc.assert(
        fc.asyncProperty(
          body.filter((text) => text.trim() !== ""),
          fc.constantFrom("LOCK", "UNLOCK"),
          async (text, method) => {
            const reply = await state.send(method, "/lock", { body: text });
            ok(reply.status >= 400 && reply.status < 500, `${method} answers ${reply.status}`);
          },
        ),
        { numRuns: 100 },
      );
      expectStatus(await state.post(stateBody({ serial: 1 }), holder.ID), 200, 201, 204);
    },
  },
  {
    name: "no header or query brings the backend down or lets a write past the lock",
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 1 }));
      await state.lock(lockInfo());
      const token = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_=;:,./ "{}'), maxLength: 60 });
      const header = fc.constantFrom(
        "content-md5",
        "x-tfstate-override",
        "content-type",
        "if-match",
        "range",
        "x-forwarded-for",
        "cf-connecting-ip",
        "x-http-method-override",
      );
      await fc.assert(
        fc.asyncProperty(fc.dictionary(header, token), fc.webQueryParameters(), async (headers, query) => {
          const reply = await state.send("POST", `?${query}`, { body: stateBody({ serial: 2 }), headers });
          ok(reply.status >= 400 && reply.status < 500, `POST answers ${reply.status}`);
          expectState(
            await state.send("GET", `?${query}`, { headers: { ...headers, "content-md5": "x" } }),
            stateBody({ serial: 1 }),
          );
        }),
        { numRuns: 60 },
      );
    },
  },
];
