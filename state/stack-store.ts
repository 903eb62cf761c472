import type { StateBackend } from "../config";
import { movableStacks, type StackName, stackNames, stateLocation } from "../config/state-location";
import { StateError } from "./errors";
import { openStore } from "./open-store";
import type { Project } from "./project";
import type { StateStore } from "./store";

/** A stack, and the store of its state. */
export interface StackStore {
  readonly stack: StackName;
  readonly store: StateStore;
}

/** Which states a command is about. */
export interface StateSelection {
  /** @default - every stack whose state or lock exists */
  readonly stack?: StackName;
  /** @default - the configured backend */
  readonly at?: StateBackend;
}

/** @throws StateError if the configuration does not say where that is, or a credential is missing */
export function openStackStore(
  { config, folder, env }: Project,
  stack: StackName,
  at?: StateBackend,
): StateStore {
  if (stack === "bootstrap" && at !== undefined && at !== "r2") {
    throw new StateError(`the state of the bootstrap stack is always in r2, not in ${at}`, "leave --at out");
  }
  const backend = at ?? config.backend;
  try {
    return openStore(stateLocation({ ...config, backend }, stack, folder), env);
  } catch (error) {
    if (error instanceof StateError || !(error instanceof Error)) throw error;
    throw new StateError(error.message, "set it in cluster.yaml");
  }
}

/** The selected stores; a stack that is selected by name need not have a state. */
export async function findStores(
  project: Project,
  { stack, at }: StateSelection,
): Promise<readonly StackStore[]> {
  if (stack !== undefined) return [{ stack, store: openStackStore(project, stack, at) }];
  const found: StackStore[] = [];
  // Outside of R2, a command needs no credentials of the bootstrap stack's bucket.
  const stacks = (at ?? project.config.backend) === "r2" ? stackNames : movableStacks;
  for (const each of stacks) {
    const store = openStackStore(project, each, at);
    if ((await store.read()) || (await store.holder())) found.push({ stack: each, store });
  }
  return found;
}

/** The selected stores. @throws StateError if there are none */
export async function requireStores(
  project: Project,
  selection: StateSelection,
): Promise<readonly StackStore[]> {
  const stores = await findStores(project, selection);
  if (stores.length > 0) return stores;
  throw new StateError(
    `no state exists in ${selection.at ?? project.config.backend}`,
    "--at looks in another backend; --stack names a stack whose state is lost or not yet written",
  );
}

/** The only store that is selected. @throws StateError if there are none or several */
export async function requireOneStore(project: Project, selection: StateSelection): Promise<StackStore> {
  const stores = await requireStores(project, selection);
  const [store] = stores;
  if (store && stores.length === 1) return store;
  throw new StateError(
    `there are states of ${stores.map(({ stack }) => stack).join(", ")}`,
    "choose one with --stack <name>",
  );
}
