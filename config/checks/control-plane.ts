import { quorumOf } from "../../domain/etcd";
import type { Problem } from "../diagnostic";
import type { ResolvedCluster } from "../resolve-cluster";

export function* checkControlPlane({ nodes, isSound }: ResolvedCluster): Iterable<Problem> {
  const isKnown = isSound(...nodes.map(({ path }) => [...path, "controller"]));
  // Without any node, the list of nodes is what is missing.
  if (!isKnown || nodes.length === 0 || countOf(nodes) > 0) return;
  yield { path: ["nodes"], text: "has no control plane; set controller: true for one node, or for three" };
}

/** A warning and not an error: to replace one of three nodes, a fourth joins before the old one leaves. */
export function* warnOfEvenControlPlane({ nodes }: ResolvedCluster): Iterable<Problem> {
  const count = countOf(nodes);
  if (count === 0 || count % 2 === 1) return;
  const tolerated = count - quorumOf(count);
  const survives =
    tolerated === 0
      ? "etcd stops when one of them is lost"
      : `etcd survives the loss of ${tolerated}, as with ${count - 1}, and there is one more to lose`;
  const text = `has ${count} control planes: ${survives}; make it ${count - 1} or ${count + 1} when you are done`;
  yield { path: ["nodes"], text };
}

function countOf(nodes: ResolvedCluster["nodes"]): number {
  return nodes.filter(({ config }) => config.role === "controlplane").length;
}
