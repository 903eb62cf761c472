import { setTimeout as sleep } from "node:timers/promises";
import { shown } from "../run/shown";
import { step } from "../run/step";
import { openStore } from "../state/open-store";
import type { StateStore } from "../state/store";
import { Account } from "./account";
import { type BackendVariables, type BootstrapOutputs, backendVariables } from "./credentials";
import { waitForWorker } from "./health";
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
type Beginning =
  | { readonly at: "nowhere" }
  | { readonly at: "here" }
  | { readonly at: "kept"; readonly variables: BackendVariables };

/** A new key pair is not known everywhere at once. */
const NEW_CREDENTIALS_MS = 60_000;

/**
 * Makes the buckets, the Worker and the token, and moves the stack's own state to where they keep it. Cut off at
 * any step, the next run goes on from there; on an account that has it all, it is an update.
 *
 * @returns undefined where the plan was not approved
 * @throws what the step that failed has thrown
 */
export async function bootstrap(props: BootstrapProps): Promise<Bootstrapped | undefined> {
  const { setting, workplace } = props;
  const beginning = await step("State", async ({ say, follow, result }) => {
    const found = await findState(props, say, follow);
    result(describe(found, setting, workplace));
    return found;
  });

  const isHere = beginning.at !== "kept";
  const stack = await synth(props, isHere ? "local" : setting.state.backend, variablesOf(beginning));
  if (!(await apply(props, stack, isHere))) return undefined;

  const outputs = await stack.outputs();
  const workerUrl = await waitForHealth(props, outputs);
  const { place } = setting;
  if (!place) return { outputs, variables: {}, workerUrl };

  const variables = backendVariables(place, setting.env, outputs);
  if (!variables) throw new Error(wantedVariables(setting));
  if (isHere) {
    await move(props, openStore(place, { ...setting.env, ...variables }));
    await verify(props, variables);
  }
  return { outputs, variables, workerUrl };
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
  const isHere = beginning.at === "here";
  const backend = isHere ? "local" : setting.state.backend;
  const stack = await Stack.synth(props, backend, quiet, variablesOf(beginning));
  await (isHere ? stack.initHere(quiet) : stack.tofu.init(quiet));
  const outputs = await stack.outputs();
  const variables = setting.place ? backendVariables(setting.place, setting.env, outputs) : {};
  if (!variables) throw new Error(wantedVariables(setting));
  return { outputs, variables, workerUrl: workerUrlOf(setting, outputs) };
}

/** @throws where the state exists and cannot be read */
export async function findState(
  props: BootstrapProps,
  say: (line: string) => void,
  follow: (line: string) => void,
): Promise<Beginning> {
  const { setting, workplace, signal } = props;
  if (workplace.state()) return { at: "here" };
  const { place } = setting;
  // With the backend `local`, OpenTofu finds its file by itself.
  if (!place) return { at: "kept", variables: {} };

  say(`asking Cloudflare whether there is a bucket ${setting.bootstrap.bucket}`);
  const account = new Account(setting.bootstrap, setting.env, signal);
  if (!(await account.hasBucket(setting.bootstrap.bucket))) return { at: "nowhere" };
  const known = backendVariables(place, setting.env) ?? (await variablesSetAside(props, follow));
  if (!known) throw new Error(wantedVariables(setting));
  const store = openStore(place, { ...setting.env, ...known });
  if (await store.read()) return { at: "kept", variables: known };
  throw new Error(
    `the bucket ${setting.bootstrap.bucket} exists, but ${store.address} has no state of the ${STACK} stack: it was ` +
      "made by someone else, or its state is lost; docs/bootstrap.md says how to take it over",
  );
}

/** After a run that was cut off before it could say them, the credentials are in the state that it set aside. */
async function variablesSetAside(
  props: BootstrapProps,
  follow: (line: string) => void,
): Promise<BackendVariables | undefined> {
  const { setting, workplace } = props;
  const [newest] = workplace.statesSetAside();
  if (newest === undefined || !setting.place) return undefined;
  const stack = await Stack.synth(props, "local", follow);
  return backendVariables(setting.place, setting.env, await stack.outputsOf(newest, follow));
}

export function synth(
  props: BootstrapProps,
  backend: Setting["state"]["backend"],
  variables: BackendVariables,
): Promise<Stack> {
  return step("Synth", async ({ follow, result }) => {
    const stack = await Stack.synth(props, backend, follow, variables);
    result(`the stack ${STACK}, state in ${backend}`);
    return stack;
  });
}

