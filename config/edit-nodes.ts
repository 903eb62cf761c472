import { readFileSync } from "node:fs";
import { formatLocation } from "./diagnostic";
import type { FileEdit } from "./edit-kubernetes-version";
import { withoutItem } from "./edit-yaml";
import type { ConfigEnvironment } from "./environment";
import { findClusterFiles } from "./find-files";
import { loadWithSource, parseWithSource } from "./load-with-source";
import { isMapping } from "./path";

/** How a node is removed from the files: by an edit, or by hand as `advice` says. */
export interface NodeRemoval extends FileEdit {
  readonly advice: string;
}

/**
 * What the files of the cluster are without a node. Nothing is written.
 * @throws ConfigError if the files are not right, or would not be without the node
 */
export function nodeRemoval(
  env: ConfigEnvironment & { readonly CLUSTER_CONFIG?: string },
  name: string,
): NodeRemoval {
  const files = findClusterFiles({ clusterConfig: env.CLUSTER_CONFIG });
  const { source } = loadWithSource({ ...files, env });
  const list = source.data.nodes;
  const index = Array.isArray(list) ? list.findIndex((node) => isMapping(node) && node.name === name) : -1;
  if (index < 0) return ofPool(name, source.data.node_pools, (pool) => source.locate(["node_pools", pool]));
  const location = source.locate(["nodes", index]);
  const at = formatLocation(location);
  const { file } = location;
  const text = withoutItem(readFileSync(file, "utf8"), ["nodes"], index);
  const advice = `remove ${name} at ${at}`;
  if (text === undefined) return { file, at, advice };
  const bytesOf = (path: string) => (path === file ? Buffer.from(text) : readFileSync(path));
  const { clusterFile, nodesFile, ...more } = files;
  parseWithSource({
    cluster: { file: clusterFile, bytes: bytesOf(clusterFile) },
    ...(nodesFile !== undefined && { nodes: { file: nodesFile, bytes: bytesOf(nodesFile) } }),
    readFile: readFileSync,
    env,
    ...more,
  });
  return { file, at, text, advice };
}

/** The nodes of a pool have no place of their own in the file. */
function ofPool(
  name: string,
  pools: unknown,
  locate: (pool: number) => ReturnType<ReturnType<typeof loadWithSource>["source"]["locate"]>,
): NodeRemoval {
  const [, pool = "", number = ""] = /^(.*)-(\d+)$/.exec(name) ?? [];
  const index = Array.isArray(pools) ? pools.findIndex((each) => isMapping(each) && each.name === pool) : -1;
  const location = locate(index);
  const at = formatLocation(location);
  return { file: location.file, at, advice: `add ${number} to skip of the pool ${pool} at ${at}` };
}
