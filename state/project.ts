import { join, resolve } from "node:path";
import { loadFromEnv, type StateConfig } from "../config";
import type { StackName } from "../config/state-location";
import type { StoreEnvironment } from "./open-store";

/** The project that a command runs in, as far as its states are concerned. */
export interface Project {
  /** `state` of the configuration, with what the environment overrides. */
  readonly config: StateConfig;
  /** `cluster.yaml` and, if there is one, `nodes.yaml`. */
  readonly files: readonly [string, ...string[]];
  /** Where relative paths start, and where `cdktf.out` is. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv & StoreEnvironment;
  /** Whether `cluster.yaml` is the example of this repository, and not the user's own. */
  readonly isExample: boolean;
}

/** @throws ConfigError with everything that is wrong with the configuration */
export function loadProject(env: NodeJS.ProcessEnv, folder: string): Project {
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

/** Where cdktf writes the synthesized stack. */
export function stackFolder({ folder, env }: Pick<Project, "folder" | "env">, stack: StackName): string {
  return resolve(folder, env.CDKTF_OUTDIR ?? "cdktf.out", "stacks", stack);
}
