import { removalProblem } from "../../domain/etcd";
import type { TalosNode } from "../node";
import { misnamedMember, unknownMembersIn } from "./etcd-problems";
import type { EtcdMember, EtcdView, NodeFacts } from "./facts";
import { type PollOptions, waitUntilFine } from "./poll";
import { type ClusterFacts, namesOfControlPlanes } from "./preflight";
import type { RollCluster, RollKubernetes } from "./roll";

/** What the removal of a node asks of the cluster. */
export interface RemovalCluster extends Pick<RollCluster, "etcdViews"> {
  /** Why the node cannot be taken out any more; empty if it can. */
  problems(): Promise<readonly string[]>;
  /** Lets a node leave etcd, wipes it and powers it off. */
  reset(node: TalosNode): Promise<void>;
  /** Takes a member out of etcd, by way of another control plane. */
  removeMember(by: string, id: string): Promise<void>;
  /** Undefined if Kubernetes is not to be asked. */
  readonly kubernetes?: RollKubernetes & { remove(name: string): Promise<boolean> };
}

export interface Removal {
  readonly node: TalosNode;
  /** That the node is gone for good and will never answer again. */
  readonly isLost: boolean;
}

export const isControlPlaneNode = ({ node }: Removal): boolean => node.role === "controlplane";

/** Why a node cannot be taken out of the cluster now; empty if it can. */
export function removalProblems(
  { facts, etcd, kubernetes, nodes }: ClusterFacts,
  { node, isLost }: Removal,
): readonly string[] {
  const { error } = facts.get(node.name) ?? {};
  const problems: string[] = [];
  if (error !== undefined && !isLost) {
    problems.push(
      `${node.name} does not answer: ${error}; start it, or pass --lost if it is gone for good or was wiped before`,
    );
  }
  if (error === undefined && isLost) {
    problems.push(
      `${node.name} answers, so it is not lost; leave out --lost, and it leaves the cluster by itself`,
    );
  }
  const wrongNode = isLost || error !== undefined ? undefined : nodeProblem({ facts, kubernetes }, node);
  if (wrongNode !== undefined) problems.push(wrongNode);
  if (node.role !== "controlplane") return problems;
  if (nodes.filter(({ role }) => role === "controlplane").length === 1) {
    return [...problems, `${node.name} is the only control plane; the cluster would be gone with it`];
  }
  const others = etcd.filter((view) => view.node !== node.name && view.error === undefined);
  const members = others[0]?.members;
  if (members === undefined) return [...problems, "no other control plane tells the members of etcd"];
  return [...problems, ...membershipProblems(node.name, members, { etcd, nodes })];
}

function membershipProblems(
  name: string,
  members: readonly EtcdMember[],
  { etcd, nodes }: Pick<ClusterFacts, "etcd" | "nodes">,
): readonly string[] {
  const own = etcd.find(({ node }) => node === name);
  const misnamed = own && misnamedMember(own);
  if (misnamed !== undefined) return [`${name}: its member of etcd ${misnamed}`];
  const member = members.find(({ hostname }) => hostname === name);
  if (member === undefined) {
    return unknownMembersIn(namesOfControlPlanes(nodes), etcd).map(
      ({ id, hostname }) =>
        `${name} is no member of etcd by its name, but ${hostname || "one without a name"} (${id}) may be it; if it is, or its machine is gone for good, remove it first with talosctl etcd remove-member ${id}`,
    );
  }
  if (member.isLearner) return [];
  const voters = members.filter(({ isLearner }) => !isLearner);
  const healthy = voters.filter((voter) => isHealthy(voter, etcd));
  const quorum = removalProblem(
    voters.length,
    healthy.length,
    healthy.some(({ hostname }) => hostname === name),
  );
  return quorum === undefined ? [] : [`${name}: ${quorum}`];
}

/** Whether the machine that answers is that of the Node in Kubernetes, which knows its boot. */
function nodeProblem(
  { facts, kubernetes }: Pick<ClusterFacts, "facts" | "kubernetes">,
  { name, apiEndpoint }: TalosNode,
): string | undefined {
  const { bootId } = facts.get(name) ?? {};
  if (kubernetes === undefined) return undefined;
  const known = kubernetes.get(name);
  if (known === undefined) {
    return `${name}: Kubernetes has no Node of this name, so no pod can be evicted; if there is none on it, pass --no-drain`;
  }
  if (!known.isReady || known.bootId === undefined || bootId === undefined) return undefined;
  if (known.bootId === bootId) return undefined;
  return `${name}: the machine at ${apiEndpoint} is another one than its Node in Kubernetes, or has just restarted; correct its address in nodes.yaml, or wait a minute`;
}

