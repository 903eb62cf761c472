import type { Cluster } from "../../demo/cluster";
import { showSecondClient } from "../../demo/second-client";

type Plan = (onLine: (line: string) => void) => Promise<boolean>;

/** A cluster whose second client plans by `plan`, and the events in their order. */
function clusterWhose(plan: Plan) {
  const events: string[] = [];
  const noted = (event: string) => async () => {
    events.push(event);
  };
  const store = { lock: noted("lock"), unlock: noted("unlock") };
  const client = () => ({
    plan: async (onLine: (line: string) => void) => {
      events.push("plan");
      return plan(onLine).finally(() => events.push("planned"));
    },
  });
  return { cluster: { client, store } as unknown as Pick<Cluster, "store" | "client">, events };
}

const tick = () => new Promise((resolve) => setTimeout(resolve, 20));

test("the lock is held until the second client says that it waits, and its plan is waited for", async () => {
  const { cluster, events } = clusterWhose(async (onLine) => {
    await tick();
    onLine("Acquiring state lock. This may take a few moments...");
    await tick();
    return false;
  });
  await showSecondClient(cluster);
  expect(events).toEqual(["lock", "plan", "unlock", "planned"]);
});

test("a second client that does not wait is an error, and the lock is released", async () => {
  const { cluster, events } = clusterWhose(async () => false);
  await expect(showSecondClient(cluster)).rejects.toThrow("the second client did not wait for the lock");
  expect(events).toEqual(["lock", "plan", "planned", "unlock"]);
});

test("a plan that fails is the error of the step, before it waits and after", async () => {
  for (const lines of [[], ["Acquiring state lock. This may take a few moments..."]]) {
    const { cluster, events } = clusterWhose(async (onLine) => {
      for (const line of lines) onLine(line);
      await tick();
      throw new Error("plan ended with 1");
    });
    await expect(showSecondClient(cluster)).rejects.toThrow("plan ended with 1");
    expect(events).toContain("unlock");
  }
});

test("a plan that would change something is an error, since everything was deployed", async () => {
  const { cluster } = clusterWhose(async (onLine) => {
    onLine("Acquiring state lock. This may take a few moments...");
    await tick();
    return true;
  });
  await expect(showSecondClient(cluster)).rejects.toThrow("the second plan is not empty");
});
