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
  /** How long to wait for somebody else who has the lock. @default 1800000 */
  readonly timeoutMs?: number;
}

/**
 * Runs `work` under the lock of the state, the one that OpenTofu takes. It is held from the look into the account to
 * the end, which the lock of a single `tofu` command would not be, so OpenTofu runs with `-lock=false` meanwhile.
 *
 * A lock in R2 outlives a power cut. Its ID is noted in the work dir before it is taken, so the next run there, which
 * has the folder to itself, knows the lock for its own.
 *
 * @throws LockedError where somebody else has it for too long
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
        return result(`${store.address} is ours`);
      } catch (error) {
        if (!(error instanceof LockedError)) throw error;
        const { ID, Who, Operation, Created } = error.holder;
        if (Date.now() > end) {
          const fix = `if ${Who} is gone: npm run state -- unlock ${ID} --stack bootstrap`;
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
    // Where this fails, the note stays, and the next run goes on with the lock.
    await store.unlock(lock);
    workDir.lockId.remove();
  }
}
