import { createHash, randomBytes, randomUUID } from "node:crypto";
import { machineCa } from "../config/machine-config";
import type { EtcdCluster, EtcdMember } from "../model";
import type { Node } from "../node/node";

/** What keeps a node from its part in etcd. */
export interface EtcdFaults {
  readonly isUnreachable: (node: string) => boolean;
  /** Whether its member lags behind the leader, and gets no vote. */
  readonly staysLearner: (node: string) => boolean;
}

/** The etcd clusters of all nodes. Nodes with the same Talos API CA belong to the same cluster. */
export class Etcd {
  /** Members that have given up the lead. */
  private readonly resigned = new Set<string>();
  /** Members whose database has no unused space. */
  private readonly defragmented = new Set<string>();

  constructor(
    private readonly clusters: Record<string, EtcdCluster>,
    private readonly nodes: readonly Node[],
    private readonly faults: EtcdFaults,
  ) {}

  members(node: Node): readonly EtcdMember[] {
    return this.clusters[clusterOf(node)]?.members ?? [];
  }

  /** The ID of the database that its members have. */
  database(node: Node): string | undefined {
    return this.clusters[clusterOf(node)]?.database;
  }

  /**
   * Starts a new cluster on this node; an earlier one is lost.
   * @param database of a snapshot
   */
  bootstrap(node: Node, database: string = randomUUID()): void {
    this.clusters[clusterOf(node)] = { database, members: [] };
    this.add(node, false);
  }

  /** Lets every running control plane node join the etcd cluster that runs on the others, if there is one. */
  joinAll(): void {
    for (const node of this.nodes) {
      const { etcdMember, etcdLeft } = node.state;
      if (node.condition !== "RUNNING" || !node.isControlPlane || etcdMember || etcdLeft) continue;
      if (this.hasQuorum(node)) this.add(node, true);
    }
    this.promoteLearners();
  }

  /** Whether it has a member in its cluster: one that was removed by others has none. */
  isMember(node: Node): boolean {
    return this.member(node) !== undefined;
  }

  /** Whether its member has no vote yet. */
  isLearner(node: Node): boolean {
    return this.member(node)?.learner ?? false;
  }

  /** Whether more than half of the members with a vote run. Without them, etcd neither answers nor changes. */
  hasQuorum(node: Node): boolean {
    const voters = votersOf(this.members(node));
    return voters.length > 0 && votersOf(this.started(node)).length >= quorumOf(voters);
  }

  /** The members of its cluster that do not run. */
  stopped(node: Node): readonly EtcdMember[] {
    const started = this.started(node);
    return this.members(node).filter((member) => !started.includes(member));
  }

  /** The ID of the member that leads; undefined without a quorum. */
  leader(node: Node): string | undefined {
    if (!this.hasQuorum(node)) return undefined;
    const voters = votersOf(this.started(node));
    return (voters.find(({ id }) => !this.resigned.has(id)) ?? voters[0])?.id;
  }

  /** Lets another member lead. @returns the name of the new leader, or undefined if this node does not lead */
  forfeit(node: Node): string | undefined {
    const { etcdMember } = node.state;
    if (etcdMember === undefined || this.leader(node) !== etcdMember) return undefined;
    this.resigned.clear();
    this.resigned.add(etcdMember);
    const leader = this.leader(node);
    return this.members(node).find(({ id }) => id === leader)?.hostname;
  }

  /** Gives the unused space of its database back. */
  defragment(node: Node): void {
    if (node.state.etcdMember) this.defragmented.add(node.state.etcdMember);
  }

  isDefragmented(node: Node): boolean {
    return this.defragmented.has(node.state.etcdMember ?? "");
  }

  /** Removes a member. Its node keeps its data, and has no etcd until that is wiped. @returns whether there was one */
  remove(node: Node, id: string): boolean {
    const members = this.members(node);
    const others = members.filter((member) => member.id !== id);
    this.setMembers(node, others);
    return others.length < members.length;
  }

  /** @throws where the other members would have no quorum */
  leave(node: Node): void {
    const { etcdMember } = node.state;
    if (!etcdMember) return;
    const others = this.members(node).filter(({ id }) => id !== etcdMember);
    const started = this.started(node).filter(({ id }) => id !== etcdMember);
    if (votersOf(started).length < quorumOf(votersOf(others))) {
      throw new Error(
        `failed to leave cluster: failed to remove member ${etcdMember}: etcdserver: re-configuration failed due to not enough started members`,
      );
    }
    this.setMembers(node, others);
    node.state.etcdMember = undefined;
    node.state.etcdLeft = true;
  }

  private add(node: Node, learner: boolean): void {
    // An ID has 64 bits; the first one is 0, so that it also fits into a signed number.
    const id = (randomBytes(8).readBigUInt64BE() >> 1n).toString();
    const { address } = node.state;
    // An earlier member with the same address has lost its data.
    const others = this.members(node).filter((member) => member.address !== address);
    this.setMembers(node, [...others, { id, hostname: node.hostname, address, ...(learner && { learner }) }]);
    node.state.etcdMember = id;
    node.announce();
  }

  /** Talos gives a new member its vote as soon as it has caught up, which takes no time here. */
  private promoteLearners(): void {
    for (const node of this.nodes) {
      const { etcdMember } = node.state;
      if (!this.isLearner(node) || !this.isUp(node) || this.faults.staysLearner(node.name)) continue;
      this.setMembers(
        node,
        this.members(node).map(({ learner, ...member }) =>
          learner && member.id !== etcdMember ? { ...member, learner } : member,
        ),
      );
    }
  }

  private member(node: Node): EtcdMember | undefined {
    return this.members(node).find(({ id }) => id === node.state.etcdMember);
  }

  private setMembers(node: Node, members: readonly EtcdMember[]): void {
    const database = this.database(node) ?? randomUUID();
    this.clusters[clusterOf(node)] = { database, members };
  }

  /** The members of its cluster whose etcd runs. */
  private started(node: Node): readonly EtcdMember[] {
    const up = new Set(this.nodes.filter((other) => this.isUp(other)).map(({ state }) => state.etcdMember));
    return this.members(node).filter(({ id }) => up.has(id));
  }

  private isUp(node: Node): boolean {
    return node.condition === "RUNNING" && !this.faults.isUnreachable(node.name);
  }
}

const votersOf = (members: readonly EtcdMember[]) => members.filter(({ learner }) => !learner);
const quorumOf = (voters: readonly EtcdMember[]): number => Math.floor(voters.length / 2) + 1;

/** The same for all nodes of a cluster. */
export function clusterOf(node: Node): string {
  const crt = node.config ? machineCa(node.config).crt : "";
  return createHash("sha256").update(crt).digest("hex");
}
