/** How many of `size` members etcd needs to keep working: more than half. */
export function quorumOf(size: number): number {
  return Math.floor(size / 2) + 1;
}
