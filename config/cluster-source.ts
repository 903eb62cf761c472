import { ConfigError } from "./config-error";
import { formatLocation, type Location } from "./diagnostic";
import type { Path } from "./path";
import type { YamlSource } from "./yaml-source";

/** The content of the cluster files, not checked yet. */
export interface ClusterSource {
  readonly data: Readonly<Record<string, unknown>>;
  locate(path: Path): Location;
}

/**
 * Merges `cluster.yaml` and `nodes.yaml`. A key may be in either file.
 *
 * @throws ConfigError for a key that is in both files.
 */
export function joinSources(cluster: YamlSource, nodes?: YamlSource): ClusterSource {
  if (nodes === undefined) return { data: cluster.data, locate: (path) => cluster.locate(path) };

  const inBoth = Object.keys(nodes.data).filter(
    (key) => Object.hasOwn(cluster.data, key) && !isAnchorHolder(key),
  );
  if (inBoth.length > 0) {
    throw new ConfigError(
      inBoth.map((key) => {
        const other = formatLocation(cluster.locate([key]));
        return {
          at: nodes.locate([key]),
          text: `${key} is also in ${other}; keep it in one of the two files`,
        };
      }),
    );
  }
  const isInNodes = (key: string | number | undefined) =>
    key === "nodes" ? !Object.hasOwn(cluster.data, key) : key !== undefined && Object.hasOwn(nodes.data, key);
  return {
    data: { ...cluster.data, ...nodes.data },
    locate: (path) => (isInNodes(path[0]) ? nodes : cluster).locate(path),
  };
}

/** `x-…` keys only hold YAML anchors and are ignored, as in Compose files. */
export function isAnchorHolder(key: string): boolean {
  return key.startsWith("x-");
}
