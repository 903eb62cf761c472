import { quorumOf } from "../../domain/etcd";
import type { Problem } from "../diagnostic";
import type { ResolvedCluster } from "../resolve-cluster";

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
