import { join } from "node:path";
import type { StateBackend } from "../config";
import { shown } from "../run/shown";
import { step } from "../run/step";
import { Account } from "./account";
import type { BackendVariables, BootstrapOutputs } from "./credentials";
import { CutOff } from "./cut-off";
import { waitForWorker } from "./health";
import { giveBack, takeLock } from "./kept-lock";
import { type OpenedStore, openKept } from "./kept-state";
import { moveState } from "./move-state";
import type { Setting } from "./setting";
import { STACK, Stack, type StackProps } from "./stack";
import type { Workplace } from "./workplace";

export interface BootstrapProps extends StackProps {
  readonly setting: Setting;
  /** Whether the plan, which is shown, may be carried out. */
  readonly approve: (plan: string) => Promise<boolean>;
}

export interface Bootstrapped {
  readonly outputs: BootstrapOutputs;
  /** What the clients of the state's backend have to have in their environment. */
  readonly variables: BackendVariables;
  /** Address of the Worker, where there is one and it is known. */
  readonly workerUrl?: string;
}

/** Where the state of the stack is when a run starts. */
export type Beginning =
  | { readonly at: "nowhere" }
  | { readonly at: "here" }
  | ({ readonly at: "kept" } & OpenedStore);

type OnLine = (line: string) => void;

/**
 * Makes the buckets, the Worker and the token, and moves the stack's own state to where they keep it. On an account
 * that has it all, it is an update. It works on a local copy of the state while the one that is kept stays locked:
 * the Worker, its passwords and the token may change under it. Cut off at any step, the next run goes on from there.
 *
 * @returns undefined where the plan was not approved
 * @throws what the step that failed has thrown
 */
export async function bootstrap(props: BootstrapProps): Promise<Bootstrapped | undefined> {
  const { setting } = props;
  const beginning = await findBeginning(props);
  if (beginning.at === "kept") await takeHere(props, beginning);

  const stack = await orLeaveAsFound(props, beginning, async () => {
    const synthesized = await synth(props, "local");
    return (await apply(props, synthesized)) ? synthesized : undefined;
  });
  if (!stack) return undefined;
  const outputs = await stack.outputs();
  await waitForHealth(props, outputs);
  const variables = setting.place ? await putAway(props, outputs) : {};
  if (setting.place) await verify(props, variables);
  return { outputs, variables, workerUrl: workerUrlOf(setting, outputs) };
}

/** Where `work` comes to nothing before its apply, the state is where it was, and nobody is locked out of it. */
export async function orLeaveAsFound<T>(
  { workplace }: BootstrapProps,
  beginning: Beginning,
  work: () => Promise<T | undefined>,
): Promise<T | undefined> {
  let done: T | undefined;
  try {
    done = await work();
    return done;
  } finally {
    if (done === undefined && beginning.at === "kept" && !workplace.before()) {
      await giveBack(workplace, beginning.store);
    }
  }
}

/**
 * What a bootstrap has made, read from its state.
 * @throws where there is none
 */
export async function readBootstrapped(props: BootstrapProps): Promise<Bootstrapped> {
  const { setting } = props;
  const quiet = () => undefined;
  const beginning = await findState(props, quiet, quiet);
  if (beginning.at === "nowhere") {
    throw new Error(`there is no bucket ${setting.bootstrap.bucket} yet; run \`npm run bootstrap\` first`);
  }
  if (beginning.at === "here") {
    const stack = await Stack.synth(props, "local", quiet);
    await stack.initHere(quiet);
    const outputs = await stack.outputs();
    const [variables = {}] = setting.place
      ? [(await openKept({ ...props, outputs, patient: false, say: quiet })).variables]
      : [];
    return { outputs, variables, workerUrl: workerUrlOf(setting, outputs) };
  }
  const { variables } = beginning;
  const stack = await Stack.synth(props, setting.state.backend, quiet, variables);
  await stack.tofu.init(quiet);
  const outputs = await stack.outputs();
  return { outputs, variables, workerUrl: workerUrlOf(setting, outputs) };
}

/** The first step of everything: where is the state? */
export function findBeginning(props: BootstrapProps): Promise<Beginning> {
  return step("State", async ({ say, follow, result }) => {
    const found = await findState(props, say, follow);
    result(describe(found, props.workplace));
    return found;
  });
}

async function findState(props: BootstrapProps, say: OnLine, follow: OnLine): Promise<Beginning> {
  const { setting, workplace, signal } = props;
  // With the backend `local`, the state stays here.
  if (workplace.state() || !setting.place) return { at: workplace.state() ? "here" : "nowhere" };

  // The first apply was cut off before it noted anything: what is there is its work.
  if (workplace.before()) return { at: "nowhere" };

  const { bucket, backupBucket } = setting.bootstrap;
  const account = new Account(setting.bootstrap, setting.env, signal);
  say(`asking Cloudflare whether there is a bucket ${bucket}`);
  if (!(await account.hasBucket(bucket))) {
    if (!(await account.hasBucket(backupBucket))) return { at: "nowhere" };
    throw new Error(
      `there is no bucket ${bucket}, but its copies are there, in ${backupBucket}: it was lost, and a new state ` +
        "would know nothing of what else there is; docs/bootstrap.md, Disaster drill, says how to get it back",
    );
  }
  const open = (outputs?: BootstrapOutputs) => openKept({ setting, outputs, patient: false, signal, say });
  const opened = await open().catch(async (error: unknown) => {
    const outputs = await outputsSetAside(props, follow);
    if (!outputs) throw error;
    return open(outputs);
  });
  if (await opened.store.read()) return { at: "kept", ...opened };
  throw new Error(
    `the bucket ${bucket} exists, but ${opened.store.address} has no state of the ${STACK} stack: the bucket was ` +
      "made by someone else, or the state is lost; docs/bootstrap.md says how to take it over",
  );
}

