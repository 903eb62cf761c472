import type { EtcdView, NodeFacts } from "../../../talos/change/facts";
import type { ClusterFacts } from "../../../talos/change/preflight";
import { restoreProblems } from "../../../talos/etcd/restore";
import { talosNodesOf } from "../support/model-cluster";

const nodes = talosNodesOf(3, 1);
const view = (node: string, leader?: string): EtcdView => ({
  ...{ node, members: [], errors: [], alarms: [] },
  ...(leader && { leader }),
});

function facts(etcd: readonly EtcdView[], down: readonly string[] = []): ClusterFacts {
  const factsOf = (name: string): NodeFacts =>
    down.includes(name) ? { error: "connection refused" } : { stage: "running", isReady: true };
  return { nodes, etcd, facts: new Map(nodes.map(({ name }) => [name, factsOf(name)])) };
}
const lost = ["cp-1", "cp-2", "cp-3"].map((name) => view(name));

test("etcd without a quorum may be restored, whether workers answer or not", () => {
  expect(restoreProblems(facts(lost), { replacesHealthy: false })).toEqual([]);
  expect(restoreProblems(facts(lost, ["w-1"]), { replacesHealthy: false })).toEqual([]);
});

test("etcd with a quorum may only be restored where that was said", () => {
  const works = [view("cp-1", "1"), view("cp-2", "1"), view("cp-3")];
  expect(restoreProblems(facts(works), { replacesHealthy: false })).toEqual([
    expect.stringMatching(/has a quorum.*--replace-healthy/),
  ]);
  expect(restoreProblems(facts(works), { replacesHealthy: true })).toEqual([]);
});

test("a control plane that is not wiped with the others would bring its old members back", () => {
  expect(restoreProblems(facts(lost, ["cp-2"]), { replacesHealthy: true })).toEqual([
    expect.stringMatching(/^cp-2 does not answer: connection refused; start it/),
  ]);
});
