import { ADMIN, ANY_ROLE } from "./caller";
import { type CallContext, method } from "./method";
import { RpcError } from "./rpc-error";

export const bootstrap = method<object>(ADMIN, async (context) => {
  const { machines, node } = context;
  requireControlPlane(context, "bootstrap");
  if (node.sequence || node.condition !== "RUNNING") {
    throw new RpcError("FAILED_PRECONDITION", "bootstrap is not available yet");
  }
  if (node.state.etcdMember) throw new RpcError("ALREADY_EXISTS", "etcd data directory is not empty");
  machines.etcd.bootstrap(node);
  await machines.applyChanges();
  return { messages: [{}] };
});

export const etcdMemberList = method<object>(ANY_ROLE, (context) => {
  const { machines, node } = context;
  requireControlPlane(context, "member list");
  if (!node.state.etcdMember) throw new RpcError("UNAVAILABLE", "etcd is not running");
  const members = machines.etcd.members(node).map(({ id, hostname, address }) => ({
    id,
    hostname,
    peerUrls: [`https://${address}:2380`],
    clientUrls: [`https://${address}:2379`],
  }));
  return { messages: [{ legacyMembers: members.map(({ hostname }) => hostname), members }] };
});

/** @throws RpcError */
export function requireControlPlane({ node }: CallContext, api: string): void {
  if (!node.config?.main)
    throw new RpcError("UNIMPLEMENTED", `machine type is not set, cannot use ${api} API`);
  if (!node.isControlPlane) {
    throw new RpcError("UNIMPLEMENTED", `${api} is only available on control plane nodes`);
  }
}
