import { deepEqual, equal } from "node:assert/strict";
import { type Case, expectNoState, expectProblem, expectState, expectStatus, json, jsonList } from "../case";
import { lockInfo, State, stateBody } from "../client";

/** Versions: each accepted write can be found and brought back. */
export const history: readonly Case[] = [
  {
    name: "versions are listed newest first, with what they hold, and fetched byte for byte",
    extension: true,
    async run(target) {
      const state = new State(target);
      const bodies = [1, 2, 3].map((serial) =>
        stateBody({ serial, resources: ["a", "b", "c"].slice(0, serial) }),
      );
      for (const body of bodies) await state.post(body);
      const versions = jsonList(await state.send("GET", "/versions"));
      deepEqual(
        versions.map(({ serial, current, size }) => ({ serial, current, size })),
        [3, 2, 1].map((serial) => ({
          serial,
          current: serial === 3,
          size: Buffer.byteLength(bodies[serial - 1] ?? ""),
        })),
      );
      deepEqual(versions[0]?.diff, { added: ["terraform_data.c"], removed: [] });
      for (const version of versions) {
        for (const field of ["id", "lineage", "sha256", "createdAt", "createdBy"])
          equal(typeof version[field], "string");
        expectState(
          await state.send("GET", `/versions/${version.id}`),
          bodies[Number(version.serial) - 1] ?? "",
        );
      }
    },
  },
  {
    name: "the writes of one apply are one entry, and all of them are there on request",
    extension: true,
    async run(target) {
      const state = new State(target);
      const info = lockInfo();
      await state.lock(info);
      for (const serial of [1, 2, 3]) await state.post(stateBody({ serial }), info.ID);
      await state.unlock(info);
      const entries = jsonList(await state.send("GET", "/versions"));
      deepEqual(
        entries.map(({ serial, writes }) => ({ serial, writes })),
        [{ serial: 3, writes: 3 }],
      );
      equal(jsonList(await state.send("GET", "/versions?all=1")).length, 3);
    },
  },
  {
    name: "restore makes an older version current, unchanged, and it can be undone",
    extension: true,
    async run(target) {
      const state = new State(target);
      for (const serial of [1, 2, 3]) await state.post(stateBody({ serial }));
      const [, second] = jsonList(await state.send("GET", "/versions"));
      expectStatus(await state.send("POST", `/versions/${second?.id}/restore`), 200);
      expectState(await state.get(), stateBody({ serial: 2 }));
      const [newest] = jsonList(await state.send("GET", "/versions"));
      equal(newest?.serial, 3);
      expectStatus(await state.send("POST", `/versions/${newest?.id}/restore`), 200);
      expectState(await state.get(), stateBody({ serial: 3 }));
      expectStatus(await state.send("POST", `/versions/${newest?.id}/restore`), 200);
    },
  },
  {
    name: "after a restore the next write starts from the restored serial",
    extension: true,
    async run(target) {
      const state = new State(target);
      for (const serial of [1, 2, 3]) await state.post(stateBody({ serial }));
      const oldest = jsonList(await state.send("GET", "/versions")).at(-1);
      await state.send("POST", `/versions/${oldest?.id}/restore`);
      expectStatus(await state.post(stateBody({ serial: 2, note: "after the restore" })), 200);
      expectState(await state.get(), stateBody({ serial: 2, note: "after the restore" }));
      equal(jsonList(await state.send("GET", "/versions")).length, 4);
    },
  },
  {
    name: "nobody restores under the feet of who holds the lock",
    extension: true,
    async run(target) {
      const state = new State(target);
      for (const serial of [1, 2]) await state.post(stateBody({ serial }));
      const oldest = jsonList(await state.send("GET", "/versions")).at(-1);
      const info = lockInfo();
      await state.lock(info);
      expectProblem(await state.send("POST", `/versions/${oldest?.id}/restore`), 423);
      expectState(await state.get(), stateBody({ serial: 2 }));
      expectStatus(await state.send("POST", `/versions/${oldest?.id}/restore?ID=${info.ID}`), 200);
      expectState(await state.get(), stateBody({ serial: 1 }));
    },
  },
  {
    name: "a deleted state is restored from its history",
    extension: true,
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 4 }));
      await state.send("DELETE");
      expectNoState(await state.get());
      const [version] = jsonList(await state.send("GET", "/versions"));
      expectStatus(await state.send("POST", `/versions/${version?.id}/restore`), 200);
      expectState(await state.get(), stateBody({ serial: 4 }));
    },
  },
  {
    name: "a plaintext version is not restored over an encrypted state",
    extension: true,
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 1 }));
      await state.post(stateBody({ serial: 2, encrypted: true }));
      const oldest = jsonList(await state.send("GET", "/versions")).at(-1);
      expectProblem(await state.send("POST", `/versions/${oldest?.id}/restore`), 409);
      expectState(await state.get(), stateBody({ serial: 2, encrypted: true }));
      await state.admin("POST", "/override", { allow: ["plaintext"], reason: "leaving encryption" });
      expectStatus(await state.send("POST", `/versions/${oldest?.id}/restore`), 200);
    },
  },
  {
    name: "an encrypted version has no diff, only its size",
    extension: true,
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 1, encrypted: true }));
      const [version] = jsonList(await state.send("GET", "/versions"));
      equal(version?.diff, null);
      equal(version?.encrypted, true);
      equal(version?.size, Buffer.byteLength(stateBody({ serial: 1, encrypted: true })));
    },
  },
  {
    name: "retention deletes old versions, never the current or a pinned one",
    extension: true,
    async run(target) {
      const state = new State(target);
      for (let serial = 1; serial <= 6; serial++) await state.post(stateBody({ serial }));
      const versions = jsonList(await state.send("GET", "/versions"));
      const bySerial = new Map(versions.map(({ serial, id }) => [Number(serial), String(id)]));
      expectStatus(await state.send("PUT", `/versions/${bySerial.get(2)}/pin`), 200);
      await state.send("POST", `/versions/${bySerial.get(3)}/restore`);
      await state.admin("PUT", "/policy", { keep: { versions: 2, days: 0 } });
      equal(json(await state.send("POST", "/sweep")).deleted, 2);
      const left = jsonList(await state.send("GET", "/versions")).map(({ serial }) => serial);
      deepEqual(left, [6, 5, 3, 2]);
      expectState(await state.get(), stateBody({ serial: 3 }));
      expectState(await state.send("GET", `/versions/${bySerial.get(2)}`), stateBody({ serial: 2 }));
      expectProblem(await state.send("GET", `/versions/${bySerial.get(1)}`), 400);
    },
  },
  {
    name: "retention keeps what is young, however many there are",
    extension: true,
    async run(target) {
      const state = new State(target);
      for (let serial = 1; serial <= 4; serial++) await state.post(stateBody({ serial }));
      await state.admin("PUT", "/policy", { keep: { versions: 1, days: 1 } });
      equal(json(await state.send("POST", "/sweep")).deleted, 0);
      equal(jsonList(await state.send("GET", "/versions")).length, 4);
    },
  },
  {
    name: "a version that does not exist is an error for each of its routes",
    extension: true,
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 1 }));
      expectProblem(await state.send("GET", "/versions/nope"), 400);
      expectProblem(await state.send("POST", "/versions/nope/restore"), 400);
      expectProblem(await state.send("PUT", "/versions/nope/pin"), 400);
      expectState(await state.get(), stateBody({ serial: 1 }));
    },
  },
  {
    name: "an entry that stands for an apply is not begun again on the next page",
    extension: true,
    async run(target) {
      const state = new State(target);
      let serial = 0;
      for (let apply = 0; apply < 3; apply++) {
        const info = lockInfo();
        await state.lock(info);
        for (let write = 0; write < 3; write++) await state.post(stateBody({ serial: ++serial }), info.ID);
        await state.unlock(info);
      }
      const seen: Record<string, unknown>[] = [];
      for (let before = ""; ; before = `&before=${seen.at(-1)?.id}`) {
        const page = jsonList(await state.send("GET", `/versions?limit=1${before}`));
        if (page.length === 0) break;
        seen.push(...page);
      }
      deepEqual(
        seen.map(({ serial, writes }) => ({ serial, writes })),
        [9, 6, 3].map((last) => ({ serial: last, writes: 3 })),
      );
      expectProblem(await state.send("GET", "/versions?before=nope"), 400);
    },
  },
  {
    name: "the list comes in pages",
    extension: true,
    async run(target) {
      const state = new State(target);
      for (let serial = 1; serial <= 5; serial++) await state.post(stateBody({ serial }));
      const first = jsonList(await state.send("GET", "/versions?limit=2"));
      const next = jsonList(await state.send("GET", `/versions?limit=2&before=${first.at(-1)?.id}`));
      deepEqual(
        [...first, ...next].map(({ serial }) => serial),
        [5, 4, 3, 2],
      );
    },
  },
];
