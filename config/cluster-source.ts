import { type Diagnostic, formatLocation, type Location } from "./diagnostic";
import type { Path } from "./path";
import type { YamlSource } from "./yaml-source";

/** The content of the cluster files, not checked yet. */
export interface ClusterSource {
  readonly data: Readonly<Record<string, unknown>>;
  /** Keys that are set twice, in a file or in both. */
  readonly diagnostics: readonly Diagnostic[];
  /** The keys that are in both files: which of their values is meant is not known. */
  readonly repeated: readonly Path[];
  locate(path: Path): Location;
}

/** Merges `cluster.yaml` and `nodes.yaml`. A key may be in either file. */
export function joinSources(cluster: YamlSource, nodes?: YamlSource): ClusterSource {
  const { data, diagnostics } = cluster;
  if (nodes === undefined) return { data, diagnostics, repeated: [], locate: (path) => cluster.locate(path) };

  const inBoth = Object.keys(nodes.data).filter((key) => Object.hasOwn(data, key) && !isAnchorHolder(key));
  const repetitions = inBoth.map((key): Diagnostic => {
    const other = formatLocation(cluster.locate([key]));
    return { at: nodes.locate([key]), text: `${key} is also in ${other}; keep it in one of the two files` };
  });
  const isInNodes = (key: string | number | undefined) =>
    key !== undefined && !Object.hasOwn(data, key) && (key === "nodes" || Object.hasOwn(nodes.data, key));
  return {
    data: { ...data, ...nodes.data, ...data },
    diagnostics: [...diagnostics, ...nodes.diagnostics, ...repetitions],
    repeated: inBoth.map((key) => [key]),
    locate: (path) => (isInNodes(path[0]) ? nodes : cluster).locate(path),
  };
}

/** `x-…` keys only hold YAML anchors and are ignored, as in Compose files. */
export function isAnchorHolder(key: string): boolean {
  return key.startsWith("x-");
}
