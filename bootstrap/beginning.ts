import { displayPath } from "../process/display-path";
import { step } from "../process/step";
import {
  describeSnapshot,
  goesOnFrom,
  type Snapshot,
  sha256,
  snapshot,
  snapshotOrDamaged,
} from "../state/snapshot";
import { Account } from "./account";
import type { BootstrapProps } from "./bootstrap";
import type { BootstrapOutputs } from "./credentials";
import type { Before } from "./cut-off";
import { isKeyAt, isStateOfStack } from "./kept-keys";
import { giveBack, letOthersIn, takeLock } from "./kept-lock";
import { type OpenedStore, openKept } from "./kept-state";
import { STACK, Stack } from "./stack";
import type { Workplace } from "./workplace";

/** Where the state of the stack is when a run starts. */
export type Beginning =
  | { readonly at: "nowhere" }
  | { readonly at: "here" }
  | ({
      readonly at: "kept";
      /** Where the copy is now that was here, and is not what is kept. */
      readonly setAside?: string;
    } & OpenedStore);

type OnLine = (line: string) => void;

/** The first step of everything: where is the state? */
export function findBeginning(props: BootstrapProps): Promise<Beginning> {
  return step("State", async ({ say, follow, result }) => {
    const found = await findState(props, say, follow);
    result(text(found, props.workplace));
    return found;
  });
}

/** @throws where the state exists and cannot be read */
export async function findState(props: BootstrapProps, say: OnLine, follow: OnLine): Promise<Beginning> {
  const { setting, workplace, signal } = props;
  bind(props);
  const [local, before] = [workplace.state(), workplace.before()];
  const isLocked = workplace.lock() !== undefined;
  // The first apply came to its end, and the state was not moved yet, or is not to be moved.
  if (local && !before && !isLocked) return { at: "here" };

  const { bucket, backupBucket } = setting.bootstrap;
  const account = new Account(setting.bootstrap, setting.env, signal);
  say(`asking Cloudflare whether there is a bucket ${bucket}`);
  const hasBucket = await account.hasBucket(bucket);
  const states = hasBucket && (local || before) ? await statesInBucket(account, bucket) : [];
  if (before) refuseToTakeOver(props, before, local, states);
  if (local) {
    const isKept = setting.place !== undefined && hasBucket && !before;
    return isKept ? newerOf(props, local, states, say, follow) : { at: "here" };
  }

  // The first apply was cut off before it noted anything: what is there is its work.
  if (before?.buckets.length === 0 && !isLocked) return nowhere(workplace);
  if (!hasBucket) {
    if (!(await account.hasBucket(backupBucket))) return nowhere(workplace);
    throw new Error(
      `there is no bucket ${bucket}, but its copies are there, in ${backupBucket}: it was lost, and a new state ` +
        "would know nothing of what else there is; docs/bootstrap.md, Disaster drill, says how to get it back",
    );
  }
  if (!setting.place) {
    refuseToForget(workplace, undefined);
    throw new Error(
      `the bucket ${bucket} exists, and ${displayPath(workplace.stateFile)} has no state of the ${STACK} stack: it belongs to ` +
        "another cluster, then leave `bootstrap` out of this one's cluster.yaml; or its state is on another machine " +
        "or in another backend, then bring it here; or it is lost, then docs/bootstrap.md says how to take it over",
    );
  }
  const opened = await openFromHere(props, say, follow);
  refuseToForget(workplace, opened.state && snapshot(opened.state, opened.store.address));
  if (opened.state) return { at: "kept", ...opened };
  throw new Error(
    `the bucket ${bucket} exists, but ${opened.store.address} has no state of the ${STACK} stack: it belongs to ` +
      "another cluster, then leave `bootstrap` out of this one's cluster.yaml; or someone else made it, or the " +
      "state is lost, then docs/bootstrap.md says how to take it over",
  );
}

/** @throws where the folder has a run for another account or bucket that was cut off */
export function bind({ setting, workplace }: BootstrapProps): void {
  const { accountId, bucket, jurisdiction } = setting.bootstrap;
  // Each jurisdiction has buckets of its own.
  const where = jurisdiction ? ` in jurisdiction ${jurisdiction}` : "";
  workplace.bindTo(`the bucket ${bucket}${where} of account ${accountId}`);
}

/** @throws where a state was here that is not anywhere else */
function nowhere(workplace: Workplace): Beginning {
  refuseToForget(workplace, undefined);
  if ((workplace.before()?.buckets.length ?? 0) === 0) return { at: "nowhere" };
  throw new Error(
    `${displayPath(workplace.stateFile)} is gone or empty, and an apply that was cut off had it: bring it back, for example ` +
      `from ${displayPath(workplace.root)}/backups; without it everything would be made once more`,
  );
}

/** @throws where OpenTofu was cut off in the middle of writing the state, and what it kept of it is all that there is */
function refuseToForget(workplace: Workplace, kept: Snapshot | undefined): void {
  const cut = workplace.stateBeforeCut();
  if (!cut || (kept?.lineage === cut.state.lineage && kept.serial >= cut.state.serial)) return;
  const [file, stateFile] = [displayPath(cut.file), displayPath(workplace.stateFile)];
  throw new Error(
    `${stateFile} is empty: a write was cut off; ${file} is the state before it, ${describeSnapshot(cut.state)}; copy it ` +
      `back (cp ${file} ${stateFile}) and run this again`,
  );
}

/** A state of a bootstrap stack, as the bucket has it; undefined where it is damaged. */
interface StateInBucket {
  readonly key: string;
  readonly state: Snapshot | undefined;
}

/**
 * What the bucket has, with the rights of the API token: the states are the same objects whichever backend keeps
 * them, and nobody's password is needed for them.
 */
