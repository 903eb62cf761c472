import { deepEqual, equal } from "node:assert/strict";
import {
  type Case,
  expectHeldBy,
  expectProblem,
  expectState,
  expectStatus,
  expectUnlocked,
  json,
} from "../case";
import { isHangUp, type LockInfo, lockInfo, State, slowly, stateBody } from "../client";

/** Who holds the lock, and what an ID is worth once it does not. */
export const locking: readonly Case[] = [
  {
    name: "a second client is refused with the holder's LockInfo",
    async run(target) {
      const state = new State(target);
      const alice = lockInfo("alice");
      expectStatus(await state.lock(alice), 200);
      const problem = expectProblem(await state.lock(lockInfo("bob")), 423, 409);
      const shown = Object.fromEntries(Object.keys(alice).map((field) => [field, problem[field]]));
      deepEqual(shown, alice);
    },
  },
  {
    name: "LOCK without an ID is refused, and takes nothing",
    async run(target) {
      const state = new State(target);
      for (const body of [
        "",
        "{}",
        '{"ID":""}',
        '{"ID":null}',
        '{"ID":7}',
        "[]",
        "null",
        '"x"',
        "{",
        `{"ID":"${"x".repeat(5000)}"}`,
      ]) {
        expectProblem(await state.send("LOCK", "/lock", { body }), 400, 413);
      }
      expectUnlocked(await state.holder());
    },
  },
  {
    name: "a LOCK or UNLOCK that is far too long is refused, whether or not it says so",
    async run(target) {
      const state = new State(target);
      const long = `{"ID":"x","Info":"${"i".repeat(300_000)}"}`;
      for (const method of ["LOCK", "UNLOCK"]) {
        for (const body of [long, slowly(long, async () => undefined)]) {
          // A server that refuses may close the connection before the body is through.
          const reply = await state
            .send(method, "/lock", { body })
            .catch((error) => (isHangUp(error) ? undefined : Promise.reject(error)));
          if (reply) expectProblem(reply, 400, 411, 413);
        }
      }
      expectUnlocked(await state.holder());
    },
  },
  {
    name: "LOCK again, as after a lost answer, gives the same answer",
    async run(target) {
      const state = new State(target);
      const info = lockInfo();
      const first = await state.lock(info);
      const again = await state.lock(info);
      deepEqual([again.status, again.text], [first.status, first.text]);
      expectStatus(await state.unlock(info), 200);
      expectStatus(await state.lock(lockInfo()), 200);
    },
  },
  {
    name: "a second client that chose the same ID does not share the lock",
    async run(target) {
      const state = new State(target);
      const first = { ...lockInfo("ci-run-1"), ID: "ci-deploy" };
      expectStatus(await state.lock(first), 200);
      expectHeldBy(await state.lock({ ...first, Who: "ci-run-2" }), first);
    },
  },
  {
    name: "UNLOCK again gives the same answer, and never frees the lock that came after",
    async run(target) {
      const state = new State(target);
      const first = lockInfo();
      await state.lock(first);
      expectStatus(await state.unlock(first), 200);
      expectStatus(await state.unlock(first), 200);
      const second = lockInfo("bob");
      expectStatus(await state.lock(second), 200);
      expectStatus(await state.unlock(first), 200);
      expectHeldBy(await state.lock(lockInfo("carol")), second);
    },
  },
  {
    name: "UNLOCK with an ID that does not hold the lock frees nothing",
    async run(target) {
      const state = new State(target);
      const holder = lockInfo();
      await state.lock(holder);
      expectHeldBy(await state.unlock({ ID: "someone-else" }), holder);
      for (const body of ["{", "[]", '{"ID":""}', "null"]) expectProblem(await state.unlock(body), 400);
      expectHeldBy(await state.lock(lockInfo()), holder);
    },
  },
  {
    name: "a released ID never locks again",
    async run(target) {
      const state = new State(target);
      const info = lockInfo();
      await state.lock(info);
      await state.unlock(info);
      expectProblem(await state.lock(info), 409);
      expectProblem(await state.lock({ ...info, Who: "someone else" }), 409);
      expectUnlocked(await state.holder());
    },
  },
  {
    name: "a released ID never writes again",
    async run(target) {
      const state = new State(target);
      const info = lockInfo();
      await state.lock(info);
      await state.post(stateBody({ serial: 1 }), info.ID);
      await state.unlock(info);
      expectProblem(await state.post(stateBody({ serial: 2 }), info.ID), 409, 423);
      await state.lock(lockInfo());
      expectProblem(await state.post(stateBody({ serial: 2 }), info.ID), 409, 423);
      expectState(await state.get(), stateBody({ serial: 1 }));
    },
  },
  {
    name: "an ID that never held the lock cannot write",
    async run(target) {
      const state = new State(target);
      expectProblem(await state.post(stateBody({ serial: 1 }), "never-held"), 409, 423);
      const holder = lockInfo();
      await state.lock(holder);
      expectHeldBy(await state.post(stateBody({ serial: 1 }), "never-held"), holder);
      expectStatus(await state.get(), 204, 404);
    },
  },
  {
    name: "nothing is written or deleted without the ID while the lock is held",
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 1 }));
      const holder = lockInfo();
      await state.lock(holder);
      expectHeldBy(await state.post(stateBody({ serial: 2 })), holder);
      expectHeldBy(await state.send("DELETE"), holder);
      expectState(await state.get(), stateBody({ serial: 1 }));
      expectStatus(await state.post(stateBody({ serial: 2 }), holder.ID), 200, 201, 204);
    },
  },
  forceUnlock("OpenTofu, which sends the ID", ({ ID }) => JSON.stringify({ ID })),
  forceUnlock("Terraform, which sends an empty body", () => ""),
  {
    name: "an UNLOCK without an ID that comes again does not break the lock that came after",
    async run(target) {
      const state = new State(target);
      await state.lock(lockInfo());
      expectStatus(await state.unlock(""), 200);
      expectStatus(await state.unlock(""), 200);
      const next = lockInfo("bob");
      expectStatus(await state.lock(next), 200);
      await state.unlock("");
      equal(json(await state.holder()).ID, next.ID);
      expectStatus(await state.post(stateBody({ serial: 1 }), next.ID), 200, 201, 204);
    },
  },
  {
    name: "an upload that began before a force-unlock cannot land after it",
    async run(target) {
      const state = new State(target);
      const old = lockInfo("old");
      const next = lockInfo("new");
      await state.lock(old);
      await state.post(stateBody({ serial: 1 }), old.ID);
      const late = stateBody({ serial: 9, note: "late" });
      const upload = state.send("POST", `?ID=${old.ID}`, {
        body: slowly(late, async () => {
          expectStatus(await state.unlock({ ID: old.ID }), 200);
          expectStatus(await state.lock(next), 200);
          expectStatus(await state.post(stateBody({ serial: 2 }), next.ID), 200, 201, 204);
        }),
        headers: { "content-length": String(Buffer.byteLength(late)) },
      });
      expectProblem(await upload, 409, 423);
      expectState(await state.get(), stateBody({ serial: 2 }));
    },
  },
  {
    name: "an upload without a lock cannot land after someone locked and unlocked meanwhile",
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 1 }));
      const late = stateBody({ serial: 9, note: "late" });
      const info = lockInfo();
      const upload = state.send("POST", "", {
        body: slowly(late, async () => {
          expectStatus(await state.lock(info), 200);
          expectStatus(await state.post(stateBody({ serial: 2 }), info.ID), 200, 201, 204);
          expectStatus(await state.unlock(info), 200);
        }),
        headers: { "content-length": String(Buffer.byteLength(late)) },
      });
      expectProblem(await upload, 409, 423);
      expectState(await state.get(), stateBody({ serial: 2 }));
    },
  },
  {
    name: "a LockInfo with broken fields does not spoil the answer to the next client",
    async run(target) {
      const state = new State(target);
      const ID = lockInfo().ID;
      const body = JSON.stringify({ ID, Created: "yesterday", Who: 5, Operation: ["x"], Version: null });
      expectStatus(await state.send("LOCK", "/lock", { body }), 200);
      const problem = expectProblem(await state.lock(lockInfo()), 423);
      equal(problem.ID, ID);
      equal(Number.isNaN(Date.parse(String(problem.Created))), false);
      for (const field of ["Who", "Operation", "Version"]) equal(typeof problem[field], "string");
    },
  },
];

/** After a force-unlock, by either client, the old holder is out for good and the next one can work. */
function forceUnlock(client: string, body: (holder: LockInfo) => string): Case {
  return {
    name: `force-unlock works for ${client}, and the broken ID never locks or writes again`,
    async run(target) {
      const state = new State(target);
      const old = lockInfo("old");
      await state.lock(old);
      expectStatus(await state.post(stateBody({ serial: 1 }), old.ID), 200, 201, 204);
      expectStatus(await state.unlock(body(old)), 200);
      expectUnlocked(await state.holder());
      expectProblem(await state.post(stateBody({ serial: 2 }), old.ID), 409, 423);
      expectProblem(await state.lock(old), 409);
      const next = lockInfo("next");
      expectStatus(await state.lock(next), 200);
      expectStatus(await state.post(stateBody({ serial: 2, note: "next" }), next.ID), 200, 201, 204);
      expectProblem(await state.post(stateBody({ serial: 3 }), old.ID), 409, 423);
      expectState(await state.get(), stateBody({ serial: 2, note: "next" }));
      expectStatus(await state.unlock(next), 200);
    },
  };
}
