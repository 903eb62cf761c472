import { shown } from "../run/shown";
import { step } from "../run/step";
import { type Snapshot, snapshot } from "../state/snapshot";
import { Account } from "./account";
import type { BootstrapProps } from "./bootstrap";
import type { BootstrapOutputs } from "./credentials";
import { giveBack, takeLock } from "./kept-lock";
import { type OpenedStore, openKept } from "./kept-state";
import { STACK, Stack } from "./stack";
import type { Workplace } from "./workplace";

/** Where the state of the stack is when a run starts. */
export type Beginning =
  | { readonly at: "nowhere" }
  | { readonly at: "here" }
  | ({ readonly at: "kept" } & OpenedStore);

type OnLine = (line: string) => void;

/** The first step of everything: where is the state? */
export function findBeginning(props: BootstrapProps): Promise<Beginning> {
  return step("State", async ({ say, follow, result }) => {
    const found = await findState(props, say, follow);
    result(describe(found, props.workplace));
    return found;
  });
}

/** @throws where the state exists and cannot be read */
export async function findState(props: BootstrapProps, say: OnLine, follow: OnLine): Promise<Beginning> {
  const { setting, workplace, signal } = props;
  const local = workplace.state();
  // With the backend `local`, the state stays here.
  if (!setting.place) return { at: local ? "here" : "nowhere" };
  workplace.bindTo(`the bucket ${setting.bootstrap.bucket} of account ${setting.bootstrap.accountId}`);
  if (local) return (await stillKept(props, local, say, follow)) ?? { at: "here" };

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
  const opened = await open(props, say, follow);
  if (opened.state) return { at: "kept", ...opened };
  throw new Error(
    `the bucket ${bucket} exists, but ${opened.store.address} has no state of the ${STACK} stack: it belongs to ` +
      "another cluster, then leave `bootstrap` out of this one's cluster.yaml; or someone else made it, or the " +
      "state is lost, then docs/bootstrap.md says how to take it over",
  );
}

/** A run that was cut off before its apply has left a copy of what is kept, and the lock. */
async function stillKept(
  props: BootstrapProps,
  { sha256 }: Snapshot,
  say: OnLine,
  follow: OnLine,
): Promise<Beginning | undefined> {
  if (!props.workplace.lock() || props.workplace.before()) return undefined;
  const opened = await open(props, say, follow).catch(() => undefined);
  const isSame = opened?.state && snapshot(opened.state, opened.store.address).sha256 === sha256;
  return isSame ? { at: "kept", ...opened } : undefined;
}

async function open(props: BootstrapProps, say: OnLine, follow: OnLine): Promise<OpenedStore> {
  const { setting, signal } = props;
  const openWith = (outputs?: BootstrapOutputs) =>
    openKept({ setting, outputs, patient: false, signal, say });
  return openWith().catch(async (error: unknown) => {
    const outputs = await outputsSetAside(props, follow);
    if (!outputs) throw error;
    return openWith(outputs);
  });
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
