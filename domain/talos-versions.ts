import type { Pattern } from "./pattern";

/** A release of Kubernetes, with its `v` or without. */
export const KUBERNETES_VERSION: Pattern = {
  regex: /^v?1\.\d{1,3}\.\d{1,3}(-(alpha|beta|rc)\.\d{1,3})?$/,
  advice: "is not a Kubernetes release; write it like v1.36.0",
};

/** The forms of a machine config that this program writes, each named after the minor version that it came with. */
export const CONFIG_CONTRACTS = ["v1.11", "v1.12", "v1.13"] as const;
export type ConfigContract = (typeof CONFIG_CONTRACTS)[number];

/**
 * Understood by Talos 1.12 and all later versions. It never changes: a cluster keeps the form that it was created with, since another
 * one can mean other keys for what etcd has encrypted.
 */
export const DEFAULT_CONFIG_CONTRACT: ConfigContract = "v1.12";

/** The newest minor version of Kubernetes that each minor version of Talos supports; the five before it are supported too. */
const NEWEST_KUBERNETES: ReadonlyMap<number, number> = new Map([
  [11, 34],
  [12, 35],
  [13, 36],
  [14, 37],
]);
const OLDER_KUBERNETES = 5;

/** The 13 of `v1.13.2`, `1.13` and the like. */
export function minorOf(version: string): number {
  return Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? Number.NaN);
}

/** Why this program cannot configure this release of Talos; undefined if it can. */
export function talosVersionProblem(talosVersion: string): string | undefined {
  if (NEWEST_KUBERNETES.has(minorOf(talosVersion))) return undefined;
  const minors = [...NEWEST_KUBERNETES.keys()];
  return `is no release that this program can configure; use one from v1.${Math.min(...minors)} to v1.${Math.max(...minors)}`;
}

/** Why the two do not go together; undefined if they do, or if the release of Talos is unknown. */
export function kubernetesVersionProblem(
  talosVersion: string,
  kubernetesVersion: string,
): string | undefined {
  const newest = NEWEST_KUBERNETES.get(minorOf(talosVersion));
  if (newest === undefined) return undefined;
  const oldest = newest - OLDER_KUBERNETES;
  const minor = minorOf(kubernetesVersion);
  if (minor >= oldest && minor <= newest) return undefined;
  return `is not supported by Talos ${talosVersion}; use a release from v1.${oldest} to v1.${newest}`;
}

/** Why nodes with this release do not understand a config of that form; undefined if they do. */
export function contractProblem(talosVersion: string, contract: ConfigContract): string | undefined {
  const minor = minorOf(talosVersion);
  if (minorOf(contract) <= minor) return undefined;
  return `is newer than Talos ${talosVersion}, which does not understand it; use v1.${minor}, the version that the cluster was made with, or an older one`;
}

/** Whether the network is written as documents of its own. Before, it was a part of the machine config. */
export function hasNetworkDocuments(contract: ConfigContract): boolean {
  return minorOf(contract) >= 12;
}

/** Why nodes with one release of Talos cannot be brought to another one at once; undefined if they can. */
export function talosStepProblem(from: string, to: string): string | undefined {
  return stepProblem("Talos", from, to);
}

/** Why a cluster with one release of Kubernetes cannot be brought to another one at once; undefined if it can. */
export function kubernetesStepProblem(from: string, to: string): string | undefined {
  return stepProblem("Kubernetes", from, to);
}

/** Both go up by one minor version at a time, and neither goes back over one. */
function stepProblem(what: string, from: string, to: string): string | undefined {
  const [old, next] = [minorOf(from), minorOf(to)];
  if (next === old || next === old + 1) return undefined;
  if (next < old)
    return `goes back from ${what} ${from}, which is not supported; use a release of v1.${old} or v1.${old + 1}`;
  if (next > old)
    return `is ${next - old} minor versions after ${what} ${from}; go to a release of v1.${old + 1} first`;
  return `cannot be compared with ${what} ${from}; write it like v1.13.0`;
}
