import { step } from "../process/step";
import { withLock } from "../state/with-lock";
import type { Cluster } from "./cluster";

/**
 * Shows the lock: a first client holds it until OpenTofu, the second client, reports that it waits. Then OpenTofu plans.
 * It is the second plan after a deploy, so it is empty.
 * @throws where the second client does not wait, or its plan fails or is not empty
 */
export function showSecondClient(cluster: Pick<Cluster, "store" | "client">): Promise<void> {
  return step("Second client", async ({ say, follow, result }) => {
    let second = Promise.resolve(false);
    const first = await withLock(cluster.store, "npm start", async ({ Who, Operation }) => {
      say(`${Who} holds the lock (${Operation}); the second client waits`);
      await new Promise<void>((resolve, reject) => {
        const onLine = (line: string) => {
          if (line.includes("Acquiring state lock")) resolve();
          follow(line);
        };
        second = cluster.client("second-client").plan(onLine, "-lock-timeout=120s");
        second.then(() => reject(new Error("the second client did not wait for the lock")), reject);
      });
      return Who;
    });
    if (await second) throw new Error("the second plan is not empty, which is a bug of this program");
    result(`waited for the lock of ${first}, then had it; its plan is empty`);
  });
}
