import { loadWithSource, parseWithSource } from "./load-with-source";
import type { LoadClusterProps, LoadedCluster, ParseClusterProps } from "./loaded-cluster";

export type { LoadClusterProps, LoadedCluster, NamedText, ParseClusterProps } from "./loaded-cluster";

/**
 * Reads the files of a cluster, checks them, and fills in the defaults.
 *
 * @throws ConfigError with everything that is wrong, one line each.
 */
export function loadCluster(props: LoadClusterProps): LoadedCluster {
  const { config, warnings, notes } = loadWithSource(props);
  return { config, warnings, notes };
}

/**
 * `loadCluster` for files that were read already.
 *
 * @throws ConfigError with everything that is wrong, one line each.
 */
export function parseCluster(props: ParseClusterProps): LoadedCluster {
  const { config, warnings, notes } = parseWithSource(props);
  return { config, warnings, notes };
}
