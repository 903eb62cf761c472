import { lossProblem } from "../../domain/etcd";
import { kubernetesVersionProblem, talosStepProblem } from "../../domain/talos-versions";
import type { TalosNode } from "../node";
import { etcdProblems } from "./etcd-problems";
import type { EtcdView, KubernetesNode, NodeFacts } from "./facts";

/** All that is asked before a node is touched. */
export interface ClusterFacts {
  readonly nodes: readonly TalosNode[];
  /** By node name. */
  readonly facts: ReadonlyMap<string, NodeFacts>;
  readonly etcd: readonly EtcdView[];
  /** By name; undefined if the Kubernetes API is not to be asked. */
  readonly kubernetes?: ReadonlyMap<string, KubernetesNode>;
}

export interface PreflightOptions {
  /** That etcd may stop while its only member, or one of two, restarts. */
  readonly allowOutage: boolean;
}

/** Why no node may be restarted now; empty if one may. */
export function restartProblems(cluster: ClusterFacts, { allowOutage }: PreflightOptions): readonly string[] {
  const controlPlanes = namesOfControlPlanes(cluster.nodes);
  const loss = allowOutage ? undefined : lossProblem(controlPlanes.length);
  return [
    ...cluster.nodes.flatMap((node) => nodeProblems(node, cluster)),
    ...etcdProblems(controlPlanes, cluster.etcd),
    ...(loss === undefined ? [] : [`${loss}; if that may be, pass --allow-outage`]),
  ];
}

/** Why Talos cannot be upgraded now on these nodes; empty if it can. */
export function upgradeProblems(
  cluster: ClusterFacts,
  nodes: readonly TalosNode[],
  options: PreflightOptions,
): readonly string[] {
  return [...restartProblems(cluster, options), ...nodes.flatMap((node) => stepProblems(node, cluster))];
}

export const namesOfControlPlanes = (nodes: readonly TalosNode[]): readonly string[] =>
  nodes.filter(({ role }) => role === "controlplane").map(({ name }) => name);

/** The nodes in the order in which they are changed: each role in the order of the file. */
export function controlPlanesFirst<Node extends Pick<TalosNode, "role">>(
  nodes: readonly Node[],
): readonly Node[] {
  return [
    ...nodes.filter(({ role }) => role === "controlplane"),
    ...nodes.filter(({ role }) => role !== "controlplane"),
  ];
}

/** Whether a node runs the release and the schematic that it is to run. */
export function isUpToDate(node: TalosNode, { talosVersion, schematicId }: NodeFacts): boolean {
  return node.talosVersion === talosVersion && node.schematicId === schematicId;
}

/** Why a node does not run as it should; its Node too, where Kubernetes was asked. */
export function nodeProblems(
  { name }: TalosNode,
  { facts, kubernetes }: Pick<ClusterFacts, "facts" | "kubernetes">,
): readonly string[] {
  const { error, stage, isReady } = facts.get(name) ?? { error: "was not asked" };
  if (error !== undefined) return [`${name}: ${error}`];
  if (stage !== "running") return [`${name}: it is ${stage ?? "in an unknown stage"}, not running`];
  if (!isReady) return [`${name}: it is running but not ready; npm run health says what it waits for`];
  if (kubernetes === undefined) return [];
  const node = kubernetes.get(name);
  if (node === undefined) return [`${name}: Kubernetes has no Node of this name`];
  return node.isReady ? [] : [`${name}: its Node in Kubernetes is not ready`];
}

function stepProblems(
  { name, talosVersion: wanted }: TalosNode,
  { facts, kubernetes }: ClusterFacts,
): readonly string[] {
  const running = facts.get(name)?.talosVersion;
  const kubelet = kubernetes?.get(name)?.kubeletVersion;
  const step = running && talosStepProblem(running, wanted);
  const pair = kubelet && kubernetesVersionProblem(wanted, kubelet);
  return [
    ...(step ? [`${name}: Talos ${wanted} ${step}`] : []),
    ...(pair ? [`${name}: Kubernetes ${kubelet} ${pair}; run npm run upgrade-kubernetes first`] : []),
  ];
}
