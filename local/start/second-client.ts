import { setTimeout as sleep } from "node:timers/promises";
import { step } from "../../run/step";
import type { LockInfo } from "../../state/lock-info";
import type { Cluster } from "./cluster";

const POLL_MS = 50;

/**
 * Two clients plan at once: the second one waits for the lock of the first.
 * @throws where it did not have to
 */
export function showSecondClient(cluster: Cluster): Promise<void> {
  return step("Second client", async ({ say, follow, result }) => {
    let isOver = false;
    const first = cluster.tofu.plan(follow).finally(() => {
      isOver = true;
    });
    const holder = await waitForHolder(cluster, () => isOver);
    let waits = false;
    const second = cluster.client("second-client").plan((line) => {
      waits ||= line.includes("Acquiring state lock");
      follow(line);
    }, "-lock-timeout=120s");
    say(`${holder.Who} holds the lock (${holder.Operation}); the second client waits`);
    await Promise.all([first, second]);
    if (!waits) throw new Error("the second client did not wait for the lock");
    result(`waited for the lock of ${holder.Who}, then had it`);
  });
}

async function waitForHolder({ store }: Cluster, isOver: () => boolean): Promise<LockInfo> {
  for (;;) {
    const holder = await store.holder();
    if (holder) return holder;
    if (isOver()) throw new Error("the first client held no lock");
    await sleep(POLL_MS);
  }
}
