import { setTimeout as sleep } from "node:timers/promises";
import { step } from "../../run/step";
import type { LockInfo } from "../../state/lock-info";
import type { Cluster } from "./cluster";

const POLL_MS = 50;

/**
 * Two clients plan at once: the second one waits for the lock of the first.
 * @throws where it did not have to, or where a plan fails
 */
export function showSecondClient(cluster: Cluster): Promise<void> {
  return step("Second client", async ({ say, follow, result }) => {
    const first = cluster.tofu.plan(follow);
    const holder = await holderDuring(first, cluster);
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

/** Who holds the lock while `work` goes on. @throws what `work` throws, or that it held none */
async function holderDuring(work: Promise<unknown>, { store }: Cluster): Promise<LockInfo> {
  const isOver = new AbortController();
  const polled = async (): Promise<LockInfo> => {
    for (;;) {
      const holder = await store.holder();
      if (holder) return holder;
      await sleep(POLL_MS, undefined, { signal: isOver.signal });
    }
  };
  const ended = work.then(() => {
    throw new Error("the first client held no lock");
  });
  return Promise.race([polled(), ended]).finally(() => isOver.abort());
}