/** It answers, and has a leader. */
function isHealthy({ hostname }: EtcdMember, views: readonly EtcdView[]): boolean {
  const view = views.find(({ node }) => node === hostname);
  return view !== undefined && view.error === undefined && view.leader !== undefined;
}

/** What is going to happen to a node, in words. */
export function removalSteps(
  { node, isLost }: Removal,
  { facts, etcd, kubernetes }: ClusterFacts,
): readonly string[] {
  const { name, role } = node;
  const isMember = etcd.some(
    (view) => view.node !== name && view.members.some(({ hostname }) => hostname === name),
  );
  const isControlPlane = role === "controlplane";
  const { error } = facts.get(name) ?? {};
  return [
    ...(isLost && error !== undefined ? [`it is taken for lost, since it does not answer: ${error}`] : []),
    ...(!isLost && kubernetes?.has(name) ? ["its pods are evicted"] : []),
    ...(!isLost && error === undefined
      ? [`${isControlPlane ? "it leaves etcd, " : "it "}is wiped and powered off`]
      : []),
    ...(isLost && isControlPlane && isMember ? ["its member is removed from etcd"] : []),
    ...(kubernetes?.has(name) ? ["its Node in Kubernetes is deleted"] : []),
    ...(kubernetes
      ? []
      : [`its Node in Kubernetes stays, since that is not asked; kubectl delete node ${name}`]),
  ];
}

export interface RemovalOptions extends PollOptions {
  readonly say: (line: string) => void;
}

/**
 * Takes a node out of the cluster. What is done already is skipped, so it can be run again.
 * @throws Error if a step fails, or the reason of the signal; nothing after it is done
 */
export async function removeNode(
  cluster: RemovalCluster,
  { node, isLost }: Removal,
  facts: NodeFacts,
  options: RemovalOptions,
): Promise<void> {
  const { name, role } = node;
  const say = (text: string) => options.say(`${name}: ${text}`);
  const { kubernetes } = cluster;
  await kubernetes?.mayGoOn();
  if (!isLost && facts.error === undefined) {
    const known = await kubernetes?.nodeOf(name);
    try {
      if (known !== undefined) {
        if (!known.isCordoned) await kubernetes?.cordon(name);
        options.signal?.throwIfAborted();
        await kubernetes?.drain(name);
        say("drained");
        // That took its time, and another node may have gone down in it.
        const problems = await cluster.problems();
        if (problems.length > 0) throw new Error(`not wiped, because ${problems.join("; ")}`);
      }
      options.signal?.throwIfAborted();
      await kubernetes?.mayGoOn();
      await cluster.reset(node);
    } catch (error) {
      if (known !== undefined) {
        say(`is still cordoned; run the command again, or kubectl uncordon ${name}`);
      }
      throw error;
    }
    say("wiped");
  }
  if (role === "controlplane") await leaveEtcd(cluster, name, say, options);
  options.signal?.throwIfAborted();
  if (await kubernetes?.remove(name)) say("its Node in Kubernetes is deleted");
}

/** A node that could not leave by itself is removed by another one. While they elect a leader, none of them answers. */
async function leaveEtcd(
  cluster: RemovalCluster,
  name: string,
  say: (text: string) => void,
  options: PollOptions,
): Promise<void> {
  const removed = new Set<string>();
  const problem = async (): Promise<string | undefined> => {
    const views = await cluster.etcdViews();
    const view = views.find(({ node, error }) => node !== name && error === undefined);
    if (view === undefined) return "no other control plane tells the members of etcd";
    const left = view.members.filter(({ hostname }) => hostname === name);
    const next = left.find(({ id }) => !removed.has(id));
    if (next === undefined) {
      return left.length === 0 ? undefined : `${name} is still a member of etcd, as ${view.node} sees it`;
    }
    await cluster.removeMember(view.node, next.id);
    removed.add(next.id);
    say(`removed from etcd by ${view.node}`);
    return problem();
  };
  await waitUntilFine(problem, options);
  say("is no member of etcd");
}
