import type { EtcdMember, EtcdView } from "./facts";

/**
 * What keeps etcd from standing the loss of a member: a control plane that is no member or does not answer, members that are seen
 * differently, a learner, a member without its node, no leader, an error, an alarm.
 *
 * @param controlPlanes the names of the nodes that should be the members
 * @param views of all of them
 */
export function etcdProblems(
  controlPlanes: readonly string[],
  views: readonly EtcdView[],
): readonly string[] {
  return [
    ...controlPlanes.flatMap((name) => memberProblems(name, views)),
    ...(isSeenEqually(views) ? [] : [differences(views)]),
    ...unknownMembersIn(controlPlanes, views).map(strangerProblem),
  ];
}

/** The member on the node that was asked: by its ID where that is known, since its name may be another one. */
export function ownMember({ node, ownId, members }: EtcdView): EtcdMember | undefined {
  return members.find(({ id, hostname }) => (ownId === undefined ? hostname === node : id === ownId));
}

/** Why the member on a node is not the one of its name; undefined if it is, or there is none. */
export function misnamedMember(view: EtcdView): string | undefined {
  const own = ownMember(view);
  if (own === undefined || own.hostname === view.node) return undefined;
  return `is called ${own.hostname}, so another machine answers there, or its hostname is not its name; correct its name or address in nodes.yaml`;
}

/** What is wrong with the member on one control plane. */
export function memberProblems(name: string, views: readonly EtcdView[]): readonly string[] {
  const view = views.find(({ node }) => node === name);
  if (view === undefined) return [`etcd on ${name}: was not asked`];
  if (view.error !== undefined) return [`etcd on ${name}: ${view.error}`];
  const own = ownMember(view);
  const misnamed = misnamedMember(view);
  return [
    ...(misnamed === undefined ? [] : [`etcd on ${name}: its member ${misnamed}`]),
    ...(own === undefined ? [`etcd on ${name}: it is no member`] : []),
    ...(own?.isLearner
      ? [`etcd on ${name}: it is a learner and has no vote yet; wait until it is a member`]
      : []),
    ...(view.leader === undefined ? [`etcd on ${name}: it has no leader`] : []),
    ...view.errors.map((error) => `etcd on ${name}: ${error}`),
    ...view.alarms.map((alarm) => `etcd on ${name}: alarm ${alarm}`),
  ];
}

/** Members that no control plane of the cluster is known to run. They still count for the quorum. */
export function unknownMembersIn(
  controlPlanes: readonly string[],
  views: readonly EtcdView[],
): readonly EtcdMember[] {
  const members = new Map(views.flatMap((view) => view.members.map((member) => [member.id, member])));
  const known = views.map((view) => ownMember(view)?.id);
  return [...members.values()].filter(
    ({ id, hostname }) => !controlPlanes.includes(hostname) && !known.includes(id),
  );
}

export function strangerProblem({ id, hostname }: EtcdMember): string {
  const removal = `remove it with talosctl etcd remove-member ${id}`;
  return hostname === ""
    ? `etcd has a member without a name (${id}), which has not started yet; wait for it, or ${removal}`
    : `etcd has the member ${hostname} (${id}), which is no control plane of the cluster; if its machine is gone for good, ${removal}`;
}

const seenBy = ({ members, leader }: EtcdView): string =>
  JSON.stringify([leader, ...members.map(({ id, isLearner }) => `${id} ${isLearner}`).sort()]);

function isSeenEqually(views: readonly EtcdView[]): boolean {
  const answers = views.filter(({ error }) => error === undefined);
  return new Set(answers.map(seenBy)).size <= 1;
}

function differences(views: readonly EtcdView[]): string {
  const seen = views
    .filter(({ error }) => error === undefined)
    .map(
      ({ node, members, leader }) =>
        `${node} sees ${members.map(({ hostname }) => hostname).join(", ") || "nobody"} led by ${leader ?? "nobody"}`,
    );
  return `etcd is seen differently: ${seen.join("; ")}`;
}
