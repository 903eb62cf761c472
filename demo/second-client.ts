import { step } from "../process/step";
import { withLock } from "../state/with-lock";
import type { Cluster } from "./cluster";

/**
 * One client holds the lock until a second one, OpenTofu, says that it waits for it; then that one plans.
 * @throws where it did not have to wait, or where its plan fails
 */
export function showSecondClient(cluster: Pick<Cluster, "store" | "client">): Promise<void> {
  return step("Second client", async ({ say, follow, result }) => {
    let second = Promise.resolve(false);
    const first = await withLock(cluster.store, "npm start", async ({ Who, Operation }) => {
      say(`${Who} holds the lock (${Operation}); the second client waits`);
      await new Promise<void>((waits, failed) => {
        const heard = (line: string) => {
          if (line.includes("Acquiring state lock")) waits();
          follow(line);
        };
        second = cluster.client("second-client").plan(heard, "-lock-timeout=120s");
        second.then(() => failed(new Error("the second client did not wait for the lock")), failed);
      });
      return Who;
    });
    await second;
    result(`waited for the lock of ${first}, then had it`);
  });
}
