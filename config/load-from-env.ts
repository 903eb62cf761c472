import type { ClusterFiles } from "./cluster-files";
import type { ConfigEnvironment } from "./environment";
import { findClusterFiles } from "./find-files";
import { type LoadedCluster, loadCluster } from "./load";

export interface LoadFromEnvProps {
  /** `process.env` fits. */
  readonly env: ConfigEnvironment & { readonly CLUSTER_CONFIG?: string };
  /** The folder of the example, which is used if there is no other cluster file. @default - then it is an error */
  readonly exampleFolder?: string;
}

/** A loaded cluster, and the files that it was loaded from. */
export interface LoadedFromEnv extends LoadedCluster, ClusterFiles {}

/**
 * Finds the files of one cluster and loads them: the ones that CLUSTER_CONFIG names, else those in the current directory, else
 * the example if one is given.
 *
 * @throws ConfigError with everything that is wrong, one line each
 */
export function loadFromEnv({ env, exampleFolder }: LoadFromEnvProps): LoadedFromEnv {
  const files = findClusterFiles({ clusterConfig: env.CLUSTER_CONFIG, exampleFolder });
  return { ...loadCluster({ ...files, env }), ...files };
}
