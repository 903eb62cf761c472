import { createHash, randomBytes } from "node:crypto";
import { machineCa } from "../config/machine-config";
import type { EtcdMember } from "../model";
import type { Node } from "./node";

type Clusters = Record<string, readonly EtcdMember[]>;

/** The etcd clusters of all nodes. Nodes with the same Talos API CA belong to the same cluster. */
export class Etcd {
  /** Members that have given up the lead. */
  private readonly resigned = new Set<string>();

  constructor(
    private readonly clusters: Clusters,
    private readonly nodes: readonly Node[],
    private readonly isReachable: (node: Node) => boolean,
  ) {}

  members(node: Node): readonly EtcdMember[] {
    return this.clusters[clusterOf(node)] ?? [];
  }

  /** Starts a new cluster on this node; an earlier one is lost. */
  bootstrap(node: Node): void {
    this.clusters[clusterOf(node)] = [];
    this.add(node);
  }

  /** Lets every running control plane node join the etcd cluster that runs on the others, if there is one. */
  joinAll(): void {
    for (const node of this.nodes) {
      const { etcdMember, etcdLeft } = node.state;
      if (node.condition !== "RUNNING" || !node.isControlPlane || etcdMember || etcdLeft) continue;
      if (this.hasQuorum(node)) this.add(node);
    }
  }

  /** Whether it has a member in its cluster: one that was removed by others has none. */
  isMember(node: Node): boolean {
    return this.members(node).some(({ id }) => id === node.state.etcdMember);
  }

  /** Whether more than half of the members of its cluster run. Without them, etcd neither answers nor changes. */
  hasQuorum(node: Node): boolean {
    const members = this.members(node);
    return members.length > 0 && this.started(node).length >= quorumOf(members);
  }

  /** The members of its cluster that do not run. */
  stopped(node: Node): readonly EtcdMember[] {
    const started = new Set(this.started(node).map(({ state }) => state.etcdMember));
    return this.members(node).filter(({ id }) => !started.has(id));
  }

  /** The ID of the member that leads; undefined without a quorum. */
  leader(node: Node): string | undefined {
    if (!this.hasQuorum(node)) return undefined;
    const started = this.started(node).map(({ state }) => state.etcdMember);
    const ahead = this.members(node).filter(({ id }) => started.includes(id) && !this.resigned.has(id));
    return (ahead[0] ?? this.members(node).find(({ id }) => started.includes(id)))?.id;
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

  /** Removes a member. Its node keeps its data, and has no etcd until that is wiped. @returns whether there was one */
  remove(node: Node, id: string): boolean {
    const members = this.members(node);
    const others = members.filter((member) => member.id !== id);
    this.clusters[clusterOf(node)] = others;
    return others.length < members.length;
  }

  /** @throws where the other members would have no quorum */
  leave(node: Node): void {
    const { etcdMember } = node.state;
    if (!etcdMember) return;
    const others = this.members(node).filter(({ id }) => id !== etcdMember);
    const started = this.started(node).filter((other) => other !== node);
    if (started.length < quorumOf(others)) {
      throw new Error(
        `failed to leave cluster: failed to remove member ${etcdMember}: etcdserver: re-configuration failed due to not enough started members`,
      );
    }
    this.clusters[clusterOf(node)] = others;
    node.state.etcdMember = undefined;
    node.state.etcdLeft = true;
  }

  private add(node: Node): void {
    // An ID has 64 bits; the first one is 0, so that it also fits into a signed number.
    const id = (randomBytes(8).readBigUInt64BE() >> 1n).toString();
    const { address } = node.state;
    // An earlier member with the same address has lost its data.
    const others = this.members(node).filter((member) => member.address !== address);
    this.clusters[clusterOf(node)] = [...others, { id, hostname: node.hostname, address }];
    node.state.etcdMember = id;
    node.announce();
  }

  /** The nodes of its cluster whose etcd runs. */
  private started(node: Node): readonly Node[] {
    const ids = new Set(this.members(node).map(({ id }) => id));
    return this.nodes.filter(
      (other) =>
        other.condition === "RUNNING" && this.isReachable(other) && ids.has(other.state.etcdMember ?? ""),
    );
  }
}

const quorumOf = (members: readonly EtcdMember[]): number => Math.floor(members.length / 2) + 1;

/** The same for all nodes of a cluster. */
export function clusterOf(node: Node): string {
  const crt = node.config ? machineCa(node.config).crt : "";
  return createHash("sha256").update(crt).digest("hex");
}
