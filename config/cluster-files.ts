import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fail } from "./config-error";

export const CLUSTER_FILE = "cluster.yaml";
const NODES_FILE = "nodes.yaml";

/** The files of one cluster. */
export interface ClusterFiles {
  readonly clusterFile: string;
  readonly nodesFile?: string;
  /** Whether this is the example of the program, and not the user's file. */
  readonly isExample: boolean;
  /** Name of its folder in `clusters/`. @default - it is the only cluster */
  readonly name?: string;
}

/** Files that people have in place of `cluster.yaml`, and what to do with them. */
const MISPLACED: Readonly<Record<string, string>> = {
  "cluster.yml": "rename this file",
  "cluster.json": "rename this file",
  "cluster.toml": "write its values to a cluster.yaml, as this program reads YAML",
  [NODES_FILE]: "add it",
};

/** @throws ConfigError if the folder has a file with a similar name, such as `cluster.yml` */
export function refuseMisplaced(folder: string): void {
  for (const [misplaced, advice] of Object.entries(MISPLACED)) {
    const file = join(folder, misplaced);
    if (!existsSync(file)) continue;
    fail(
      `there is no ${CLUSTER_FILE} beside this file; ${advice}, or name your file in CLUSTER_CONFIG`,
      file,
    );
  }
}

/** The cluster of this file, with the `nodes.yaml` beside it if there is one. */
export function clusterOf(clusterFile: string, name?: string): ClusterFiles {
  const nodesFile = join(dirname(clusterFile), NODES_FILE);
  const hasNodes = existsSync(nodesFile) && nodesFile !== clusterFile;
  return { clusterFile, nodesFile: hasNodes ? nodesFile : undefined, isExample: false, name };
}
