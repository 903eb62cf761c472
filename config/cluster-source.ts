import { ConfigError } from "./config-error";
import { formatLocation, type Location } from "./diagnostic";
import type { Path } from "./path";
import type { YamlSource } from "./yaml-source";

/** A cluster as its files describe it, read but not yet checked. */
export interface ClusterSource {
  readonly data: Readonly<Record<string, unknown>>;
  locate(path: Path): Location;
}

/**
 * Makes one map of `cluster.yaml` and, if there is one, `nodes.yaml`: a key may be in either.
 *
 * @throws ConfigError for a key that is in both.
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

/** `x-…` keys hold YAML anchors and mean nothing themselves, as in Compose files. */
export function isAnchorHolder(key: string): boolean {
  return key.startsWith("x-");
}
