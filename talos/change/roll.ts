import type { TalosNode } from "../node";
import { etcdProblems } from "./etcd-problems";
import type { EtcdView, KubernetesNode, NodeFacts } from "./facts";
import { type PollOptions, waitUntilFine } from "./poll";
import { controlPlanesFirst, namesOfControlPlanes } from "./preflight";

/** What a roll asks of the nodes. */
export interface RollCluster {
  /** All of them. */
  readonly nodes: readonly TalosNode[];
  /** Never throws: a node that does not answer has an `error`. */
  factsOf(node: TalosNode): Promise<NodeFacts>;
  /** The part of the facts that a single question answers. */
  stageOf(node: TalosNode): Promise<Pick<NodeFacts, "error" | "stage">>;
  /** etcd as each control plane sees it. */
  etcdViews(): Promise<readonly EtcdView[]>;
  /** Undefined if no node is to be drained. */
  readonly kubernetes?: RollKubernetes;
}

/** What a roll asks of Kubernetes. */
export interface RollKubernetes {
  /** Is asked before a node is touched. @throws Error if another run has taken over */
  mayGoOn(): Promise<void>;
  /** Undefined if there is no such Node. */
  nodeOf(name: string): Promise<KubernetesNode | undefined>;
  /** Lets no new pod onto a node, and marks it as ours. */
  cordon(name: string): Promise<void>;
  /** Evicts the pods of a node, and waits until they are gone. */
  drain(name: string): Promise<void>;
  uncordon(name: string): Promise<void>;
}

/** What is done to each node. */
export interface Roll {
  /** In whatever order: control planes come first. */
  readonly nodes: readonly TalosNode[];
  /** Whether there is nothing to do. */
  isDone(node: TalosNode, facts: NodeFacts): Promise<boolean>;
  /** Restarts the node. It may return before the node is back. */
  change(node: TalosNode, facts: NodeFacts): Promise<void>;
  /** Why the node, which has restarted, is not what it should be; undefined if it is. */
  problemAfter(node: TalosNode, facts: NodeFacts): Promise<string | undefined>;
}

export interface RollOptions extends PollOptions {
  /** Gets one line for each step: `cp-1: drained`. */
  readonly say: (line: string) => void;
}

export type Outcome = "changed" | "unchanged" | "failed" | "not reached";

export interface RolledNode {
  readonly name: string;
  readonly outcome: Outcome;
  /** Why it failed. */
  readonly reason?: string;
}

/**
 * Restarts nodes one by one: a node is not touched before the one before it is back, etcd has all its members, and pods may run on it
 * again. Stops at the first failure. Run again, it goes on: what is done is skipped, and a node that was left cordoned is uncordoned.
 *
 * @throws only the reason of the signal
 */
export async function rollNodes(
  cluster: RollCluster,
  roll: Roll,
  options: RollOptions,
): Promise<readonly RolledNode[]> {
  const results: RolledNode[] = [];
  const nodes = controlPlanesFirst(roll.nodes);
  for (const [index, node] of nodes.entries()) {
    options.signal?.throwIfAborted();
    try {
      const changed = await rollNode(cluster, roll, { node, toCome: nodes.slice(index + 1) }, options);
      results.push({ name: node.name, outcome: changed ? "changed" : "unchanged" });
    } catch (error) {
      options.signal?.throwIfAborted();
      results.push({ name: node.name, outcome: "failed", reason: (error as Error).message });
      const rest = nodes.slice(results.length);
      return [...results, ...rest.map(({ name }) => ({ name, outcome: "not reached" as const }))];
    }
  }
  return results;
}

interface Turn {
  readonly node: TalosNode;
  /** The nodes of the roll after this one. */
  readonly toCome: readonly TalosNode[];
}

/** @returns whether there was something to do @throws if it failed */
async function rollNode(
  cluster: RollCluster,
  roll: Roll,
  turn: Turn,
  options: RollOptions,
): Promise<boolean> {
  const { node } = turn;
  const say = (text: string) => options.say(`${node.name}: ${text}`);
  const before = await cluster.factsOf(node);
  if (before.error !== undefined) throw new Error(before.error);
  if (await roll.isDone(node, before)) {
    await uncordonOurs(cluster, node, say);
    say("nothing to do");
    return false;
  }
  await requireOthersUp(cluster, turn);
  const isOurs = await cordon(cluster, node, before, options);
  try {
    await drain(cluster, turn, before, say);
    options.signal?.throwIfAborted();
    say("restarts");
    await roll.change(node, before);
    const after = await factsOnceBack(cluster, node, before, options);
    const problem = await roll.problemAfter(node, after);
    if (problem !== undefined) throw new Error(problem);
    say(`runs Talos ${after.talosVersion}`);
    await waitUntilFine(() => missingIn(cluster, node, after), options);
    await uncordonOurs(cluster, node, say);
  } catch (error) {
    if (isOurs) say(`is still cordoned; run the command again, or kubectl uncordon ${node.name}`);
    throw error;
  }
  return true;
}

