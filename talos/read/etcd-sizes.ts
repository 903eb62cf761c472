import type { Cluster } from "../cluster";
import { CallError } from "../errors";
import { forEachAtOnce } from "../for-each-at-once";
import { isControlPlane } from "../node";

/** The database of a member, as talosctl writes it: `12 MB`, `8.1 MB (67.50%)`. */
export interface EtcdSize {
  readonly dbSize: string;
  readonly inUse: string;
}

/** The databases of the members that answer, by the names of their nodes. */
export async function readEtcdSizes({
  talosctl,
  nodes,
}: Pick<Cluster, "talosctl" | "nodes">): Promise<ReadonlyMap<string, EtcdSize>> {
  const sizes = await forEachAtOnce(
    nodes.filter(isControlPlane),
    async (node): Promise<[string, EtcdSize][]> => {
      try {
        const [status] = await talosctl.table(node, ["etcd", "status"]);
        const { "DB SIZE": dbSize = "", "IN USE": inUse = "" } = status ?? {};
        return [[node.name, { dbSize, inUse }]];
      } catch (error) {
        // Why, is told by what the member sees of etcd.
        if (error instanceof CallError) return [];
        throw error;
      }
    },
  );
  return new Map(sizes.flat());
}
