import { ConfigError } from "./config-error";
import type { LoadedFromEnv } from "./load-from-env";

/* Environment variables that name nodes. */

/** The names in `cp-1, cp-2`. */
export function splitNames(value: string): string[] {
  return value
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
}

/** TALOS_API_ENDPOINTS without a node that is gone, which would be refused. */
export const withoutEndpointOf = (value: string, node: string): string =>
  splitNames(value)
    .filter((pair) => !pair.startsWith(`${node}=`))
    .join(",");

/** @throws ConfigError for a name that no node has */
export function requireNodes(
  variable: string,
  names: readonly string[],
  clusters: readonly Pick<LoadedFromEnv, "config">[],
  advice: string,
): void {
  const known = [...new Set(clusters.flatMap(({ config }) => config.nodes.map(({ name }) => name)))];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const where = clusters.length === 1 ? "this cluster" : "these clusters";
  const text = `${variable} names ${unknown.join(", ")}, which is no node of ${where}; ${advice} ${known.join(", ")}`;
  throw new ConfigError([{ text }]);
}

/**
 * Parses TALOS_API_ENDPOINTS, for nodes that are reached through a tunnel: `cp-1=127.0.0.1:50001`, separated by commas.
 * @throws ConfigError for a name that no node has, or for what is no host with a port
 */
export function talosApiEndpoints(
  value: string | undefined,
  clusters: readonly Pick<LoadedFromEnv, "config">[],
): ReadonlyMap<string, string> {
  const pairs = splitNames(value ?? "").map((pair): [string, string] => [
    pair.split("=")[0] ?? "",
    pair.split("=").slice(1).join("="),
  ]);
  requireNodes("TALOS_API_ENDPOINTS", [...new Map(pairs).keys()], clusters, "use some of");
  const wrong = pairs.find(([, endpoint]) => !/^[A-Za-z0-9.:[\]-]+:\d+$/.test(endpoint));
  if (wrong === undefined) return new Map(pairs);
  const text = `TALOS_API_ENDPOINTS ${wrong.join("=")} is no host with a port; write it like ${wrong[0]}=127.0.0.1:50001`;
  throw new ConfigError([{ text }]);
}
