import { expectProblem, expectState, expectStatus, expectUnlocked, json, jsonList } from "./conformance/case";
import { lockInfo, State, send, stateBody, type Target } from "./conformance/client";
import { startTestWorker, type TestWorker } from "./support/harness";

/** The ID of a lock is shown to everyone whom it keeps out: it is worth something only to who took it. */
let worker: TestWorker;
let others: Readonly<Record<string, Target>>;
const password = (name: string): string => `the password of ${name}`;
beforeAll(async () => {
  const user = (name: string, ...more: string[]) => ({
    name,
    namespace: "owner",
    password: password(name),
    scopes: ["read", "write", "lock", ...more],
  });
  worker = await startTestWorker({
    vars: { TFSTATE_USERS: JSON.stringify([user("bob"), user("root", "admin")]) },
  });
  const body = JSON.stringify({ name: "ci", scopes: ["read", "write", "lock"] });
  const { token } = json(await send(worker.owner, "POST", "/tokens", { body }));
  others = {
    "another user": worker.as("bob", password("bob")),
    "an admin": worker.as("root", password("root")),
    "a token of the same user": worker.as("owner", String(token)),
  };
});
afterAll(() => worker.stop());

const as = (who: string, { name }: State): State => {
  const target = others[who];
  if (!target) throw new Error(`nobody is called ${who}`);
  return new State(target, name);
};

describe.each(["another user", "an admin", "a token of the same user"])(
  "with the ID of a lock, %s",
  (who) => {
    test("writes, deletes and restores nothing, is told whose lock it is and what to do, and the holder goes on", async () => {
      const state = new State(worker.owner);
      const stranger = as(who, state);
      for (const serial of [1, 2]) await state.post(stateBody({ serial }));
      const oldest = jsonList(await state.send("GET", "/versions")).at(-1);
      const info = lockInfo();
      await state.lock(info);
      const attempts = [
        () => stranger.post(stateBody({ serial: 3, note: "stolen" }), info.ID),
        () => stranger.send("DELETE", `?ID=${info.ID}`),
      ];
      if (who === "an admin")
        attempts.push(() => stranger.send("POST", `/versions/${oldest?.id}/restore?ID=${info.ID}`));
      for (const attempt of attempts) {
        const problem = expectProblem(await attempt(), 403);
        expect(problem).toMatchObject({ error: "lock_of_another", ID: info.ID });
        expect(problem.message).toMatch(
          /was taken by basic:owner, and this request comes from (basic|token):/,
        );
        expect(problem.fix).toContain(`tofu force-unlock ${info.ID}`);
        expectState(await state.get(), stateBody({ serial: 2 }));
      }
      expectStatus(await state.post(stateBody({ serial: 3 }), info.ID), 200);
      expectStatus(await state.post(stateBody({ serial: 3 }), info.ID), 200); // a replay
      expectStatus(await state.unlock(info), 200);
    });

    test("does not lock, and frees nothing as long as it is no admin", async () => {
      const state = new State(worker.owner);
      const stranger = as(who, state);
      const info = lockInfo();
      await state.lock(info);
      expectProblem(await stranger.lock(info), 423);
      if (who === "an admin") return;
      for (const body of [info, { ID: info.ID }, ""]) expectProblem(await stranger.unlock(body), 403);
      expectStatus(await state.post(stateBody({ serial: 1 }), info.ID), 200);
    });

    test("does not pass a freeze that lets this ID through for who froze", async () => {
      const state = new State(worker.owner);
      await state.post(stateBody({ serial: 1 }));
      const own = lockInfo("migration");
      await state.admin("PUT", "/freeze", { reason: "moved", expiresInSeconds: null, lock: own.ID });
      expectProblem(await as(who, state).lock(own), 423);
      expectStatus(await state.lock(own), 200);
    });
  },
);

test("an admin who breaks the lock first writes under a lock of his own, and the holder no more", async () => {
  const state = new State(worker.owner);
  const admin = as("an admin", state);
  const info = lockInfo();
  await state.lock(info);
  expectStatus(await admin.unlock({ ID: info.ID }), 200);
  expectUnlocked(await state.holder());
  const next = lockInfo("root");
  expectStatus(await admin.lock(next), 200);
  expectStatus(await admin.post(stateBody({ serial: 1 }), next.ID), 200);
  expectProblem(await state.post(stateBody({ serial: 2 }), info.ID), 409, 423);
  expectProblem(await state.post(stateBody({ serial: 2 }), next.ID), 403);
  expectState(await state.get(), stateBody({ serial: 1 }));
});
