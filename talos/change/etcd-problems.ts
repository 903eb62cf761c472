import type { EtcdView } from "./facts";

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
    ...controlPlanes.flatMap((name) => problemsOfView(name, views)),
    ...(isSeenEqually(views) ? [] : [differences(views)]),
    ...strangers(controlPlanes, views),
  ];
}

function problemsOfView(name: string, views: readonly EtcdView[]): readonly string[] {
  const view = views.find(({ node }) => node === name);
  if (view === undefined) return [`etcd on ${name}: was not asked`];
  if (view.error !== undefined) return [`etcd on ${name}: ${view.error}`];
  const own = view.members.find(({ hostname }) => hostname === name);
  return [
    ...(own === undefined ? [`etcd on ${name}: it is no member`] : []),
    ...(own?.isLearner
      ? [`etcd on ${name}: it is a learner and has no vote yet; wait until it is a member`]
      : []),
    ...(view.leader === undefined ? [`etcd on ${name}: it has no leader`] : []),
    ...view.errors.map((error) => `etcd on ${name}: ${error}`),
    ...view.alarms.map((alarm) => `etcd on ${name}: alarm ${alarm}`),
  ];
}

/** Members that are no node of the cluster count for the quorum all the same. */
function strangers(controlPlanes: readonly string[], views: readonly EtcdView[]): readonly string[] {
  const names = new Map(views.flatMap(({ members }) => members.map(({ id, hostname }) => [id, hostname])));
  return [...names]
    .filter(([, hostname]) => !controlPlanes.includes(hostname ?? ""))
    .map(
      ([id, hostname]) =>
        `etcd has the member ${hostname || "(without a name)"} (${id}), which is no control plane of the cluster; remove it with talosctl etcd remove-member ${id}`,
    );
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
