import { displayPath } from "../process/display-path";
import { step } from "../process/step";
import type { R2Client } from "../state/r2-client";
import { snapshot } from "../state/snapshot";
import { Account } from "./account";
import { findBeginning, orLeaveAsFound, takeHere } from "./beginning";
import { type BootstrapProps, cutOffOf, synth } from "./bootstrap";
import { isState, isStateOfStack } from "./kept-keys";
import { plan } from "./plan";
import { STACK, type Stack } from "./stack";

export interface DestroyProps extends BootstrapProps {
  /** Whether states of other stacks, their histories and their copies are deleted too. */
  readonly deleteStates: boolean;
}

/** What it came to: the plan was carried out, or not approved, or it was empty. */
export type Destroyed = "done" | "declined" | "nothing";

/**
 * Takes everything back that a bootstrap has made. Its own state comes here first: nothing else will be left that
 * could hold it.
 *
 * @throws where other states exist and `deleteStates` is not said
 */
export async function destroy(props: DestroyProps): Promise<Destroyed> {
  const { setting, workplace, signal } = props;
  const account = new Account(setting.bootstrap, setting.env, signal);
  const beginning = await findBeginning(props);
  if (beginning.at === "nowhere") {
    throw new Error(
      workplace.before()
        ? "an apply was cut off before it noted what it made; run `npm run bootstrap` first, which takes that over"
        : `there is no bucket ${setting.bootstrap.bucket}: nothing to destroy`,
    );
  }

  const buckets = await bucketsOf(props, account);
  await step("Look for states", async ({ result }) => {
    const state = beginning.at === "kept" ? beginning.state : workplace.state()?.bytes;
    const others = await statesOfOthers(props, buckets, state);
    result(others.length > 0 ? `${others.length}, which will be deleted` : "none of other stacks");
  });

  if (beginning.at === "kept") await takeHere(props, beginning);

  const cutOff = cutOffOf(props);
  let isEmpty = false;
  const stack = await orLeaveAsFound(props, beginning, async () => {
    const { stack, text } = await planToDestroy(props);
    isEmpty = text === "";
    return !isEmpty && (await props.approve(text)) ? stack : undefined;
  });
  if (isEmpty) {
    // A run that was cut off has destroyed it all. What the buckets have, if there are any, is not this stack's.
    if (beginning.at === "here") {
      await cutOff.settle(undefined);
      workplace.setStateAside();
      workplace.forgetLock();
    }
    workplace.forgetPlan();
    return "nothing";
  }
  if (!stack) return "declined";

  await step("Lift the locks of the histories", async ({ follow, result }) => {
    stack.import(await cutOff.imports(await stack.resources()));
    await cutOff.note();
    // Nothing else that is due: that was in no plan that anybody has seen.
    await stack.tofu.apply(
      follow,
      ...["state", "backup"].map((name) => `-target=cloudflare_r2_bucket_lock.${name}`),
    );
    stack.import({});
    result("done");
  });
  await step("Empty the buckets", async ({ say, result }) => {
    // Once more: people had the time of the plan to write another one.
    await statesOfOthers(props, buckets, workplace.state()?.bytes);
    let deleted = 0;
    for (const [name, client] of buckets) {
      for (const { key } of await client.list("")) {
        signal.throwIfAborted();
        await client.delete(key);
        deleted++;
      }
      say(`${name} is empty`);
    }
    result(`${deleted} objects`);
  });
  await step("Destroy", async ({ follow, result }) => {
    await stack.tofu.destroy(follow);
    await cutOff.settle(undefined);
    const backup = workplace.setStateAside();
    workplace.forgetLock();
    workplace.forgetPlan();
    result(`done; the last state is ${displayPath(backup)}, encrypted`);
  });
  return "done";
}

async function planToDestroy(props: DestroyProps): Promise<{ readonly stack: Stack; readonly text: string }> {
  const env = { ...props.env, ALLOW_DESTROY: "bootstrap" };
  const stack = await synth({ ...props, env }, "local");
  return { stack, text: await plan(stack, props.workplace, "-destroy") };
}

/** Clients with the rights of the API token: the stack's own token opens one bucket only, and goes as well. */
async function bucketsOf(
  { setting }: DestroyProps,
  account: Account,
): Promise<readonly (readonly [string, R2Client])[]> {
  const { bucket, backupBucket } = setting.bootstrap;
  const found: (readonly [string, R2Client])[] = [];
  for (const name of [bucket, backupBucket]) {
    if (await account.hasBucket(name)) found.push([name, await account.objects(name)]);
  }
  return found;
}

/**
 * Keys of states in the bucket, but for the stack's own.
 * @throws where there are some and they may not be deleted
 */
async function statesOfOthers(
  { setting, deleteStates }: DestroyProps,
  buckets: Awaited<ReturnType<typeof bucketsOf>>,
  state: Uint8Array | undefined,
): Promise<readonly string[]> {
  const [, client] = buckets.find(([name]) => name === setting.bootstrap.bucket) ?? [];
  if (!client) return [];
  const lineage = state && snapshot(state, STACK).lineage;
  const others: string[] = [];
  for (const { key } of await client.list("")) {
    if (isState(key) && !(await isOwn(client, key, lineage))) others.push(key);
  }
  if (others.length === 0 || deleteStates) return others;
  throw new Error(
    `${others.length} states of other stacks are kept there:\n${others.map((key) => `  ${key}`).join("\n")}\n` +
      "destroy those stacks, or move their states (npm run state -- migrate --to local, then drop --from the backend " +
      "where they were); what is still kept then is deleted with --delete-states: make sure that none of it describes anything any more",
  );
}

/** Other clusters may have a bootstrap stack too: a name is not enough. */
async function isOwn(client: R2Client, key: string, lineage: string | undefined): Promise<boolean> {
  if (lineage === undefined || !isStateOfStack(key)) return false;
  const object = await client.get(key);
  return object !== undefined && snapshot(object.bytes, key).lineage === lineage;
}
