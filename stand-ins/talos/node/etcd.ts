import { createHash, randomBytes } from "node:crypto";
import { machineCa } from "../config/machine-config";
import type { EtcdMember } from "../model";
import type { Node } from "./node";

type Clusters = Record<string, readonly EtcdMember[]>;

/** The etcd clusters of all nodes. Nodes with the same Talos API CA belong to the same cluster. */
export class Etcd {
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
      if (node.condition !== "RUNNING" || !node.isControlPlane || node.state.etcdMember) continue;
      if (this.started(node).length > 0) this.add(node);
    }
  }

  /** @throws where the other members would have no quorum */
  leave(node: Node): void {
    const { etcdMember } = node.state;
    if (!etcdMember) return;
    const others = this.members(node).filter(({ id }) => id !== etcdMember);
    const started = this.started(node).filter((other) => other !== node);
    if (started.length < Math.floor(others.length / 2) + 1) {
      throw new Error(
        `failed to leave cluster: failed to remove member ${etcdMember}: etcdserver: re-configuration failed due to not enough started members`,
      );
    }
    this.clusters[clusterOf(node)] = others;
    node.state.etcdMember = undefined;
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

function clusterOf(node: Node): string {
  const crt = node.config ? machineCa(node.config).crt : "";
  return createHash("sha256").update(crt).digest("hex");
}
