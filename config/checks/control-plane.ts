import { quorumOf } from "../../domain/etcd";
import type { Problem } from "../diagnostic";
import type { ResolvedCluster } from "../resolve-cluster";

/** etcd needs an odd number of members: one member more does not survive more failures. */
export function* checkControlPlane({ nodes, isSound }: ResolvedCluster): Iterable<Problem> {
  if (!isSound(...nodes.map(({ path }) => [...path, "controller"]))) return;
  const count = nodes.filter(({ config }) => config.role === "controlplane").length;
  if (count === 0) {
    yield { path: ["nodes"], text: "has no control plane; set controller: true for one node, or for three" };
  } else if (count % 2 === 0) {
    const survives = count - quorumOf(count);
    const text = `has ${count} control planes, which survive the loss of ${survives} like ${count - 1} do`;
    yield { path: ["nodes"], text: `${text}; make it ${count - 1} or ${count + 1}` };
  }
}
