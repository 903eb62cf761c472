import { setTimeout as sleep } from "node:timers/promises";
import type { Account } from "../../../stand-ins/cloudflare/account";
import { type WorkerBackend, WorkerPort } from "../../../stand-ins/cloudflare/runtime/worker-port";
import { WorkerPorts } from "../../../stand-ins/cloudflare/runtime/worker-ports";
import { waitUntil } from "../../support/wait-until";

afterEach(() => jest.restoreAllMocks());

test("a port that cannot be opened stops nothing, and is reported to the caller that needs it", async () => {
  const account = { state: { ports: {} }, save: () => undefined } as unknown as Account;
  const ports = new WorkerPorts(account, () => ({}) as WorkerBackend);
  await ports.start();
  const listen = jest
    .spyOn(WorkerPort.prototype, "listen")
    .mockRejectedValue(new Error("too many open files"));
  const spare = ["a", "b", "c", "d"].map((name) => ports.of(name));
  expect(new Set(spare).size).toBe(4);
  await sleep(10);
  expect(() => ports.of("e")).toThrow(
    'no port is ready for Worker "e" (too many open files): try again in a moment',
  );

  listen.mockRestore();
  expect(() => ports.of("e")).toThrow("no port is ready");
  await waitUntil(() => {
    try {
      return !spare.includes(ports.of("e"));
    } catch {
      return false;
    }
  });
  await ports.close();
});
