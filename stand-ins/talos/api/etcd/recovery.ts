import { clusterOf } from "../../etcd/cluster";
import { databaseOf, snapshotOf } from "../../etcd/snapshot";
import type { BootstrapRequest } from "../../protocol/messages";
import { ADMIN, type Role } from "../caller";
import { type CallContext, method, type Upload } from "../method";
import { RpcError } from "../rpc-error";
import { requireControlPlane, requireQuorum } from "./requirements";

const BACKUP: readonly Role[] = ["os:admin", "os:operator", "os:etcd:backup"];
const CHUNK_BYTES = 32 * 1024;

/** Starts a new etcd cluster, which the other control plane nodes join; with the data of a snapshot if one is asked for. */
export const bootstrap = method<BootstrapRequest>(
  ADMIN,
  async (context, { recoverEtcd, recoverSkipHashCheck }) => {
    const { machines, node } = context;
    requireControlPlane(context, "bootstrap");
    if (node.sequence || node.condition !== "RUNNING") {
      throw new RpcError("FAILED_PRECONDITION", "bootstrap is not available yet");
    }
    if (node.state.etcdMember) throw new RpcError("ALREADY_EXISTS", "etcd data directory is not empty");
    // With a snapshot, its objects are there again.
    if (!recoverEtcd) await machines.kubernetes?.forget(clusterOf(node));
    machines.etcd.bootstrap(node, recoverEtcd ? recovered(context, recoverSkipHashCheck) : undefined);
    await machines.applyChanges();
    return { messages: [{}] };
  },
  ({ recoverEtcd }) => (recoverEtcd ? "recover" : ""),
);

export const etcdSnapshot = method<object>(BACKUP, async function* (context) {
  const { machines, node } = context;
  requireControlPlane(context, "etcd snapshot");
  requireQuorum(context);
  const snapshot = snapshotOf(machines.etcd.database(node) ?? "");
  for (let at = 0; at < snapshot.length; at += CHUNK_BYTES) {
    yield { bytes: snapshot.subarray(at, at + CHUNK_BYTES) };
  }
});

/** Keeps an uploaded snapshot for a bootstrap; only that looks into it. */
export const etcdRecover = method<Upload>(
  ADMIN,
  (context, { bytes }) => {
    requireControlPlane(context, "etcd recover");
    context.node.snapshot = bytes;
    return { messages: [{}] };
  },
  ({ bytes }) => `(${bytes.length} bytes)`,
);

/** @throws RpcError where nothing was uploaded, or it is no snapshot */
function recovered({ node }: CallContext, skipHashCheck: boolean): string {
  const { snapshot } = node;
  if (!snapshot) {
    throw new RpcError(
      "UNKNOWN",
      "error restoring etcd: open /var/lib/etcd.snapshot: no such file or directory",
    );
  }
  try {
    return databaseOf(snapshot, skipHashCheck);
  } catch (error) {
    throw new RpcError("UNKNOWN", `error restoring etcd: ${(error as Error).message}`);
  }
}
