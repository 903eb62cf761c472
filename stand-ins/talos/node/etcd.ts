import { createHash, randomBytes } from "node:crypto";
import { machineCa } from "../config/machine-config";
import type { EtcdMember } from "../model";
import type { Node } from "./node";

type Clusters = Record<string, readonly EtcdMember[]>;

/** The etcd clusters of all nodes. Who belongs together is told by the CA of the Talos API. */
export class Etcd {
  constructor(
    private readonly clusters: Clusters,
    private readonly nodes: readonly Node[],
    private readonly isReachable: (node: Node) => boolean,
  ) {}

  members(node: Node): readonly EtcdMember[] {
    return this.clusters[clusterOf(node)] ?? [];
  }

  /** Begins a new cluster on this node; whatever was there before is lost. */
  bootstrap(node: Node): void {
    this.clusters[clusterOf(node)] = [];
    this.add(node);
  }

  /** Every control plane node that runs joins the cluster of another, if there is one. */
  joinAll(): void {
    for (const node of this.nodes) {
      if (node.condition !== "RUNNING" || !node.isControlPlane || node.state.etcdMember) continue;
      if (this.started(node).length > 0) this.add(node);
    }
  }

  /** @throws where the rest would have no quorum */
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
    // One id is 64 bits; the first is left out so that it also fits a signed number.
    const id = (randomBytes(8).readBigUInt64BE() >> 1n).toString();
    const { address } = node.state;
    // Who was here with the same address has lost its data.
    const others = this.members(node).filter((member) => member.address !== address);
    this.clusters[clusterOf(node)] = [...others, { id, hostname: node.hostname, address }];
    node.state.etcdMember = id;
    node.announce();
  }

  /** The nodes of its cluster whose etcd works. */
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
