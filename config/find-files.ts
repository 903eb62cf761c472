import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ConfigError, fail } from "./config-error";

const CLUSTER_FILE = "cluster.yaml";
const NODES_FILE = "nodes.yaml";

export interface FindClusterFilesProps {
  /** The value of CLUSTER_CONFIG: a file, or a folder with a `cluster.yaml`. */
  readonly clusterConfig?: string;
  /** @default "." */
  readonly folder?: string;
  /** The folder of the example, which is used if there is no other cluster file. @default - then it is an error */
  readonly exampleFolder?: string;
}

export interface ClusterFiles {
  readonly clusterFile: string;
  readonly nodesFile?: string;
  /** Whether this is the example of the program, and not the user's file. */
  readonly isExample: boolean;
}

/** Files that people have in place of `cluster.yaml`, and what to do with them. */
const MISPLACED: Readonly<Record<string, string>> = {
  "cluster.yml": "rename this file",
  "cluster.json": "rename this file",
  "cluster.toml": "write its values to a cluster.yaml, as this program reads YAML",
  [NODES_FILE]: "add it",
};

/**
 * Finds the cluster files: the one that CLUSTER_CONFIG names, else `cluster.yaml` in the folder, else the example if one is
 * given. A `nodes.yaml` in the same folder belongs to it.
 *
 * @throws ConfigError if there is none, or if the folder has a file with a similar name, such as `cluster.yml`: the
 *   example must not be deployed instead of it.
 */
export function findClusterFiles({
  clusterConfig,
  folder = ".",
  exampleFolder,
}: FindClusterFilesProps): ClusterFiles {
  if (clusterConfig) return withNodes(namedFile(clusterConfig), false);
  const own = join(folder, CLUSTER_FILE);
  if (existsSync(own)) return withNodes(own, false);
  for (const [misplaced, advice] of Object.entries(MISPLACED)) {
    const file = join(folder, misplaced);
    if (existsSync(file)) {
      fail(
        `there is no ${CLUSTER_FILE} beside this file; ${advice}, or name your file in CLUSTER_CONFIG`,
        file,
      );
    }
  }
  if (exampleFolder !== undefined) return withNodes(join(exampleFolder, CLUSTER_FILE), true);
  return fail(
    "there is no such file, and CLUSTER_CONFIG is not set; to begin, copy cluster.yaml and nodes.yaml of examples/six-nodes " +
      "and make them yours, or run npm start, which deploys the example on this machine alone",
    own,
  );
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