async function statesInBucket(account: Account, bucket: string): Promise<readonly StateInBucket[]> {
  const objects = await account.objects(bucket);
  const found: StateInBucket[] = [];
  for (const { key } of await objects.list("")) {
    const object = isStateOfStack(key) ? await objects.get(key) : undefined;
    if (object) found.push({ key, state: snapshotOrDamaged(object.bytes) });
  }
  return found;
}

/**
 * What an apply that was cut off has made is told by what was not there before it, and somebody else may have made
 * it since.
 *
 * @throws where they have
 */
function refuseToTakeOver(
  { setting, workplace }: BootstrapProps,
  before: Before,
  local: Snapshot | undefined,
  states: readonly StateInBucket[],
): void {
  const { bucket } = setting.bootstrap;
  // No state was moved there from here, before an apply came to its end.
  const isOurs = before.buckets.includes(bucket);
  const other = states.find(({ state }) =>
    local && state?.lineage === local.lineage ? state.serial > local.serial : !isOurs,
  );
  if (!other) return;
  const folder = displayPath(workplace.root);
  throw new Error(
    `someone else has bootstrapped this account since a run here was cut off: ${other.key} in the bucket ${bucket} has ` +
      `${other.state ? describeSnapshot(other.state) : "a damaged state"}, and ${displayPath(workplace.stateFile)} has ` +
      `${local ? describeSnapshot(local) : "none"}; nothing was changed; set the folder aside (mv ${folder} ${folder}.aside) ` +
      "and run this again with the credentials of what is kept: it takes that",
  );
}

/**
 * A run that was cut off has left a copy of what is kept, and the lock. It has changed it, or not; or somebody broke
 * the lock and wrote.
 */
async function newerOf(
  props: BootstrapProps,
  local: Snapshot,
  states: readonly StateInBucket[],
  say: OnLine,
  follow: OnLine,
): Promise<Beginning> {
  const isOlder = (state: Snapshot | undefined) => state !== undefined && goesOnFrom(local, state);
  // No need to open it: an apply may have left the Worker in a state that the next one has to mend.
  const isOwn = ({ key, state }: StateInBucket) =>
    state?.lineage === local.lineage || isKeyAt(props.setting.place, key);
  if (states.filter(isOwn).every(({ state }) => isOlder(state))) return { at: "here" };
  const opened = await openFromHere(props, say, follow);
  if (!opened.state) return { at: "here" };
  if (sha256(opened.state) === local.sha256) return { at: "kept", ...opened };
  if (isOlder(snapshot(opened.state, opened.store.address))) return { at: "here" };
  return { at: "kept", ...opened, setAside: props.workplace.setStateAside() };
}

/** Opens where the state is kept; after a run that was cut off before it could say them, the credentials are here. */
export async function openFromHere(props: BootstrapProps, say: OnLine, follow: OnLine): Promise<OpenedStore> {
  const { setting, workplace, signal } = props;
  const openWith = (outputs?: BootstrapOutputs) =>
    openKept({ setting, outputs, patient: false, signal, say });
  const [setAside] = workplace.statesSetAside();
  const files = [workplace.state() && workplace.stateFile, setAside].filter((file) => file !== undefined);
  try {
    return await openWith();
  } catch (error) {
    // The Worker takes nothing that is in a state.
    if (setting.place?.backend !== "r2" || files.length === 0) throw error;
    let refused: unknown = error;
    const stack = await Stack.synth(props, "local", follow);
    for (const file of files) {
      try {
        return await openWith(await stack.outputsOf(file, follow));
      } catch (error) {
        refused = error;
      }
    }
    throw refused;
  }
}

/** Locks the state where it is kept, and brings a copy here to work on. */
export function takeHere({ workplace }: BootstrapProps, { store }: OpenedStore): Promise<void> {
  return step("Take the state here", async ({ result }) => {
    const note = await takeLock(workplace, store);
    try {
      const bytes = await store.read();
      if (!bytes) throw new Error(`${store.address} has no state any more`);
      const { sha256: taken } = snapshot(bytes, store.address);
      workplace.noteLock({ ...note, taken });
      workplace.takeStateIn(bytes);
    } catch (error) {
      // Where that fails as well, the note tells the next run of it.
      const back = workplace.state() ? giveBack(workplace, store) : letOthersIn(workplace, store);
      await back.catch(() => undefined);
      throw error;
    }
    result(`${displayPath(workplace.stateFile)}; ${store.address} is locked meanwhile`);
  });
}

/** Where `work` comes to nothing before its apply, the state is where it was, and nobody is locked out of it. */
export async function orLeaveAsFound<T>(
  { workplace }: BootstrapProps,
  beginning: Beginning,
  work: () => Promise<T | undefined>,
): Promise<T | undefined> {
  let done: T | undefined;
  // Each apply is noted; a note that was here says nothing of this run's.
  const noted = () => JSON.stringify(workplace.before());
  const before = noted();
  try {
    done = await work();
    return done;
  } finally {
    if (done === undefined && beginning.at === "kept" && noted() === before) {
      await giveBack(workplace, beginning.store);
    }
  }
}

function text(beginning: Beginning, workplace: Workplace): string {
  switch (beginning.at) {
    case "nowhere":
      return "none: it starts here, and moves on once there is a place for it";
    case "here":
      return `in ${displayPath(workplace.stateFile)}, from a run before this one`;
    case "kept":
      return [
        `kept in ${beginning.store.address}`,
        ...(beginning.setAside
          ? [`somebody wrote it meanwhile; the copy that was here is ${displayPath(beginning.setAside)}`]
          : []),
      ].join("; ");
  }
}
