import type { ClusterFiles } from "./cluster-files";
import type { ConfigEnvironment } from "./environment";
import { findClusterFiles } from "./find-files";
import { type LoadedCluster, loadWithSource, type SourcedCluster } from "./load";

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
export function loadFromEnv(props: LoadFromEnvProps): LoadedFromEnv {
  return loadOneWithSource(props);
}

/** `loadFromEnv`, with what the files say, and where. */
export function loadOneWithSource({ env, exampleFolder }: LoadFromEnvProps): LoadedFromEnv & SourcedCluster {
  const files = findClusterFiles({ clusterConfig: env.CLUSTER_CONFIG, exampleFolder });
  return { ...loadWithSource({ ...files, env }), ...files };
}