/** Workers are no danger to etcd, but where it is not well, nobody knows whether this roll is the cause. */
async function requireOthersUp(cluster: RollCluster, { node, toCome }: Turn): Promise<void> {
  await cluster.kubernetes?.mayGoOn();
  const others = cluster.nodes.filter(({ name, role }) => role === "controlplane" && name !== node.name);
  const [problems, stages] = await Promise.all([
    etcdProblemsOf(cluster),
    Promise.all(others.map(async (other) => ({ other, ...(await cluster.stageOf(other)) }))),
  ]);
  for (const { other, error, stage } of stages) {
    if (error !== undefined || stage !== "running") problems.push(`${other.name} is ${error ?? stage}`);
    // One that is still to come was left so by a run before this one.
    if (node.role !== "controlplane" || toCome.some(({ name }) => name === other.name)) continue;
    if ((await cluster.kubernetes?.nodeOf(other.name))?.isOurs) {
      problems.push(
        `${other.name} is still cordoned by a run of such a command that was stopped; run that again, or kubectl uncordon ${other.name}`,
      );
    }
  }
  if (problems.length > 0) throw new Error(`not touched, because ${problems.join("; ")}`);
}

/** How long a kubelet may take to tell of its last boot. */
const KUBELET_SECONDS = 60;

/** @returns whether it was us who have cordoned it, now or before */
async function cordon(
  { kubernetes }: RollCluster,
  { name }: TalosNode,
  { bootId }: NodeFacts,
  options: RollOptions,
): Promise<boolean> {
  if (kubernetes === undefined) return false;
  const timeoutSeconds = Math.min(options.timeoutSeconds, KUBELET_SECONDS);
  await waitUntilFine(() => otherMachine(kubernetes, name, bootId), { ...options, timeoutSeconds });
  const node = await kubernetes.nodeOf(name);
  // A node that somebody has cordoned stays so in the end.
  if (!node?.isCordoned) await kubernetes.cordon(name);
  options.say(`${name}: cordoned`);
  return node?.isOurs || !node?.isCordoned;
}

/** Why the Node in Kubernetes is not that of the machine which is about to restart. */
async function otherMachine(
  kubernetes: RollKubernetes,
  name: string,
  bootId: string | undefined,
): Promise<string | undefined> {
  const node = await kubernetes.nodeOf(name);
  if (node === undefined) return "Kubernetes has no Node of this name";
  return isOfBoot(node, bootId)
    ? undefined
    : "its Node in Kubernetes is another machine by its boot ID; correct its address in nodes.yaml, or name the kubeconfig of this cluster";
}

const isOfBoot = (node: KubernetesNode, bootId: string | undefined): boolean =>
  node.bootId === undefined || node.bootId === bootId;

async function drain(
  cluster: RollCluster,
  turn: Turn,
  before: NodeFacts,
  say: (text: string) => void,
): Promise<void> {
  if (cluster.kubernetes === undefined) return;
  const { node } = turn;
  await cluster.kubernetes.drain(node.name);
  say("drained");
  // That took its time, and somebody else may have done something in it.
  const { error, bootId } = await cluster.factsOf(node);
  if (error !== undefined) throw new Error(error);
  if (bootId !== before.bootId) {
    throw new Error("not touched, because somebody else has restarted it meanwhile");
  }
  await requireOthersUp(cluster, turn);
}

async function uncordonOurs({ kubernetes }: RollCluster, { name }: TalosNode, say: (text: string) => void) {
  const node = await kubernetes?.nodeOf(name);
  if (!node?.isOurs) return;
  await kubernetes?.uncordon(name);
  say("uncordoned");
}

/** Waits until a node has restarted. @returns what it says then */
async function factsOnceBack(
  cluster: RollCluster,
  node: TalosNode,
  before: NodeFacts,
  options: PollOptions,
): Promise<NodeFacts> {
  let now: NodeFacts = {};
  await waitUntilFine(async () => {
    now = await cluster.factsOf(node);
    return notBack(before, now);
  }, options);
  return now;
}

/** Only another boot ID shows that it has restarted: it answers for a while before it goes down. */
function notBack(before: NodeFacts, now: NodeFacts): string | undefined {
  if (now.error !== undefined) return now.error;
  if (now.bootId === before.bootId) return "it has not restarted";
  if (now.stage !== "running") return `it is ${now.stage ?? "in an unknown stage"}`;
  return now.isReady ? undefined : "it is not ready";
}

/** What the cluster still misses after a node has come back. */
async function missingIn(
  cluster: RollCluster,
  { name }: TalosNode,
  { bootId }: NodeFacts,
): Promise<string | undefined> {
  const [problem] = await etcdProblemsOf(cluster);
  if (problem !== undefined) return problem;
  if (cluster.kubernetes === undefined) return undefined;
  const node = await cluster.kubernetes.nodeOf(name).catch((error: Error) => error);
  if (node instanceof Error) return node.message;
  if (node === undefined) return "Kubernetes has no Node of this name";
  // Kubernetes takes a node for ready until it has been silent for a while.
  return node.isReady && isOfBoot(node, bootId) ? undefined : "its Node in Kubernetes is not ready";
}

const etcdProblemsOf = async (cluster: RollCluster): Promise<string[]> => [
  ...etcdProblems(namesOfControlPlanes(cluster.nodes), await cluster.etcdViews()),
];
