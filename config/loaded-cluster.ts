import type { ClusterConfig } from "./cluster-config";
import type { ConfigEnvironment } from "./environment";

/** The files of a cluster, and the environment. */
export interface LoadClusterProps {
  /** Path of `cluster.yaml`. */
  readonly clusterFile: string;
  /** Path of `nodes.yaml`. @default - everything is in `clusterFile` */
  readonly nodesFile?: string;
  /**
   * Name of the cluster among several, which is the default of `cluster_name` and part of the default place of its state.
   * @default - there is one cluster
   */
  readonly name?: string;
  /** Variables that override settings of the files; `process.env` fits. @default - nothing is overridden */
  readonly env?: ConfigEnvironment;
}

export interface ParseClusterProps {
  readonly cluster: NamedText;
  /** @default - everything is in `cluster` */
  readonly nodes?: NamedText;
  /** Name of the cluster among several. @default - there is one cluster */
  readonly name?: string;
  /** @default - nothing is overridden */
  readonly env?: ConfigEnvironment;
  /** Reads the files with patches. @default - there are none */
  readonly readFile?: (path: string) => Uint8Array;
}

/** The bytes of a file, and its name for messages. */
export interface NamedText {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** A cluster whose files have no mistakes. */
export interface LoadedCluster {
  /** The configuration, with all defaults filled in. */
  readonly config: ClusterConfig;
  /** One line each. The cluster works in spite of them. */
  readonly warnings: readonly string[];
  /** One line each: what the program chose where the files leave it open, and a user should see. */
  readonly notes: readonly string[];
}
