/** How many of `size` members etcd needs to keep working: more than half. */
export function quorumOf(size: number): number {
  return Math.floor(size / 2) + 1;
}

/** Why `size` members do not survive the loss of one of them; undefined if they do. */
export function lossProblem(size: number): string | undefined {
  if (size - 1 >= quorumOf(size)) return undefined;
  return size === 1
    ? "etcd has only one member, so it is down while this node restarts, and lost if the node does not come back"
    : `etcd has ${size} members and needs ${quorumOf(size)}, so it is down while one restarts, and stays down if that node does not come back`;
}

/** Why a member cannot be taken out of etcd for good; undefined if it can. */
export function removalProblem(size: number, healthy: number, isHealthy: boolean): string | undefined {
  if (size === 1) return "it is the last member of etcd, and the cluster would be gone with it";
  const left = healthy - (isHealthy ? 1 : 0);
  const needed = quorumOf(size - 1);
  // etcd itself asks the members that are there now.
  if (healthy < quorumOf(size)) return `etcd has no quorum: ${healthy} of ${size} members are healthy`;
  if (left >= needed) return undefined;
  return `etcd would have ${size - 1} members, ${left} of them healthy, and needs ${needed}`;
}
