import type { Problem } from "../errors";
import type { ResolvedCluster } from "../resolve-cluster";

/** The members that etcd needs of `size` to keep working. */
function quorumOf(size: number): number {
  return Math.floor(size / 2) + 1;
}

/** etcd wants an odd number: an even one survives no more failures than one fewer, and has one more to fail. */
export function* checkControlPlane({ nodes }: ResolvedCluster): Iterable<Problem> {
  const count = nodes.filter(({ config }) => config.role === "controlplane").length;
  if (count === 0) {
    yield { path: ["nodes"], text: "has no control plane; set controller: true for one node, or for three" };
  } else if (count % 2 === 0) {
    const survives = count - quorumOf(count);
    const text = `has ${count} control planes, which survive the loss of ${survives} like ${count - 1} do`;
    yield { path: ["nodes"], text: `${text}; make it ${count - 1} or ${count + 1}` };
  }
}
