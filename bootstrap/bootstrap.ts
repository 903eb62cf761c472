import { join } from "node:path";
import type { StateBackend } from "../config";
import { displayPath } from "../process/display-path";
import { step } from "../process/step";
import type { ShownResource } from "../process/tofu";
import { Account } from "./account";
import { bind, findBeginning, openFromHere, orLeaveAsFound, takeHere } from "./beginning";
import type { BackendVariables, BootstrapOutputs } from "./credentials";
import { CutOff } from "./cut-off";
import { waitForWorker } from "./health";
import { type OpenKeptProps, openKept } from "./kept-state";
import { moveState } from "./move-state";
import { plan } from "./plan";
import type { BootstrapSetting } from "./setting";
import { STACK, Stack, type StackProps } from "./stack";

export interface BootstrapProps extends StackProps {
  readonly setting: BootstrapSetting;
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

  const outputs = await orLeaveAsFound(props, beginning, async () =>
    apply(props, await synth(props, "local")),
  );
  if (!outputs) return undefined;
  await waitForHealth(props, outputs);
  const variables = setting.place ? await putAway(props, outputs) : {};
  if (setting.place) await verify(props, variables);
  return { outputs, variables, workerUrl: workerUrlOf(setting, outputs) };
}

/**
 * What a bootstrap has made, read from its state. Nothing is asked of the account: who reads need not be able to
 * change it.
 *
 * @throws where there is none
 */
export async function readBootstrapped(props: BootstrapProps): Promise<Bootstrapped> {
  const { setting, workplace } = props;
  const quiet = () => undefined;
  bind(props);
  const isHere = workplace.state() !== undefined;
  const opened = isHere || !setting.place ? undefined : await openFromHere(props, quiet, quiet);
  if (!isHere && !opened?.state) {
    const address = opened?.store.address ?? displayPath(workplace.stateFile);
    throw new Error(`${address} has no state of the ${STACK} stack; run \`npm run bootstrap\` first`);
  }
  const opening = opened?.variables;
  const stack = await Stack.synth(props, opening ? setting.state.backend : "local", quiet, opening);
  await (opening ? stack.tofu.init(quiet) : stack.initHere(quiet));
  const outputs = await stack.outputs();
  const variables = opening ?? (await openingOf({ ...props, outputs, patient: false, say: quiet }));
  return { outputs, variables, workerUrl: workerUrlOf(setting, outputs) };
}

/** What opens the place where the state is kept; with the backend `local` there is none. */
async function openingOf(props: OpenKeptProps): Promise<BackendVariables> {
  return props.setting.place ? (await openKept(props)).variables : {};
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

/** @returns the outputs of the stack as it is now; undefined where the plan was not approved */
async function apply(props: BootstrapProps, stack: Stack): Promise<BootstrapOutputs | undefined> {
  const { workplace, approve } = props;
  const cutOff = cutOffOf(props);
  let known: readonly ShownResource[] = [];
  const planned = async (...args: readonly string[]) => {
    known = await step("Look into the account", async ({ follow, result }) => {
      await stack.initHere(follow);
      const resources = await stack.resources();
      await cutOff.refuseToReplace(resources);
      stack.import(await cutOff.imports(resources));
      result("nothing of anybody else is in the way");
      return resources;
    });
    return plan(stack, workplace, ...args);
  };
  const carryOut = () =>
    step("Apply", async ({ follow, result }) => {
      // Once more: others had the time of the plan.
      await cutOff.refuseToReplace(known);
      await cutOff.imports(known);
      await cutOff.note();
      try {
        await stack.tofu.apply(cutOff.watch(follow), workplace.planFile);
      } finally {
        cutOff.noteEnd();
      }
      result("done");
    });

  const text = await planned();
  if (text) {
    if (!(await approve(text))) return undefined;
    try {
      await carryOut();
    } catch (error) {
      if (!isStaleMigration(error)) throw error;
      // Cloudflare has carried out a migration whose answer was lost: look at its tag again.
      if (!(await approve(await planned(`-replace=${stack.revisionAddress()}`)))) {
        throw new Error(
          "stopped half-way: what comes before the Worker is made; run `npm run bootstrap` again: it goes on from here",
        );
      }
      await carryOut();
    }
  }
  workplace.forgetPlan();
  const outputs = await stack.outputs();
  await cutOff.settle(outputs.s3AccessKeyId);
  return outputs;
}

export const cutOffOf = ({ setting, workplace, signal }: BootstrapProps): CutOff =>
  new CutOff(setting.bootstrap, new Account(setting.bootstrap, setting.env, signal), workplace);

const isStaleMigration = (error: unknown): boolean =>
  error instanceof Error && error.message.includes("migration tag precondition failed");

async function waitForHealth({ setting, signal }: BootstrapProps, outputs: BootstrapOutputs): Promise<void> {
  const url = workerUrlOf(setting, outputs);
  if (url === undefined) return;
  await step("Worker", async ({ say, result }) => {
    await waitForWorker({ url, signal, say });
    result(`${url} is ready`);
  });
}

/** Puts the local state where it is kept. @returns what opens that place */
function putAway(props: BootstrapProps, outputs: BootstrapOutputs): Promise<BackendVariables> {
  const { setting, workplace, signal } = props;
  return step("Move the state", async ({ say, result }) => {
    const local = workplace.state();
    if (!local) throw new Error(`${displayPath(workplace.stateFile)} is gone`);
    const { store, variables } = await openKept({ setting, outputs, patient: true, signal, say });
    const backup = await moveState(workplace, local, store, say);
    result(`${store.address}; the local copy is ${displayPath(backup)}, encrypted`);
    return variables;
  });
}

/** Reads everything from its new place, as each client will from now on. */
async function verify(props: BootstrapProps, variables: BackendVariables): Promise<void> {
  const stack = await synth(props, props.setting.state.backend, variables);
  await step("Second plan", async ({ follow, result }) => {
    await stack.tofu.init(follow);
    if (await stack.tofu.plan(follow)) {
      const log = displayPath(join(props.workplace.logs, "plan.log"));
      throw new Error(`the second plan is not empty, which is a fault of this program; it is in ${log}`);
    }
    result("empty");
  });
}

/** Without a slash at its end; unknown on workers.dev where the configuration does not say the subdomain. */
const workerUrlOf = ({ bootstrap, state }: BootstrapSetting, outputs: BootstrapOutputs): string | undefined =>
  bootstrap.worker && (state.url?.replace(/\/states\/.*$/, "") ?? outputs.workerUrl);