/** After a run that was cut off before it could say them, the credentials are in the state that it set aside. */
async function outputsSetAside(props: BootstrapProps, follow: OnLine): Promise<BootstrapOutputs | undefined> {
  const [newest] = props.workplace.statesSetAside();
  if (newest === undefined) return undefined;
  const stack = await Stack.synth(props, "local", follow);
  return stack.outputsOf(newest, follow);
}

/** Locks the state where it is kept, and brings a copy here to work on. */
export function takeHere({ workplace }: BootstrapProps, { store }: OpenedStore): Promise<void> {
  return step("Take the state here", async ({ result }) => {
    await takeLock(workplace, store);
    const bytes = await store.read();
    if (!bytes) throw new Error(`${store.address} has no state any more`);
    workplace.takeStateIn(bytes);
    result(`${shown(workplace.stateFile)}; ${store.address} is locked meanwhile`);
  });
}

export function synth(
  props: BootstrapProps,
  backend: StateBackend,
  variables: BackendVariables = {},
): Promise<Stack> {
  return step("Synth", async ({ follow, result }) => {
    const stack = await Stack.synth(props, backend, follow, variables);
    result(`the stack ${STACK}, state in ${backend}`);
    return stack;
  });
}

/** @returns whether the stack is as the program says. */
async function apply(props: BootstrapProps, stack: Stack): Promise<boolean> {
  const { workplace, approve } = props;
  const cutOff = cutOffOf(props);
  const plan = (...args: readonly string[]) =>
    step("Plan", async ({ follow, result }) => {
      stack.import(await cutOff.imports());
      await stack.initHere(follow);
      const hasChanges = await stack.tofu.plan(follow, `-out=${workplace.planFile}`, ...args);
      const text = hasChanges ? await stack.tofu.showPlan(workplace.planFile) : "";
      const counts = /^Plan: (.*)$/m.exec(text)?.[1];
      result(counts ?? (hasChanges ? "only outputs change" : "nothing to do"));
      return text;
    });
  const carryOut = () =>
    step("Apply", async ({ follow, result }) => {
      await cutOff.note();
      await stack.tofu.apply(follow, workplace.planFile);
      result("done");
    });

  const text = await plan();
  if (text) {
    if (!(await approve(text))) return false;
    try {
      await carryOut();
    } catch (error) {
      if (!isStaleMigration(error)) throw error;
      // Cloudflare has carried out a migration whose answer was lost: look at its tag again.
      const again = await plan(`-replace=${revisionAddress(props.setting)}`);
      if (!(await approve(again))) return false;
      await carryOut();
    }
  }
  await cutOff.settle((await stack.outputs()).s3AccessKeyId);
  return true;
}

export const cutOffOf = ({ setting, workplace, signal }: BootstrapProps): CutOff =>
  new CutOff(setting.bootstrap, new Account(setting.bootstrap, setting.env, signal), workplace);

const isStaleMigration = (error: unknown): boolean =>
  error instanceof Error && error.message.includes("migration tag precondition failed");

const revisionAddress = ({ bootstrap }: Setting): string =>
  `terraform_data.${bootstrap.worker?.workerName}_revision`;

async function waitForHealth({ setting, signal }: BootstrapProps, outputs: BootstrapOutputs): Promise<void> {
  const url = workerUrlOf(setting, outputs);
  if (url === undefined) return;
  await step("Worker", async ({ say, result }) => {
    await waitForWorker({ url, signal, say });
    result(`${url} is ready`);
  });
}

/** Puts the local state where it is kept. @returns what opens that place */
export function putAway(props: BootstrapProps, outputs: BootstrapOutputs): Promise<BackendVariables> {
  const { setting, workplace, signal } = props;
  return step("Move the state", async ({ say, result }) => {
    const local = workplace.state();
    if (!local) throw new Error(`${shown(workplace.stateFile)} is gone`);
    const { store, variables } = await openKept({ setting, outputs, patient: true, signal, say });
    const backup = await moveState(workplace, local, store, say);
    result(`${store.address}; the local copy is ${shown(backup)}, encrypted`);
    return variables;
  });
}

/** Reads everything from its new place, as each client will from now on. */
async function verify(props: BootstrapProps, variables: BackendVariables): Promise<void> {
  const stack = await synth(props, props.setting.state.backend, variables);
  await step("Second plan", async ({ follow, result }) => {
    await stack.tofu.init(follow);
    if (await stack.tofu.plan(follow)) {
      const log = shown(join(props.workplace.logs, "plan.log"));
      throw new Error(`the second plan is not empty, which is a fault of this program; it is in ${log}`);
    }
    result("empty");
  });
}

/** Without a slash at its end; unknown on workers.dev where the configuration does not say the subdomain. */
const workerUrlOf = ({ bootstrap, state }: Setting, outputs: BootstrapOutputs): string | undefined =>
  bootstrap.worker && (state.url?.replace(/\/states\/.*$/, "") ?? outputs.workerUrl);

function describe(beginning: Beginning, workplace: Workplace): string {
  switch (beginning.at) {
    case "nowhere":
      return "none: it starts here, and moves on once there is a place for it";
    case "here":
      return `in ${shown(workplace.stateFile)}, from a run before this one`;
    case "kept":
      return `kept in ${beginning.store.address}`;
  }
}
