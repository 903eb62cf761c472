import { step } from "../process/step";
import { openStore } from "../state/open-store";
import { domainNotes } from "./domain-notes";
import { Ownership } from "./ownership";
import type { BootstrapSettings } from "./settings";
import { type BootstrapOutputs, Stack, type StackProps } from "./stack";
import { withStateLock } from "./state-lock";
import { waitForWorker } from "./wait-for-worker";

/** Remembers which Durable Object migrations are deployed: see `constructs/durable-object-migrations.ts`. */
const REVISION_ADDRESS = "terraform_data.tfstate_revision";

export interface BootstrapProps extends StackProps {
  readonly settings: BootstrapSettings;
  /** Shows a plan and asks whether to apply it. */
  readonly approve: (plan: string) => Promise<boolean>;
  /** Names to take over although the marker does not list them, such as `worker/tfstate`. @default - none */
  readonly adopt?: readonly string[];
}

export interface Bootstrapped {
  readonly outputs: BootstrapOutputs;
  /** Address of the Worker, without a slash at its end. Undefined if there is no Worker, or its address is unknown. */
  readonly workerUrl?: string;
}

/**
 * Makes or updates the buckets, the Worker and the token. The state is in the bucket from the start, so after an
 * interrupted run, an ordinary run continues.
 *
 * @returns undefined if the user did not approve
 * @throws the error of the step that failed
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

/** Reads from the state what a bootstrap has made. It needs no API token: the key pair of the bucket is enough. */
export async function readBootstrapped(props: BootstrapProps): Promise<Bootstrapped> {
  const stack = await Stack.prepare(props, () => undefined);
  const made = bootstrapped(props.settings, await stack.outputs());
  if (made.outputs.s3AccessKeyId) return made;
  throw new Error("the state of the bootstrap stack has no outputs; run `npm run bootstrap` first");
}

export function ownershipOf({ settings, account, workDir, adopt }: BootstrapProps): Ownership {
  const { bootstrap: config, cluster, clusters } = settings;
  return new Ownership({ config, cluster, clusters, account, workDir, adopt });
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

/** Deletes tokens whose values are lost. */
export async function deleteTokens({ account }: BootstrapProps, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await step("Token", async ({ result }) => {
    for (const id of ids) await account.deleteToken(id);
    result(`deleted ${ids.join(", ")}: left by an interrupted run, and its value is lost`);
  });
}

async function ensureBucket({ settings, approve }: BootstrapProps, ownership: Ownership): Promise<boolean> {
  const { bucketName, accountId, jurisdiction } = settings.bootstrap;
  if (!(await ownership.hasBucket())) {
    await ownership.requireFreeNames();
    const where = `account ${accountId}${jurisdiction ? `, jurisdiction ${jurisdiction}` : ""}`;
    const text = `The bucket ${bucketName} will be made in ${where}. It will hold the state of everything that is made afterwards.`;
    if (!(await approve(text))) return false;
  }
  await step("Bucket", async ({ result }) => {
    await ownership.ensureBucket();
    result(`${bucketName} belongs to this cluster`);
  });
  return true;
}

/** Plans, asks for approval, and applies. @returns whether it was approved */
async function update(props: BootstrapProps, stack: Stack, ownership: Ownership): Promise<boolean> {
  const { approve } = props;
  const lost = await stack.importOwned(ownership);
  const plan = await stack.plan();
  const deleted = lost.map((id) => `The token ${id} will be deleted: its value is lost.`);
  const notes = domainNotes(props.settings.bootstrap, plan.whole);
  const text = [plan.described, ...deleted, ...notes].filter(Boolean).join("\n");
  if (!text) return true;
  if (!(await approve(text))) return false;
  if (plan.whole) await apply(props, stack, ownership);
  await deleteTokens(props, await stack.lostTokens());
  return true;
}

/** Applies the plan in the work dir. @throws if it needs another plan, and that one is not approved */
async function apply({ approve }: BootstrapProps, stack: Stack, ownership: Ownership): Promise<void> {
  const applyPlan = () =>
    step("Apply", async ({ follow, result }) => {
      // While the user read the plan, somebody may have made a resource of the same name.
      await ownership.claim();
      await stack.applyPlan(follow);
      result("done");
    });
  try {
    await applyPlan();
  } catch (error) {
    if (!isStaleMigration(error)) throw error;
    // Cloudflare applied a migration earlier, but its answer was lost. The new plan reads the deployed tag again.
    const { described } = await stack.plan(`-replace=${REVISION_ADDRESS}`);
    if (!(await approve(described))) {
      throw new Error("stopped: everything except the Worker was applied; run `npm run bootstrap` again");
    }
    await applyPlan();
  }
}

const isStaleMigration = (error: unknown): boolean =>
  error instanceof Error && error.message.includes("migration tag precondition failed");

async function requireHealth(url: string, signal: AbortSignal): Promise<void> {
  await step("Worker", async ({ say, result }) => {
    await waitForWorker({ url, signal, say });
    result(`${url} is ready`);
  });
}

/** On workers.dev the address is unknown, unless the configuration has the subdomain or `state.url`. */
function bootstrapped({ bootstrap, state }: BootstrapSettings, outputs: BootstrapOutputs): Bootstrapped {
  const workerUrl = state.url?.replace(/\/states\/.*$/, "") ?? outputs.workerUrl;
  return { outputs, workerUrl: bootstrap.worker && workerUrl };
}
