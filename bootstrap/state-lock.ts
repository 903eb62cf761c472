import { setTimeout as sleep } from "node:timers/promises";
import { step } from "../process/step";
import { LockedError } from "../state/errors";
import { newLock } from "../state/locks";
import type { StateStore } from "../state/store";
import type { WorkDir } from "./work-dir";

const POLL_MS = 2_000;

export interface StateLockProps {
  readonly store: StateStore;
  readonly workDir: WorkDir;
  readonly signal: AbortSignal;
  /** How long to wait while somebody else holds the lock. @default 1_800_000 */
  readonly timeoutMs?: number;
}

/**
 * Runs `work` while holding the lock of the state. It is the lock that OpenTofu uses, but OpenTofu would hold it only for
 * one command. So the bootstrap holds it for the whole run, and OpenTofu runs with `-lock=false`.
 *
 * A lock in R2 survives a power cut. Its ID is written to the work dir before the lock is taken, so the next run in that
 * work dir recognizes the lock as its own.
 *
 * @throws LockedError if somebody else holds the lock for too long
 */
export async function withStateLock<T>(props: StateLockProps, work: () => Promise<T>): Promise<T> {
  const { store, workDir } = props;
  const fresh = newLock("bootstrap");
  const lock = { ...fresh, ID: workDir.lockId.read() ?? fresh.ID };
  workDir.lockId.write(lock.ID);
  await step("Lock", async ({ follow, result }) => {
    const end = Date.now() + (props.timeoutMs ?? 1_800_000);
    for (;;) {
      try {
        await store.lock(lock);
        return result(`this run holds the lock of ${store.address}`);
      } catch (error) {
        if (!(error instanceof LockedError)) throw error;
        const { ID, Who, Operation, Created } = error.holder;
        if (Date.now() > end) {
          const fix = `if the run of ${Who} has ended: npm run state -- unlock ${ID} --stack bootstrap`;
          throw new LockedError(store.address, error.holder, fix);
        }
        follow(`waiting for ${Who} (${Operation}, since ${Created}, lock ${ID})`);
      }
      await sleep(POLL_MS, undefined, { signal: props.signal });
    }
  });
  try {
    return await work();
  } finally {
    // If this fails, the ID stays in the work dir, and the next run continues with the lock.
    await store.unlock(lock);
    workDir.lockId.remove();
  }
}
