import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CLUSTER_NAME } from "../domain/talos";
import { CLUSTER_FILE, type ClusterFiles, clusterOf, refuseMisplaced } from "./cluster-files";
import { fail } from "./config-error";
import { isReservedName } from "./state-location";

/** The folder with a folder for each of several clusters: `clusters/staging/cluster.yaml`. */
const CLUSTERS = "clusters";

/**
 * The clusters in `clusters/` of a folder, by name; none if there is no such folder. Other folders in it, without files of ours,
 * are left alone.
 *
 * @throws ConfigError if one has a name that no stack can have, or only a file with a similar name, such as `cluster.yml`
 */
export function clustersIn(folder: string): ClusterFiles[] {
  const clusters = join(folder, CLUSTERS);
  if (!isFolder(clusters)) return [];
  return readdirSync(clusters)
    .sort()
    .filter((name) => isFolder(join(clusters, name)))
    .flatMap((name): ClusterFiles[] => {
      const file = join(clusters, name, CLUSTER_FILE);
      if (!existsSync(file)) refuseMisplaced(join(clusters, name));
      return existsSync(file) ? [clusterOf(file, checkedName(name, file))] : [];
    });
}

/** The folder that has the `clusters/` which this file is in; undefined if it is in none. */
export function folderOfClusters(clusterFile: string): string | undefined {
  const clusters = dirname(dirname(resolve(clusterFile)));
  if (basename(clusterFile) !== CLUSTER_FILE || basename(clusters) !== CLUSTERS) return undefined;
  // As the user has written it, so that messages name files as they are known to him.
  return join(dirname(clusterFile), "../..");
}

function checkedName(name: string, file: string): string {
  if (!CLUSTER_NAME.regex.test(name)) fail(`${name} ${CLUSTER_NAME.advice}; rename its folder`, file);
  if (isReservedName(name)) {
    fail(`${name} is the name of a stack of the program itself; rename the folder of the cluster`, file);
  }
  return name;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
