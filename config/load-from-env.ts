import type { ConfigEnvironment } from "./environment";
import { findClusterFiles } from "./find-files";
import { type LoadedCluster, loadCluster } from "./load";

export interface LoadFromEnvProps {
  /** `process.env` fits. */
  readonly env: ConfigEnvironment & { readonly CLUSTER_CONFIG?: string };
  /** The folder of the example that is used where there is nothing else. */
  readonly exampleFolder: string;
}

export interface LoadedFromEnv extends LoadedCluster {
  readonly clusterFile: string;
  readonly nodesFile?: string;
  /** Whether this is the example that is shipped, and not a file of the user's. */
  readonly isExample: boolean;
}

/**
 * The cluster of whoever runs a command: finds its files and loads them.
 *
 * @throws ConfigError with everything that is wrong, one line each.
 */
export function loadFromEnv({ env, exampleFolder }: LoadFromEnvProps): LoadedFromEnv {
  const files = findClusterFiles({ clusterConfig: env.CLUSTER_CONFIG, exampleFolder });
  return { ...loadCluster({ ...files, env }), ...files };
}
