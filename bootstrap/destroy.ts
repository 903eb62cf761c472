import { BOOTSTRAP_MARKER_KEY, BOOTSTRAP_STATE_KEY } from "../config/state-location";
import { displayPath } from "../process/display-path";
import { step } from "../process/step";
import type { R2Client } from "../state/r2-client";
import { type BootstrapProps, deleteTokens, ownershipOf, prepare, withLock } from "./bootstrap";
import type { Ownership } from "./ownership";
import type { Stack } from "./stack";

export interface DestroyProps extends BootstrapProps {
  /** Whether states of other stacks, their histories and their copies are deleted too. */
  readonly deleteStates: boolean;
}

/** What it came to; `nothing` where there is no bucket. */
export type Destroyed = "done" | "declined" | "nothing";

/**
 * Takes everything back that a bootstrap has made. The state is in the bucket, so the bucket goes last: OpenTofu destroys the
 * rest and forgets the bucket; then the objects are deleted, then the marker, then the bucket. Each step can be repeated, so
 * an interrupted destroy needs nothing but an ordinary one after it.
 *
 * @throws where states of other stacks exist and `deleteStates` is not said
 */
export async function destroy(props: DestroyProps): Promise<Destroyed> {
  const { settings, account, approve } = props;
  const { bucket } = settings.bootstrap;
  const ownership = ownershipOf(props);
  if (!(await ownership.hasBucket())) {
    await ownership.requireFreeNames();
    return "nothing";
  }
  const objects = await account.objects(bucket);
  if (await ownership.requireBucket()) {
    await step("Look for states", async ({ result }) => {
      const others = await statesOfOthers(props, objects);
      result(others.length > 0 ? `${others.length}, which will be deleted` : "none of other stacks");
    });
    if (!(await withLock(props, () => destroyContent(props, ownership, objects)))) return "declined";
  } else if (!(await approve(`The bucket ${bucket}, which is empty, is deleted.`))) return "declined";
  await step("Delete the bucket", async ({ result }) => {
    await ownership.deleteBucket();
    result(`${bucket} is gone`);
  });
  return "done";
}

/** Everything but the marker and the bucket that it is in. @returns whether that was approved */
async function destroyContent(
  props: DestroyProps,
  ownership: Ownership,
  objects: R2Client,
): Promise<boolean> {
  const { settings, workDir, account, approve } = props;
  const { bucket, backupBucket } = settings.bootstrap;
  const state = await objects.get(BOOTSTRAP_STATE_KEY);
  const stack = await prepare({ ...props, env: { ...props.env, ALLOW_DESTROY: "bootstrap" } });
  const lost = await stack.importOwned(ownership);
  const plan = await stack.plan("-destroy");
  const text = `${plan}\nThe bucket ${bucket} is deleted last, with all objects in it.`;
  if (!(await approve(text))) return false;
  workDir.removePlan();
  if (state) {
    await step("Keep a copy of the state", async ({ result }) => {
      result(`${displayPath(workDir.keepCopy(state.bytes))}, encrypted`);
    });
  }
  const hasBackups = await liftLocks(stack, ownership);
  await step("Empty the bucket of the copies", async ({ result }) => {
    // People had the time of the plan to write another state.
    await statesOfOthers(props, objects);
    result(hasBackups ? await empty(props, await account.objects(backupBucket)) : "it is gone");
  });
  await step("Destroy", async ({ follow, result }) => {
    await stack.destroyAllButBucket(follow);
    result("done");
  });
  await deleteTokens(props, lost);
  await step("Empty the bucket of the states", async ({ result }) => {
    // And here that of the destroy.
    await statesOfOthers(props, objects);
    // The lock is given back after this, and the marker goes last.
    const kept = [BOOTSTRAP_MARKER_KEY, `${BOOTSTRAP_STATE_KEY}.tflock`];
    result(await empty(props, objects, kept));
  });
  return true;
}

/** @returns whether the bucket of the copies is there */
function liftLocks(stack: Stack, ownership: Ownership): Promise<boolean> {
  return step("Lift the locks of the histories", async ({ follow, result }) => {
    // A bucket that is gone already would be made again.
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

/** @returns what was done, for people */
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
 * Keys of states in the bucket, but for the stack's own.
 * @throws where there are some and they may not be deleted
 */
async function statesOfOthers({ deleteStates }: DestroyProps, objects: R2Client): Promise<readonly string[]> {
  const keys = (await objects.list("")).map(({ key }) => key);
  const others = keys.filter(isStateOfOthers);
  if (others.length === 0 || deleteStates) return others;
  throw new Error(
    `the bucket has states of other stacks:\n${others.map((key) => `  ${key}`).join("\n")}\n` +
      "destroy those stacks, or move their states (npm run state -- migrate --to local, then drop --from the backend " +
      "where they were); what is still kept then is deleted with --delete-states: make sure that none of it describes anything any more",
  );
}

/** The S3 backend lets a key have any name; histories and locks are told by theirs. */
const isStateOfOthers = (key: string): boolean =>
  ![BOOTSTRAP_MARKER_KEY, BOOTSTRAP_STATE_KEY].includes(key) &&
  !key.startsWith("history/") &&
  !key.endsWith(".tflock");