/** @returns whether the stack is as the program says. */
async function apply(props: BootstrapProps, stack: Stack, isHere: boolean): Promise<boolean> {
  const { workplace, approve } = props;
  const plan = async (...args: readonly string[]) =>
    step("Plan", async ({ follow, result }) => {
      if (isHere) await stack.initHere(follow);
      else await stack.tofu.init(follow);
      const hasChanges = await stack.tofu.plan(follow, `-out=${workplace.planFile}`, ...args);
      const text = hasChanges ? await stack.tofu.showPlan(workplace.planFile) : "";
      result(/^Plan: .*$/m.exec(text)?.[0] ?? (hasChanges ? "only outputs change" : "nothing to do"));
      return text;
    });
  const carryOut = () =>
    step("Apply", async ({ follow, result }) => {
      await stack.tofu.apply(follow, workplace.planFile);
      result("done");
    });

  const text = await plan();
  if (!text) return true;
  if (!(await approve(text))) return false;
  try {
    await carryOut();
  } catch (error) {
    if (!isStaleMigration(error)) throw error;
    // Cloudflare has carried out a migration whose answer was lost: look at its tag again.
    const again = await plan(`-replace=${revisionAddress(props.setting)}`);
    if (again && !(await approve(again))) return false;
    if (again) await carryOut();
  }
  return true;
}

const isStaleMigration = (error: unknown): boolean =>
  error instanceof Error && error.message.includes("migration tag precondition failed");

const revisionAddress = ({ bootstrap }: Setting): string =>
  `terraform_data.${bootstrap.worker?.workerName}_revision`;

async function waitForHealth(props: BootstrapProps, outputs: BootstrapOutputs): Promise<string | undefined> {
  const { setting, signal } = props;
  const url = workerUrlOf(setting, outputs);
  if (url === undefined) return undefined;
  await step("Worker", async ({ say, result }) => {
    await waitForWorker({ url, signal, say });
    result(`${url} is ready`);
  });
  return url;
}

function move(props: BootstrapProps, to: StateStore): Promise<void> {
  const { workplace, signal } = props;
  return step("Move the state", async ({ say, result }) => {
    const local = workplace.state();
    if (!local) throw new Error(`${shown(workplace.stateFile)} is gone`);
    const end = Date.now() + NEW_CREDENTIALS_MS;
    for (;;) {
      try {
        await to.read();
        break;
      } catch (error) {
        if (Date.now() > end) throw error;
        say(`not yet: ${(error as Error).message}`);
        await sleep(2_000, undefined, { signal });
      }
    }
    const backup = await moveState(workplace, local, to, say);
    result(`${to.address}; the local copy is ${shown(backup)}, encrypted`);
  });
}

/** Reads everything from its new place, as each client will from now on. */
async function verify(props: BootstrapProps, variables: BackendVariables): Promise<void> {
  const stack = await synth(props, props.setting.state.backend, variables);
  await step("Second plan", async ({ follow, result }) => {
    await stack.tofu.init(follow);
    if (await stack.tofu.plan(follow)) {
      throw new Error(
        "the plan from the new place is not empty, which is a fault of this program; it is in " +
          shown(`${props.workplace.logs}/plan.log`),
      );
    }
    result("empty");
  });
}

/** Without a slash at its end; unknown on workers.dev where the configuration does not say the subdomain. */
const workerUrlOf = ({ bootstrap, state }: Setting, outputs: BootstrapOutputs): string | undefined =>
  bootstrap.worker && (state.url?.replace(/\/states\/.*$/, "") ?? outputs.workerUrl);

export const variablesOf = (beginning: Beginning): BackendVariables =>
  beginning.at === "kept" ? beginning.variables : {};

function describe({ at }: Beginning, { place, state }: Setting, workplace: Workplace): string {
  if (at === "nowhere") return "a new account: it starts here and moves on once there is a place for it";
  if (at === "here") return `in ${shown(workplace.stateFile)}, from a run that was cut off`;
  return `kept in ${place?.backend ?? state.backend}`;
}

function wantedVariables({ state }: Setting): string {
  const names =
    state.backend === "r2"
      ? "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
      : "TF_HTTP_USERNAME and TF_HTTP_PASSWORD";
  return (
    `the state of the ${STACK} stack is kept in ${state.backend}, and ${names} are not set; export them, as the ` +
    "first `npm run bootstrap` said"
  );
}
