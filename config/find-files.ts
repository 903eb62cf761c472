import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ConfigError } from "./config-error";

const CLUSTER_FILE = "cluster.yaml";
const NODES_FILE = "nodes.yaml";

export interface FindClusterFilesProps {
  /** The value of CLUSTER_CONFIG: a file, or a folder with a `cluster.yaml`. */
  readonly clusterConfig?: string;
  /** @default "." */
  readonly folder?: string;
  /** The folder of the example, which is used if there is no other cluster file. */
  readonly exampleFolder: string;
}

export interface ClusterFiles {
  readonly clusterFile: string;
  readonly nodesFile?: string;
  /** Whether this is the example of the program, and not the user's file. */
  readonly isExample: boolean;
}

/**
 * Finds the cluster files: the one that CLUSTER_CONFIG names, else `cluster.yaml` in the folder, else the example. A
 * `nodes.yaml` in the same folder belongs to it.
 *
 * @throws ConfigError if CLUSTER_CONFIG names no existing file, or if the folder has a file with a similar name, such as
 *   `cluster.yml`: the example must not be deployed instead of it.
 */
export function findClusterFiles({
  clusterConfig,
  folder = ".",
  exampleFolder,
}: FindClusterFilesProps): ClusterFiles {
  if (clusterConfig) return withNodes(namedFile(clusterConfig), false);
  const own = join(folder, CLUSTER_FILE);
  if (existsSync(own)) return withNodes(own, false);
  for (const misplaced of ["cluster.yml", "cluster.json", NODES_FILE]) {
    const file = join(folder, misplaced);
    if (!existsSync(file)) continue;
    const advice = misplaced === NODES_FILE ? "add it, or" : "rename this file, or";
    const text = `there is no ${CLUSTER_FILE} beside this file; ${advice} name your file in CLUSTER_CONFIG`;
    throw new ConfigError([{ at: { file }, text }]);
  }
  return withNodes(join(exampleFolder, CLUSTER_FILE), true);
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

function withNodes(clusterFile: string, isExample: boolean): ClusterFiles {
  const nodesFile = join(dirname(clusterFile), NODES_FILE);
  const hasNodes = existsSync(nodesFile) && nodesFile !== clusterFile;
  return { clusterFile, nodesFile: hasNodes ? nodesFile : undefined, isExample };
}
