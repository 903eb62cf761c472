import { deepEqual, equal, ok } from "node:assert/strict";
import { type Case, expectHeldBy, expectState, expectStatus, json } from "../case";
import { lockInfo, type Reply, State, stateBody } from "../client";

const clients = 20;
const each = <T>(run: (client: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: clients }, (_, at) => run(at)));

/** Many clients at once. */
export const races: readonly Case[] = [
  {
    name: `of ${clients} clients that want the lock, one gets it and the others see who`,
    async run(target) {
      const state = new State(target);
      const infos = Array.from({ length: clients }, (_, at) => lockInfo(`client-${at}`));
      const replies = await Promise.all(infos.map((info) => state.lock(info)));
      const winners = infos.filter((_, at) => replies[at]?.status === 200);
      equal(winners.length, 1);
      const winner = winners[0] ?? lockInfo();
      for (const reply of replies.filter(({ status }) => status !== 200)) expectHeldBy(reply, winner);
    },
  },
  {
    name: `no update of ${clients} clients under the lock is lost`,
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 1, resources: [] }));
      await each(async (client) => {
        const info = lockInfo(`client-${client}`);
        while ((await state.lock(info)).status !== 200)
          await new Promise((resolve) => setTimeout(resolve, 40));
        const before = JSON.parse((await state.get()).text) as {
          serial: number;
          resources: { name: string }[];
        };
        const names = [...before.resources.map(({ name }) => name), `r${client}`];
        expectStatus(
          await state.post(stateBody({ serial: before.serial + 1, resources: names }), info.ID),
          200,
          201,
          204,
        );
        expectStatus(await state.unlock(info), 200);
      });
      const after = JSON.parse((await state.get()).text) as { serial: number; resources: { name: string }[] };
      equal(after.serial, clients + 1);
      deepEqual(
        new Set(after.resources.map(({ name }) => name)),
        new Set(Array.from({ length: clients }, (_, at) => `r${at}`)),
      );
    },
  },
  {
    name: `of ${clients} writes of one serial without a lock, one lands`,
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 1 }));
      const bodies = Array.from({ length: clients }, (_, at) =>
        stateBody({ serial: 2, note: `client ${at}` }),
      );
      const replies = await Promise.all(bodies.map((body) => state.post(body)));
      const landed = bodies.filter((_, at) => (replies[at]?.status ?? 500) < 300);
      equal(landed.length, 1);
      expectState(await state.get(), landed[0] ?? "");
    },
  },
  {
    name: "a reader sees whole states only, and never an older one after a newer one",
    async run(target) {
      const state = new State(target);
      await state.post(stateBody({ serial: 1, note: "n".repeat(100_000) }));
      let writing = true;
      const write = async (): Promise<void> => {
        for (let serial = 2; serial <= 15; serial++) {
          expectStatus(
            await state.post(stateBody({ serial, note: String(serial).repeat(50_000) })),
            200,
            201,
            204,
          );
        }
        writing = false;
      };
      const read = async (): Promise<void> => {
        let last = 1;
        while (writing) {
          const reply: Reply = await state.get();
          expectStatus(reply, 200);
          const { serial } = json(reply);
          ok(Number(serial) >= last, `serial ${serial} after ${last}`);
          last = Number(serial);
        }
      };
      await Promise.all([write(), read(), read(), read()]);
    },
  },
  {
    name: "the same POST from two connections at once is stored once",
    async run(target) {
      const state = new State(target);
      const info = lockInfo();
      await state.lock(info);
      const body = stateBody({ serial: 1 });
      const replies = await Promise.all([
        state.post(body, info.ID),
        state.post(body, info.ID),
        state.post(body, info.ID),
      ]);
      for (const reply of replies) expectStatus(reply, 200, 201, 204);
      expectState(await state.get(), body);
      expectStatus(await state.post(stateBody({ serial: 2 }), info.ID), 200, 201, 204);
    },
  },
  {
    name: "a force-unlock that races with a write leaves either the write before it or none",
    async run(target) {
      for (let round = 0; round < 10; round++) {
        const state = new State(target);
        const info = lockInfo();
        await state.post(stateBody({ serial: 1 }));
        await state.lock(info);
        const [write, unlock] = await Promise.all([
          state.post(stateBody({ serial: 2 }), info.ID),
          state.unlock({ ID: info.ID }),
        ]);
        expectStatus(unlock, 200);
        expectStatus(write, 200, 201, 204, 409, 423);
        expectState(await state.get(), stateBody({ serial: write.status < 300 ? 2 : 1 }));
        expectStatus(await state.post(stateBody({ serial: 3 }), info.ID), 409, 423);
      }
    },
  },
];
