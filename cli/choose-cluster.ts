import { dirname } from "node:path";
import { ConfigError } from "../config/config-error";
import { findClusters, namesOf } from "../config/find-files";
import { closestWord } from "../config/spelling";
import { nameInAdvice } from "./name-cluster";

/** For commands that are about one of several clusters. */
export const CLUSTER_OPTION = ["--cluster <name>", "which of the clusters in clusters/"] as const;

/**
 * Makes a cluster in `clusters/` the one that this process and those that it starts work on.
 *
 * @param name nothing is changed without one
 * @throws ConfigError if there is no such cluster
 */
export function chooseCluster(name: string | undefined, env: NodeJS.ProcessEnv): void {
  if (name === undefined) return;
  const { all } = findClusters({ clusterConfig: env.CLUSTER_CONFIG });
  const chosen = all.find((each) => each.name === name);
  if (chosen !== undefined) {
    env.CLUSTER_CONFIG = chosen.clusterFile;
    nameInAdvice(name);
    return;
  }
  const [first] = all;
  if (first?.name === undefined) {
    const text = `is the only cluster, so there is no --cluster ${name}; leave it out, or move the files to clusters/${name}/`;
    throw new ConfigError([{ at: { file: first?.clusterFile ?? "cluster.yaml" }, text }]);
  }
  const names = all.flatMap((each) => each.name ?? []);
  const meant = closestWord(name, names);
  const hint = meant === undefined ? "use one of them" : `did you mean ${meant}?`;
  const text = `--cluster ${name} is not one of ${namesOf(all)}; ${hint}`;
  throw new ConfigError([{ at: { file: dirname(dirname(first.clusterFile)) }, text }]);
}
