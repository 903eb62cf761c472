import { resolve } from "node:path";
import { loadFromEnv, type StateConfig } from "../config";
import { type StackName, stackId } from "../config/state-location";
import type { StoreEnvironment } from "./open-store";

/** The project that a command runs in, as far as its states are concerned. */
export interface Project {
  /** `state` of the configuration, with what the environment overrides. */
  readonly config: StateConfig;
  /** `cluster.yaml` and, if there is one, `nodes.yaml`. */
  readonly files: readonly [string, ...string[]];
  /** Which of several clusters it is. @default - it is the only one */
  readonly cluster?: string;
  /** Where relative paths start, and where `cdktf.out` is. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv & StoreEnvironment;
}

/** @throws ConfigError with everything that is wrong with the configuration */
export function loadProject(env: NodeJS.ProcessEnv, folder: string): Project {
  const { config, clusterFile, nodesFile, name } = loadFromEnv({ env });
  return {
    config: config.state,
    files: nodesFile ? [clusterFile, nodesFile] : [clusterFile],
    cluster: name,
    folder,
    env,
  };
}

/** Where cdktf writes the synthesized stack. */
export function stackFolder(
  { folder, env, cluster }: Pick<Project, "folder" | "env" | "cluster">,
  stack: StackName,
): string {
  return resolve(folder, env.CDKTF_OUTDIR ?? "cdktf.out", "stacks", stackId(cluster, stack));
}
