import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CLUSTER_FILE, type ClusterFiles, clusterOf, refuseMisplaced } from "./cluster-files";
import { clustersIn, folderOfClusters } from "./clusters-folder";
import { ConfigError, fail } from "./config-error";

export interface FindClusterFilesProps {
  /** The value of CLUSTER_CONFIG: a file, or a folder with a `cluster.yaml` or with `clusters/`. */
  readonly clusterConfig?: string;
  /** @default "." */
  readonly folder?: string;
  /** The folder of the example, which is used if there is no other cluster file. @default - then it is an error */
  readonly exampleFolder?: string;
}

export interface FoundClusters {
  /** The cluster that CLUSTER_CONFIG names, else all. */
  readonly chosen: readonly ClusterFiles[];
  /** All clusters of the repository. */
  readonly all: readonly ClusterFiles[];
}

/**
 * Finds the files of one cluster: the one that CLUSTER_CONFIG names, else the only one in the folder, else the example if one is
 * given. A `nodes.yaml` beside `cluster.yaml` belongs to it.
 *
 * @throws ConfigError if there is none or if there are several, or if the folder has a file with a similar name, such as
 *   `cluster.yml`: the example must not be deployed instead of it.
 */
export function findClusterFiles(props: FindClusterFilesProps): ClusterFiles {
  const { chosen } = findClusters(props);
  const [only] = chosen;
  if (only !== undefined && chosen.length === 1) return only;
  const folder = dirname(dirname(only?.clusterFile ?? ""));
  const text = `there are several clusters: ${namesOf(chosen)}; choose one with --cluster NAME, or CLUSTER_CONFIG=${folder}/NAME`;
  return fail(text, folder);
}

/** The names of clusters, for messages. */
export function namesOf(clusters: readonly ClusterFiles[]): string {
  return clusters.map(({ name }) => name).join(", ");
}

/** Like {@link findClusterFiles}, for as many clusters as there are. */
export function findClusters({
  clusterConfig,
  folder = ".",
  exampleFolder,
}: FindClusterFilesProps): FoundClusters {
  if (clusterConfig) return foundAt(clusterConfig);
  const own = join(folder, CLUSTER_FILE);
  const several = clustersIn(folder);
  const [first] = several;
  if (existsSync(own)) {
    if (first === undefined) return namedOrOnly(own);
    const text = `there is also ${first.clusterFile}; move this file to a folder beside it, or name it in CLUSTER_CONFIG if the other is none of ours`;
    return fail(text, own);
  }
  if (first !== undefined) return { chosen: several, all: several };
  refuseMisplaced(folder);
  if (exampleFolder !== undefined) {
    const example = { ...clusterOf(join(exampleFolder, CLUSTER_FILE)), isExample: true };
    return { chosen: [example], all: [example] };
  }
  return fail(
    "there is no such file, and CLUSTER_CONFIG is not set; to begin, copy cluster.yaml and nodes.yaml of examples/six-nodes " +
      "and make them yours, or run npm start, which deploys the example on this machine alone",
    own,
  );
}

function foundAt(clusterConfig: string): FoundClusters {
  const isFolder = statSync(clusterConfig, { throwIfNoEntry: false })?.isDirectory();
  const several = isFolder && !existsSync(join(clusterConfig, CLUSTER_FILE)) ? clustersIn(clusterConfig) : [];
  return several.length > 0 ? { chosen: several, all: several } : namedOrOnly(namedFile(clusterConfig));
}

/** A file in `clusters/NAME/` is the same cluster, with the same state, whether it is named or found. */
function namedOrOnly(clusterFile: string): FoundClusters {
  const folder = folderOfClusters(clusterFile);
  if (folder === undefined) {
    const only = clusterOf(clusterFile);
    return { chosen: [only], all: [only] };
  }
  const all = clustersIn(folder);
  return { chosen: all.filter((each) => resolve(each.clusterFile) === resolve(clusterFile)), all };
}

function namedFile(clusterConfig: string): string {
  const stat = statSync(clusterConfig, { throwIfNoEntry: false });
  if (stat?.isDirectory()) {
    const inside = join(clusterConfig, CLUSTER_FILE);
    if (existsSync(inside)) return inside;
    throw new ConfigError([
      { text: `CLUSTER_CONFIG ${clusterConfig} has no ${CLUSTER_FILE} in it; name a file` },
    ]);
  }
  if (stat !== undefined) return clusterConfig;
  throw new ConfigError([
    { text: `CLUSTER_CONFIG ${clusterConfig} does not exist; name a file that does, or unset the variable` },
  ]);
}
