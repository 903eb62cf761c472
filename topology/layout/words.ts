import type { ClusterConfig, DiskConfig, NodeConfig, NodeRole } from "../../config";

export const ROLE_NAMES: Readonly<Record<NodeRole, string>> = {
  controlplane: "control plane",
  worker: "worker",
};

/** `1 worker`, `3 workers` */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/** `8 GiB`, `1.5 TiB`: the largest unit that keeps the number at 1 or more. */
export function size(mebibytes: number): string {
  const units = ["MiB", "GiB", "TiB", "PiB", "EiB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(mebibytes, 1)) / 10), units.length - 1);
  return `${Number((mebibytes / 1024 ** power).toFixed(1))} ${units[power]}`;
}

export const coresOf = ({ cores, sockets }: NodeConfig): number => cores * sockets;
export const disksOf = ({ disk, dataDisks }: NodeConfig): readonly DiskConfig[] => [disk, ...dataDisks];

/** `3 control planes, 3 workers` */
export function roles(nodes: readonly NodeConfig[]): string {
  const parts = (["controlplane", "worker"] as const)
    .map((role) => ({ role, number: nodes.filter((node) => node.role === role).length }))
    .filter(({ number }) => number > 0)
    .map(({ role, number }) => count(number, ROLE_NAMES[role]));
  return list(parts);
}

/** `Talos v1.13.0, Kubernetes v1.36.0` */
export function versions({ talosVersion, talos }: ClusterConfig): string {
  return list([`Talos ${talosVersion}`, ...(talos ? [`Kubernetes ${talos.kubernetesVersion}`] : [])]);
}

/** `36 cores, 72 GiB memory, 600 GiB disk` */
export function totals(nodes: readonly NodeConfig[]): string {
  const sum = (value: (node: NodeConfig) => number) => nodes.reduce((total, node) => total + value(node), 0);
  const disk = sum((node) => disksOf(node).reduce((total, { sizeGiB }) => total + sizeGiB * 1024, 0));
  return list([
    count(sum(coresOf), "core"),
    `${size(sum((node) => node.memoryMiB))} memory`,
    `${size(disk)} disk`,
  ]);
}

/** Joins items with commas, so that lines break only between items. */
function list(items: readonly string[]): string {
  return items.map((item) => item.replaceAll(" ", "\u00a0")).join(", ");
}

/** A line for each kind of data disk: `2 × 500 GiB on ceph`. */
export function dataDisks(node: NodeConfig): string[] {
  const counts = new Map<string, number>();
  for (const { sizeGiB, storage } of node.dataDisks) {
    const text = `${size(sizeGiB * 1024)} on ${storage}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, number]) => (number === 1 ? text : `${number} × ${text}`));
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
