import type { Cluster } from "../cluster";
import { nodeNamed, type TalosNode } from "../node";
import type { LiveCluster } from "./live-cluster";
import { type Removal, type RemovalCluster, removalProblems } from "./remove";

/** The removal of a node from a running cluster, by talosctl. */
export function liveRemoval(
  { talosctl, nodes }: Pick<Cluster, "talosctl" | "nodes">,
  live: LiveCluster,
  removal: Removal,
  timeoutSeconds: number,
): RemovalCluster {
  const timeoutMs = (timeoutSeconds + 30) * 1000;
  return {
    etcdViews: () => live.etcdViews(),
    problems: async () => removalProblems(await live.facts(), removal),
    ...(live.kubernetes && { kubernetes: live.kubernetes }),
    reset: async (node: TalosNode) => {
      // A graceful reset leaves etcd before anything is wiped, and wipes nothing where it cannot.
      await talosctl.run(node, ["reset", "--graceful", "--timeout", `${timeoutSeconds}s`], { timeoutMs });
    },
    removeMember: async (by: string, id: string) => {
      await talosctl.run(nodeNamed(nodes, by), ["etcd", "remove-member", id]);
    },
  };
}
