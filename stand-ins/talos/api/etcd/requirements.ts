import type { CallContext } from "../method";
import { RpcError } from "../rpc-error";

/** @throws RpcError where this node has no etcd */
export function requireMember({ machines, node }: CallContext): void {
  if (!machines.etcd.isMember(node)) throw new RpcError("UNAVAILABLE", "etcd is not running");
}

/** @throws RpcError where this node has no etcd, or too many members of its cluster are down */
export function requireQuorum(context: CallContext): void {
  requireMember(context);
  if (!context.machines.etcd.hasQuorum(context.node)) {
    throw new RpcError("UNAVAILABLE", "etcdserver: no leader");
  }
}

/** @throws RpcError where the member of this node cannot answer for its cluster */
export function requireVote(context: CallContext): void {
  requireQuorum(context);
  if (context.machines.etcd.isLearner(context.node)) {
    throw new RpcError("UNAVAILABLE", "etcdserver: rpc not supported for learner");
  }
}

/** @throws RpcError */
export function requireControlPlane({ node }: CallContext, api: string): void {
  if (!node.config?.main)
    throw new RpcError("UNIMPLEMENTED", `machine type is not set, cannot use ${api} API`);
  if (!node.isControlPlane) {
    throw new RpcError("UNIMPLEMENTED", `${api} is only available on control plane nodes`);
  }
}
