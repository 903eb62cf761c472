import { BOOTSTRAP_MARKER_KEY, BOOTSTRAP_STATE_KEY } from "../config/state-location";
import { historyPrefix, lockKey } from "../domain/state-objects";
import { displayPath } from "../process/display-path";
import { step } from "../process/step";
import type { R2Client } from "../state/r2-client";
import { type BootstrapProps, deleteTokens, ownershipOf, prepare, withLock } from "./bootstrap";
import type { Ownership } from "./ownership";
import type { Stack } from "./stack";

export interface DestroyProps extends BootstrapProps {
  /** Whether to delete the states of other stacks too, with their histories and backups. */
  readonly deleteStates: boolean;
}

/** The result of a destroy; `nothing` if there is no state bucket. */
export type Destroyed = "done" | "declined" | "nothing";

/**
 * Destroys everything that a bootstrap has made. The state is in the bucket, so the bucket comes last: OpenTofu destroys
 * everything else, then the objects are deleted, then the marker, then the bucket. Each step can be repeated, so after an
 * interrupted destroy, an ordinary one continues.
 *
 * @throws if states of other stacks exist and `deleteStates` is not set
 */
export async function destroy(props: DestroyProps): Promise<Destroyed> {
  const { settings, account, approve } = props;
  const { bucketName } = settings.bootstrap;
  const ownership = ownershipOf(props);
  if (!(await ownership.hasBucket())) {
    await ownership.requireFreeNames();
    return "nothing";
  }
  const objects = await account.objects(bucketName);
  if (await ownership.requireBucket()) {
    await step("Look for states", async ({ result }) => {
      const others = await statesOfOtherStacks(props, objects);
      result(others.length > 0 ? `${others.length}, which will be deleted` : "none of other stacks");
    });
    if (!(await withLock(props, () => destroyContent(props, ownership, objects)))) return "declined";
  } else if (!(await approve(`The bucket ${bucketName}, which is empty, will be deleted.`)))
    return "declined";
  await step("Delete the bucket", async ({ result }) => {
    await ownership.deleteBucket();
    result(`${bucketName} is gone`);
  });
  return "done";
}

/** Destroys everything except the state bucket and its marker. @returns whether it was approved */
async function destroyContent(
  props: DestroyProps,
  ownership: Ownership,
  objects: R2Client,
): Promise<boolean> {
  const { settings, workDir, account, approve } = props;
  const { bucketName, backupBucketName } = settings.bootstrap;
  const state = await objects.get(BOOTSTRAP_STATE_KEY);
  const stack = await prepare({ ...props, env: { ...props.env, ALLOW_DESTROY: "bootstrap" } });
  const lost = await stack.importOwned(ownership);
  const { described } = await stack.plan("-destroy");
  const text = `${described}\nThe bucket ${bucketName} will be deleted last, with all objects in it.`;
  if (!(await approve(text))) return false;
  workDir.removePlan();
  if (state) {
    await step("Keep a copy of the state", async ({ result }) => {
      result(`${displayPath(workDir.keepCopy(state.bytes))}, encrypted`);
    });
  }
  const hasBackups = await liftLocks(stack, ownership);
  await step("Empty the backup bucket", async ({ result }) => {
    // Somebody may have written a state while the user read the plan, or during the next step: check each time.
    await statesOfOtherStacks(props, objects);
    result(hasBackups ? await empty(props, await account.objects(backupBucketName)) : "it is gone");
  });
  await step("Destroy", async ({ follow, result }) => {
    await stack.destroyAllButBucket(follow);
    result("done");
  });
  await deleteTokens(props, lost);
  await step("Empty the state bucket", async ({ result }) => {
    await statesOfOtherStacks(props, objects);
    // The lock is released after this, and the marker is deleted last.
    const kept = [BOOTSTRAP_MARKER_KEY, lockKey(BOOTSTRAP_STATE_KEY)];
    result(await empty(props, objects, kept));
  });
  return true;
}

/** Removes the lock rules of the buckets that exist. @returns whether the backup bucket is one of them */
function liftLocks(stack: Stack, ownership: Ownership): Promise<boolean> {
  return step("Remove the bucket locks", async ({ follow, result }) => {
    // An apply would make a bucket again that is already deleted.
    const buckets = (await ownership.owned())
      .map(({ address }) => address)
      .filter((address) => address.startsWith("cloudflare_r2_bucket."));
    await stack.applyTo(
      follow,
      buckets.map((address) => address.replace("r2_bucket", "r2_bucket_lock")),
    );
    result("done");
    return buckets.includes("cloudflare_r2_bucket.backup");
  });
}

/** Deletes all objects except `kept`. @returns a text that says how many */
async function empty(
  { signal }: DestroyProps,
  objects: R2Client,
  kept: readonly string[] = [],
): Promise<string> {
  const keys = (await objects.list("")).map(({ key }) => key).filter((key) => !kept.includes(key));
  for (const key of keys) {
    signal.throwIfAborted();
    await objects.delete(key);
  }
  return `deleted: ${keys.length}`;
}

/**
 * Keys of the states of other stacks in the bucket.
 * @throws if there are any, and `deleteStates` is not set
 */
async function statesOfOtherStacks(
  { deleteStates }: DestroyProps,
  objects: R2Client,
): Promise<readonly string[]> {
  const keys = (await objects.list("")).map(({ key }) => key);
  const others = keys.filter(isStateOfOtherStack);
  if (others.length === 0 || deleteStates) return others;
  throw new Error(
    `the bucket has states of other stacks:\n${others.map((key) => `  ${key}`).join("\n")}\n` +
      "destroy those stacks, or move their states (npm run state -- migrate --to local, then drop --from r2 or worker). " +
      "--delete-states deletes the states: use it only if nothing that they describe exists any more",
  );
}

/** The key of a state may be any name. Only histories and locks have keys of a known form. */
const isStateOfOtherStack = (key: string): boolean =>
  ![BOOTSTRAP_MARKER_KEY, BOOTSTRAP_STATE_KEY].includes(key) &&
  !key.startsWith(historyPrefix) &&
  !key.endsWith(lockKey(""));
