import { ANY_ROLE, OPERATORS } from "../caller";
import { type CallContext, method } from "../method";
import { requireControlPlane, requireMember, requireVote } from "./requirements";

/** The size of an empty database, half of which is unused until it is defragmented. */
const DB_BYTES = 2 ** 20;

export const etcdStatus = method<object>(ANY_ROLE, (context) => {
  const { machines, node } = context;
  const { etcd } = machines;
  requireControlPlane(context, "etcd status");
  requireMember(context);
  const leader = etcd.leader(node);
  const used = DB_BYTES / 2;
  const memberStatus = {
    memberId: node.state.etcdMember,
    ...{ protocolVersion: "3.6.8", storageVersion: "3.6.0" },
    ...{ dbSize: etcd.isDefragmented(node) ? used : DB_BYTES, dbSizeInUse: used },
    ...{ leader: leader ?? "0", raftIndex: "100", raftTerm: "2", raftAppliedIndex: "100" },
    isLearner: etcd.isLearner(node),
    errors: [
      ...alarmsIn(context).map(({ memberId, alarm }) => `memberID:${memberId} alarm:${alarm} `),
      ...(leader === undefined ? ["etcdserver: no leader"] : []),
    ],
  };
  return { messages: [{ memberStatus }] };
});

export const etcdAlarmList = method<object>(ANY_ROLE, (context) => {
  requireControlPlane(context, "etcd alarm list");
  requireVote(context);
  return { messages: [{ memberAlarms: alarmsIn(context) }] };
});

/** Disarms the alarms of all members, and lists what it has disarmed. */
export const etcdAlarmDisarm = method<object>(OPERATORS, (context) => {
  const { machines, node } = context;
  requireControlPlane(context, "etcd alarm disarm");
  requireVote(context);
  const memberAlarms = alarmsIn(context);
  for (const member of machines.clusterOf(node)) machines.faults.disarm(member.name);
  return { messages: [{ memberAlarms }] };
});

export const etcdDefragment = method<object>(OPERATORS, (context) => {
  requireControlPlane(context, "etcd defragment");
  requireMember(context);
  context.machines.etcd.defragment(context.node);
  return { messages: [{}] };
});

function alarmsIn({ machines, node }: CallContext) {
  const { etcd, faults } = machines;
  return machines.nodes.flatMap(({ name, state: { etcdMember } }) => {
    const isMember = etcd.members(node).some(({ id }) => id === etcdMember);
    const alarm = faults.alarmOf(name);
    return isMember && alarm ? [{ memberId: etcdMember, alarm }] : [];
  });
}
