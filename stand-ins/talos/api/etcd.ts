import { clusterOf } from "../node/etcd";
import type { EtcdRemoveMemberRequest } from "../protocol/messages";
import { ADMIN, ANY_ROLE, OPERATORS, READERS } from "./caller";
import { type CallContext, method } from "./method";
import { RpcError } from "./rpc-error";

/** The size of an empty database. */
const DB_BYTES = 2 ** 20;

export const bootstrap = method<object>(ADMIN, async (context) => {
  const { machines, node } = context;
  requireControlPlane(context, "bootstrap");
  if (node.sequence || node.condition !== "RUNNING") {
    throw new RpcError("FAILED_PRECONDITION", "bootstrap is not available yet");
  }
  if (node.state.etcdMember) throw new RpcError("ALREADY_EXISTS", "etcd data directory is not empty");
  await machines.kubernetes?.forget(clusterOf(node));
  machines.etcd.bootstrap(node);
  await machines.applyChanges();
  return { messages: [{}] };
});

export const etcdMemberList = method<object>(ANY_ROLE, (context) => {
  const { machines, node } = context;
  requireControlPlane(context, "member list");
  requireEtcd(context);
  const members = machines.etcd.members(node).map(({ id, hostname, address }) => ({
    id,
    hostname,
    peerUrls: [`https://${address}:2380`],
    clientUrls: [`https://${address}:2379`],
  }));
  return { messages: [{ legacyMembers: members.map(({ hostname }) => hostname), members }] };
});

export const etcdStatus = method<object>(READERS, (context) => {
  const { machines, node } = context;
  requireControlPlane(context, "etcd status");
  requireMember(context);
  const leader = machines.etcd.leader(node);
  const memberStatus = {
    memberId: node.state.etcdMember,
    ...{ protocolVersion: "3.6.8", storageVersion: "3.6.0", dbSize: DB_BYTES, dbSizeInUse: DB_BYTES / 2 },
    ...{ leader: leader ?? "0", raftIndex: "100", raftTerm: "2", raftAppliedIndex: "100" },
    errors: leader === undefined ? ["etcdserver: no leader"] : [],
  };
  return { messages: [{ memberStatus }] };
});

/** No member has an alarm. */
export const etcdAlarms = method<object>(READERS, (context) => {
  requireControlPlane(context, "etcd alarm list");
  requireEtcd(context);
  return { messages: [{ memberAlarms: [] }] };
});

export const etcdDefragment = method<object>(OPERATORS, (context) => {
  requireControlPlane(context, "etcd defragment");
  requireMember(context);
  return { messages: [{}] };
});

export const etcdForfeitLeadership = method<object>(OPERATORS, (context) => {
  const { machines, node } = context;
  requireControlPlane(context, "etcd forfeit leadership");
  requireEtcd(context);
  if (machines.etcd.members(node).length === 1) {
    throw new RpcError("UNKNOWN", "failed to forfeit leadership: cannot forfeit leadership, only one member");
  }
  return { messages: [{ member: machines.etcd.forfeit(node) ?? "" }] };
});

export const etcdLeaveCluster = method<object>(ADMIN, async (context) => {
  const { machines, node } = context;
  requireControlPlane(context, "etcd leave");
  requireEtcd(context);
  try {
    machines.etcd.leave(node);
  } catch (error) {
    throw new RpcError("UNKNOWN", (error as Error).message);
  }
  await machines.applyChanges();
  return { messages: [{}] };
});

export const etcdRemoveMember = method<EtcdRemoveMemberRequest>(
  ADMIN,
  async (context, { memberId }) => {
    requireControlPlane(context, "etcd remove member");
    requireEtcd(context);
    if (!context.machines.etcd.remove(context.node, memberId)) {
      throw new RpcError("NOT_FOUND", "etcdserver: member not found");
    }
    await context.machines.applyChanges();
    return { messages: [{}] };
  },
  ({ memberId }) => BigInt(memberId).toString(16),
);

/** @throws RpcError where this node has no etcd */
function requireMember({ machines, node }: CallContext): void {
  if (!machines.etcd.isMember(node)) throw new RpcError("UNAVAILABLE", "etcd is not running");
}

/** @throws RpcError where this node has no etcd, or too many members of its cluster are down */
function requireEtcd(context: CallContext): void {
  requireMember(context);
  if (!context.machines.etcd.hasQuorum(context.node)) {
    throw new RpcError("UNAVAILABLE", "etcdserver: no leader");
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
