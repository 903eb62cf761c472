import { etcdProblems } from "../change/etcd-problems";
import type { EtcdView } from "../change/facts";
import { LiveCluster } from "../change/live-cluster";
import { namesOfControlPlanes } from "../change/preflight";
import type { Cluster } from "../cluster";
import { type EtcdSize, readEtcdSizes } from "../read/etcd-sizes";

/** etcd as each control plane sees it. */
export interface EtcdStatus {
  readonly members: readonly (EtcdView & Partial<EtcdSize>)[];
  /** What is not as it should be; empty if nothing is. */
  readonly problems: readonly string[];
}

/** Asks all control planes, and changes nothing. */
export async function readEtcdStatus(cluster: Cluster): Promise<EtcdStatus> {
  const [views, sizes] = await Promise.all([new LiveCluster(cluster).etcdViews(), readEtcdSizes(cluster)]);
  return {
    members: views.map((view) => ({ ...view, ...sizes.get(view.node) })),
    problems: etcdProblems(namesOfControlPlanes(cluster.nodes), views),
  };
}
