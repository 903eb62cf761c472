import { join, resolve } from "node:path";
import type { StateBackend, StateConfig } from "../config";
import { loadFromEnv } from "../config";
import { movableStacks, type StackName, stackNames, stateLocation } from "../config/state-location";
import { openStore, type StoreEnvironment } from "./open-store";
import { StateError } from "./problem";
import type { StateStore } from "./store";

/** The user's cluster, as far as its states are concerned. */
export interface Setting {
  /** `state` of the configuration, with what the environment overrides. */
  readonly config: StateConfig;
  /** `cluster.yaml` and, if there is one, `nodes.yaml`. */
  readonly files: readonly [string, ...string[]];
  /** What relative paths start from, and where `cdktf.out` is. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv & StoreEnvironment;
  /** Whether this is the example that is shipped. */
  readonly isExample: boolean;
}

/** @throws ConfigError with everything that is wrong with the configuration */
export function loadSetting(env: NodeJS.ProcessEnv, folder: string): Setting {
  const exampleFolder = join(__dirname, "../examples/six-nodes");
  const { config, clusterFile, nodesFile, isExample } = loadFromEnv({ env, exampleFolder });
  return {
    config: config.state,
    files: nodesFile ? [clusterFile, nodesFile] : [clusterFile],
    folder,
    env,
    isExample,
  };
}

/** The store of one stack, in the backend that is configured or in another one. */
export function storeOf({ config, folder, env }: Setting, stack: StackName, at?: StateBackend): StateStore {
  if (stack === "bootstrap" && at !== undefined && at !== "r2") {
    throw new StateError(`the state of the bootstrap stack is always in r2, not in ${at}`, "leave --at out");
  }
  const backend = at ?? config.backend;
  try {
    return openStore(stateLocation({ ...config, backend }, stack, folder), env);
  } catch (error) {
    if (error instanceof StateError || !(error instanceof Error)) throw error;
    throw new StateError(error.message, "the configuration has to name the place");
  }
}

export interface NamedStore {
  readonly stack: StackName;
  readonly store: StateStore;
}

/**
 * The stack that is named, or all whose state exists.
 * @throws StateError where there is no such stack
 */
export async function chosenStores(
  setting: Setting,
  { stack, at }: { readonly stack?: string; readonly at?: StateBackend },
): Promise<readonly NamedStore[]> {
  if (stack !== undefined) {
    const name = stackNames.find((each) => each === stack);
    if (!name) throw new StateError(`there is no stack ${stack}`, `use one of ${stackNames.join(", ")}`);
    return [{ stack: name, store: storeOf(setting, name, at) }];
  }
  const found: NamedStore[] = [];
  // Elsewhere than in R2, nobody has to have the credentials of the bootstrap stack's bucket.
  const names = (at ?? setting.config.backend) === "r2" ? stackNames : movableStacks;
  for (const name of names) {
    const store = storeOf(setting, name, at);
    if ((await store.read()) || (await store.holder())) found.push({ stack: name, store });
  }
  return found;
}

/** Where cdktf leaves what it synthesized for a stack. */
export function stackFolder({ folder, env }: Setting, stack: StackName): string {
  return resolve(folder, env.CDKTF_OUTDIR ?? "cdktf.out", "stacks", stack);
}
