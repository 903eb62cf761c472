import { readFileSync } from "node:fs";
import { formatLocation } from "./diagnostic";
import { withValue } from "./edit-yaml";
import type { ConfigEnvironment } from "./environment";
import { findClusterFiles } from "./find-files";
import { loadWithSource } from "./load-with-source";
import type { Path } from "./path";

/** A file of the user, and what it is to be. */
export interface FileEdit {
  readonly file: string;
  /** `cluster.yaml:14` */
  readonly at: string;
  /** Undefined if the user has to change it. */
  readonly text?: string;
}

const KEY: Path = ["talos", "kubernetes_version"];

/**
 * What the files of the cluster are with another `kubernetes_version`. Nothing is written.
 * @throws ConfigError if the files are not right
 */
export function kubernetesVersionEdit(
  env: ConfigEnvironment & { readonly CLUSTER_CONFIG?: string },
  version: string,
): FileEdit {
  const files = findClusterFiles({ clusterConfig: env.CLUSTER_CONFIG });
  const location = loadWithSource({ ...files, env }).source.locate(KEY);
  const text = withValue(readFileSync(location.file, "utf8"), KEY, version);
  return { file: location.file, at: formatLocation(location), ...(text !== undefined && { text }) };
}
