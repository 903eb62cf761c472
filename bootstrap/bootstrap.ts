import { step } from "../process/step";
import { openStore } from "../state/open-store";
import { Ownership } from "./ownership";
import type { BootstrapSettings } from "./settings";
import { type BootstrapOutputs, Stack, type StackProps } from "./stack";
import { withStateLock } from "./state-lock";
import { waitForWorker } from "./wait-for-worker";

export interface BootstrapProps extends StackProps {
  readonly settings: BootstrapSettings;
  /** Whether what is shown may be carried out. */
  readonly approve: (plan: string) => Promise<boolean>;
  /** Names, such as `worker/tfstate`, that are taken over although they are there and not in the marker. @default none */
  readonly adopt?: readonly string[];
}

export interface Bootstrapped {
  readonly outputs: BootstrapOutputs;
  /** Address of the Worker without a slash at its end, where there is one and it is known. */
  readonly workerUrl?: string;
}

/**
 * Makes the buckets, the Worker and the token, or updates them. The state is in the bucket from the first step on, so
 * an interrupted run needs nothing but an ordinary run after it.
 *
 * @returns undefined where something was not approved
 * @throws what the step that failed has thrown
 */
export async function bootstrap(props: BootstrapProps): Promise<Bootstrapped | undefined> {
  const { settings } = props;
  const ownership = ownershipOf(props);
  if (!(await ensureBucket(props, ownership))) return undefined;
  return withLock(props, async () => {
    const stack = await prepare(props);
    if (!(await update(props, stack, ownership))) return undefined;
    const made = bootstrapped(settings, await stack.outputs());
    if (made.workerUrl) await requireHealth(made.workerUrl, props.signal);
    await step("Second plan", async ({ follow, result }) => {
      await stack.requireNoChanges(follow);
      await ownership.release();
      result("empty");
    });
    return made;
  });
}

/**
 * What a bootstrap has made, read from its state. Nothing is asked of the account: who reads need not be able to
 * change it.
 */
export async function readBootstrapped(props: BootstrapProps): Promise<Bootstrapped> {
  const stack = await Stack.prepare(props, () => undefined);
  const made = bootstrapped(props.settings, await stack.outputs());
  if (made.outputs.s3AccessKeyId) return made;
  throw new Error("the state of the bootstrap stack has no outputs; run `npm run bootstrap` first");
}

export function ownershipOf({ settings, account, workDir, adopt }: BootstrapProps): Ownership {
  const { bootstrap: config, cluster } = settings;
  return new Ownership({ config, cluster, account, workDir, adopt });
}

/** Runs `work` under the lock of the stack's state. */
export async function withLock<T>(
  { settings, account, workDir, signal }: BootstrapProps,
  work: () => Promise<T>,
): Promise<T> {
  const store = openStore(settings.location, { ...settings.env, ...(await account.keyPair()) });
  return withStateLock({ store, workDir, signal }, work);
}

export function prepare(props: BootstrapProps): Promise<Stack> {
  return step("Synth", async ({ follow, result }) => {
    const stack = await Stack.prepare(props, follow);
    result("the stack bootstrap");
    return stack;
  });
}

/** Deletes tokens that nobody knows the value of. */
export async function deleteTokens({ account }: BootstrapProps, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await step("Token", async ({ result }) => {
    for (const id of ids) await account.deleteToken(id);
    result(`deleted ${ids.join(", ")}: an interrupted run made it, and nobody knows its value`);
  });
}

async function ensureBucket({ settings, approve }: BootstrapProps, ownership: Ownership): Promise<boolean> {
  const { bucket, accountId, jurisdiction } = settings.bootstrap;
  if (!(await ownership.hasBucket())) {
    await ownership.requireFreeNames();
    const where = `account ${accountId}${jurisdiction ? `, jurisdiction ${jurisdiction}` : ""}`;
    const text = `The bucket ${bucket} is made in ${where}, for the state of all that comes after it.`;
    if (!(await approve(text))) return false;
  }
  await step("Bucket", async ({ result }) => {
    await ownership.ensureBucket();
    result(`${bucket} is this cluster's`);
  });
  return true;
}

/** Plans, and applies what is approved. @returns false where it was not */
async function update(props: BootstrapProps, stack: Stack, ownership: Ownership): Promise<boolean> {
  const { approve } = props;
  const lost = await stack.importOwned(ownership);
  const deleted = lost.map((id) => `The token ${id} is deleted: nobody knows its value.`);
  const text = [await stack.plan(), ...deleted].filter(Boolean).join("\n");
  if (!text) return true;
  if (!(await approve(text))) return false;
  const apply = () =>
    step("Apply", async ({ follow, result }) => {
      // Right before it, since people had the time of the plan to make something of the same name.
      await ownership.claim();
      await stack.applyPlan(follow);
      result("done");
    });
  try {
    await apply();
  } catch (error) {
    if (!isStaleMigration(error)) throw error;
    // Cloudflare has carried out a migration whose answer was lost: look at its tag again.
    if (!(await approve(await stack.plan(`-replace=${stack.revisionAddress()}`)))) {
      throw new Error("stopped half-way: all but the Worker is made; run `npm run bootstrap` again");
    }
    await apply();
  }
  await deleteTokens(props, await stack.lostTokens());
  return true;
}

const isStaleMigration = (error: unknown): boolean =>
  error instanceof Error && error.message.includes("migration tag precondition failed");

async function requireHealth(url: string, signal: AbortSignal): Promise<void> {
  await step("Worker", async ({ say, result }) => {
    await waitForWorker({ url, signal, say });
    result(`${url} is ready`);
  });
}

/** On workers.dev the address is unknown where the configuration does not say the subdomain. */
function bootstrapped({ bootstrap, state }: BootstrapSettings, outputs: BootstrapOutputs): Bootstrapped {
  const workerUrl = state.url?.replace(/\/states\/.*$/, "") ?? outputs.workerUrl;
  return { outputs, workerUrl: bootstrap.worker && workerUrl };
}
