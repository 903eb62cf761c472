import { resolve } from "node:path";
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
}

/** @throws ConfigError with everything that is wrong with the configuration */
export function loadProject(env: NodeJS.ProcessEnv, folder: string): Project {
  const { config, clusterFile, nodesFile } = loadFromEnv({ env });
  return {
    config: config.state,
    files: nodesFile ? [clusterFile, nodesFile] : [clusterFile],
    folder,
    env,
  };
}

/** Where cdktf writes the synthesized stack. */
export function stackFolder({ folder, env }: Pick<Project, "folder" | "env">, stack: StackName): string {
  return resolve(folder, env.CDKTF_OUTDIR ?? "cdktf.out", "stacks", stack);
}
