import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "../../../local/start/cluster";
import { showSecondClient } from "../../../local/start/second-client";
import { newLock } from "../../../state/lock-info";

/** A cluster whose first client plans like `plan`, and whose lock nobody has yet. */
function clusterWhose(plan: () => Promise<boolean>, holder = async () => undefined as unknown) {
  const store = { holder: jest.fn(holder) };
  const client = () => ({
    plan: async (onLine: (line: string) => void) => onLine("Acquiring state lock. This may take a moment"),
  });
  return { cluster: { tofu: { plan }, client, store } as unknown as Cluster, store };
}

test("a first plan that fails is what the step says, and nobody polls on", async () => {
  const { cluster, store } = clusterWhose(() => Promise.reject(new Error("plan ended with 1")));
  await expect(showSecondClient(cluster)).rejects.toThrow("plan ended with 1");
  const polls = store.holder.mock.calls.length;
  await sleep(200);
  expect(store.holder).toHaveBeenCalledTimes(polls);
});

test("a first plan that took no lock is a fault", async () => {
  const { cluster } = clusterWhose(async () => false);
  await expect(showSecondClient(cluster)).rejects.toThrow("the first client held no lock");
});

test("the second client waits for the first one's lock", async () => {
  const { cluster } = clusterWhose(
    () => sleep(50, false),
    async () => newLock("plan"),
  );
  await showSecondClient(cluster);
});
