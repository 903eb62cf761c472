import type { EtcdRemoveMemberRequest } from "../../protocol/messages";
import { ADMIN, ANY_ROLE } from "../caller";
import { method } from "../method";
import { RpcError } from "../rpc-error";
import { requireControlPlane, requireQuorum, requireVote } from "./requirements";

export const etcdMemberList = method<object>(ANY_ROLE, (context) => {
  const { machines, node } = context;
  requireControlPlane(context, "member list");
  requireVote(context);
  const members = machines.etcd.members(node).map(({ id, hostname, address, learner = false }) => ({
    id,
    hostname,
    peerUrls: [`https://${address}:2380`],
    clientUrls: [`https://${address}:2379`],
    isLearner: learner,
  }));
  return { messages: [{ legacyMembers: members.map(({ hostname }) => hostname), members }] };
});

export const etcdForfeitLeadership = method<object>(ADMIN, (context) => {
  const { machines, node } = context;
  requireControlPlane(context, "etcd forfeit leadership");
  requireQuorum(context);
  if (machines.etcd.members(node).length === 1) {
    throw new RpcError("UNKNOWN", "failed to forfeit leadership: cannot forfeit leadership, only one member");
  }
  return { messages: [{ member: machines.etcd.forfeit(node) ?? "" }] };
});

export const etcdLeaveCluster = method<object>(ADMIN, async (context) => {
  const { machines, node } = context;
  requireControlPlane(context, "etcd leave");
  requireQuorum(context);
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
    requireQuorum(context);
    if (!context.machines.etcd.remove(context.node, memberId)) {
      throw new RpcError("NOT_FOUND", "etcdserver: member not found");
    }
    await context.machines.applyChanges();
    return { messages: [{}] };
  },
  ({ memberId }) => BigInt(memberId).toString(16),
);
