import { equal, rejects } from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Case,
  expectNoState,
  expectNotEmptyState,
  expectProblem,
  expectState,
  expectStatus,
  jsonList,
} from "../case";
import { isHangUp, lockInfo, State, slowly, stateBody } from "../client";

/** What may become the next version of a state. */
export const writes: readonly Case[] = [
  {
    name: "an empty body is refused, and the state stays",
    async run(target) {
      const state = new State(target);
      expectProblem(await state.send("POST", "", { body: "" }), 400, 411, 422);
      expectNoState(await state.get());
      await state.post(stateBody({ serial: 1 }));
      expectProblem(await state.send("POST", "", { body: "" }), 400, 411, 422);
      expectProblem(await state.send("POST"), 400, 411, 422);
      expectState(await state.get(), stateBody({ serial: 1 }));
    },
  },
  {
    name: "a body that is not a state is refused, and the state stays",
    async run(target) {
      const state = new State(target);
      const good = stateBody({ serial: 1, resources: ["a"] });
      await state.post(good);
      const next = stateBody({ serial: 2 });
      const bad = [
        "null",
        "[]",
        "{}",
        "7",
        '"state"',
        "<html></html>",
        " ",
        "\u0000",
        "undefined",
        next.slice(0, -1),
        `${next}x`,
        next.replace('"serial":2', '"serial":"2"'),
        next.replace('"serial":2', '"serial":-2'),
        next.replace('"serial":2', '"serial":2.5'),
        next.replace('"serial":2', '"serial":2,"serial":3'),
        next.replace('"lineage":"lineage-1"', '"lineage":""'),
        next.replace('"version":4', '"version":"4"'),
        '{"serial":2,"lineage":"lineage-1"}',
        JSON.stringify({ serial: 2, lineage: "lineage-1", encrypted_data: "", encryption_version: "v0" }),
        `\uFEFF${next}`,
      ];
      for (const body of bad) expectProblem(await state.post(body), 400, 422);
      expectState(await state.get(), good);
    },
  },
  {
    name: "a body that does not match its MD5 is refused",
    async run(target) {
      const state = new State(target);
      const md5 = "1B2M2Y8AsgTpgAmY7PhCfg==";
      expectProblem(await state.post(stateBody({ serial: 1 }), undefined, { "content-md5": md5 }), 400);
      expectProblem(
        await state.post(stateBody({ serial: 1 }), undefined, { "content-md5": "nonsense" }),
        400,
      );
      expectNoState(await state.get());
    },
  },
  {
    name: "POST again, as after a lost answer, gives the same answer and no second version",
    async run(target) {
      const state = new State(target);
      const info = lockInfo();
      await state.lock(info);
      const first = await state.post(stateBody({ serial: 1 }), info.ID);
      const again = await state.post(stateBody({ serial: 1 }), info.ID);
      equal(again.status, first.status);
      equal(again.text, first.text);
      expectState(await state.get(), stateBody({ serial: 1 }));
    },
  },
  ...[false, true].map(
    (encrypted): Case => ({
      name: `the serial never goes back, nor stays with other content (${encrypted ? "encrypted" : "plain"})`,
      async run(target) {
        const state = new State(target);
        const body = stateBody({ serial: 7, encrypted });
        expectStatus(await state.post(body), 200, 201, 204);
        expectProblem(await state.post(stateBody({ serial: 6, encrypted })), 409);
        expectProblem(await state.post(stateBody({ serial: 7, encrypted, note: "other" })), 409);
        expectState(await state.get(), body);
        expectStatus(await state.post(stateBody({ serial: 8, encrypted })), 200, 201, 204);
      },
    }),
  ),
  ...[false, true].map(
    (encrypted): Case => ({
      name: `another lineage is refused (${encrypted ? "encrypted" : "plain"})`,
      async run(target) {
        const state = new State(target);
        const body = stateBody({ serial: 1, encrypted });
        await state.post(body);
        expectProblem(await state.post(stateBody({ serial: 2, encrypted, lineage: "lineage-2" })), 409);
        expectState(await state.get(), body);
      },
    }),
  ),
  {
    name: "the guard holds under a lock too",
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 5 }));
      const info = lockInfo();
      await state.lock(info);
      expectProblem(await state.post(stateBody({ serial: 4 }), info.ID), 409);
      expectProblem(await state.post(stateBody({ serial: 6, lineage: "lineage-2" }), info.ID), 409);
      expectStatus(await state.post(stateBody({ serial: 6 }), info.ID), 200, 201, 204);
    },
  },
  {
    name: "a state that was encrypted once refuses plaintext, also after it was deleted",
    async run(target) {
      const state = new State(target);
      const sealed = stateBody({ serial: 2, encrypted: true });
      expectStatus(await state.post(stateBody({ serial: 1 })), 200, 201, 204);
      expectStatus(await state.post(sealed), 200, 201, 204);
      expectProblem(await state.post(stateBody({ serial: 3 })), 409);
      expectState(await state.get(), sealed);
      await state.send("DELETE");
      expectProblem(await state.post(stateBody({ serial: 1 })), 409);
    },
  },
  {
    name: "an upload that is cut off leaves the version before it",
    async run(target) {
      const state = new State(target);
      const info = lockInfo();
      await state.lock(info);
      await state.post(stateBody({ serial: 1 }), info.ID);
      for (const size of [1000, 17_000_000]) {
        const next = stateBody({ serial: 2, note: "x".repeat(size) });
        const abort = new AbortController();
        const upload = state.send("POST", `?ID=${info.ID}`, {
          body: slowly(next, async () => {
            await sleep(50);
            abort.abort();
            await sleep(50);
          }),
          headers: { "content-length": String(Buffer.byteLength(next)) },
          signal: abort.signal,
        });
        await rejects(upload);
        expectState(await state.get(), stateBody({ serial: 1 }));
      }
      expectStatus(await state.post(stateBody({ serial: 2 }), info.ID), 200, 201, 204);
      expectState(await state.get(), stateBody({ serial: 2 }));
    },
  },
  {
    name: "a slow upload keeps neither readers nor the lock waiting",
    async run(target) {
      const state = new State(target);
      const info = lockInfo();
      await state.lock(info);
      await state.post(stateBody({ serial: 1 }), info.ID);
      const next = stateBody({ serial: 2, note: "x".repeat(5_000_000) });
      const upload = state.send("POST", `?ID=${info.ID}`, {
        body: slowly(next, async () => {
          expectState(await state.get(), stateBody({ serial: 1 }));
          expectStatus(await state.lock(lockInfo()), 423, 409);
        }),
        headers: { "content-length": String(Buffer.byteLength(next)) },
      });
      expectStatus(await upload, 200, 201, 204);
      expectState(await state.get(), next);
    },
  },
  {
    name: "a body of unknown length is refused or stored whole",
    async run(target) {
      const state = new State(target);
      const body = stateBody({ serial: 1 });
      // A server that refuses may close the connection before the body is through.
      const reply = await state
        .send("POST", "", { body: slowly(body, async () => undefined) })
        .catch((error) => (isHangUp(error) ? undefined : Promise.reject(error)));
      if (reply === undefined) expectNoState(await state.get());
      else if (reply.status < 300) expectState(await state.get(), body);
      else expectProblem(reply, 411, 400);
    },
  },
  {
    name: "a deleted state can be written anew, and nothing else brings it back",
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 9 }));
      await state.send("DELETE");
      expectNoState(await state.get());
      expectStatus(await state.post(stateBody({ serial: 1, lineage: "lineage-2" })), 200, 201, 204);
      expectState(await state.get(), stateBody({ serial: 1, lineage: "lineage-2" }));
    },
  },
  {
    name: "an override by an admin lets one write through, and only what it names",
    extension: true,
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 5 }));
      const other = stateBody({ serial: 1, lineage: "lineage-2" });
      const refused = expectProblem(await state.post(other), 409);
      equal(String(refused.fix).includes("/override"), true);
      equal(String(refused.fix).includes("X-Tfstate-Override"), true);
      expectStatus(await state.admin("POST", "/override", { allow: ["serial"], reason: "test" }), 201);
      expectProblem(await state.post(other), 409);
      expectStatus(await state.admin("POST", "/override", { allow: ["lineage"], reason: "migration" }), 201);
      expectStatus(await state.post(other), 200);
      expectState(await state.get(), other);
      expectProblem(await state.post(stateBody({ serial: 1, lineage: "lineage-3" })), 409);
      const audit = jsonList(await state.send("GET", "/audit"));
      equal(audit.filter(({ action }) => action === "use_override").length, 1);
      equal(audit.filter(({ action }) => action === "grant_override").length, 2);
    },
  },
  {
    name: "an override expires",
    extension: true,
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 5 }));
      await state.admin("POST", "/override", { allow: ["serial"], reason: "test", expiresInSeconds: 1 });
      await sleep(1100);
      expectProblem(await state.post(stateBody({ serial: 4 })), 409);
    },
  },
  {
    name: "an override in a header works once, and not past its time",
    extension: true,
    async run(target) {
      const state = new State(target);
      const until = (ms: number) => ({
        "x-tfstate-override": `serial until=${new Date(Date.now() + ms).toISOString()}`,
      });
      const soon = until(60_000);
      await state.post(stateBody({ serial: 5 }));
      expectStatus(await state.post(stateBody({ serial: 4 }), undefined, soon), 200);
      expectProblem(await state.post(stateBody({ serial: 3 }), undefined, soon), 409);
      expectProblem(await state.post(stateBody({ serial: 3 }), undefined, until(-1000)), 409);
      expectProblem(await state.post(stateBody({ serial: 3 }), undefined, until(7_200_000)), 409);
      expectProblem(
        await state.post(stateBody({ serial: 3 }), undefined, { "x-tfstate-override": "serial" }),
        409,
      );
      expectProblem(
        await state.post(stateBody({ serial: 5, lineage: "lineage-2" }), undefined, until(50_000)),
        409,
      );
      expectState(await state.get(), stateBody({ serial: 4 }));
    },
  },
  {
    name: "an error of the server never looks like a state that is not there",
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 1 }));
      expectNotEmptyState(
        await state.send("GET", "", { headers: { range: "bytes=0-0", "if-none-match": "*" } }),
      );
    },
  },
  {
    name: "a policy of the state can require encryption from the start",
    extension: true,
    async run(target) {
      const state = new State(target);
      expectStatus(await state.admin("PUT", "/policy", { encryption: "required" }), 200);
      expectProblem(await state.post(stateBody({ serial: 1 })), 409);
      expectNoState(await state.get());
      expectStatus(await state.post(stateBody({ serial: 1, encrypted: true })), 200);
    },
  },
];
