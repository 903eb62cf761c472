import type { KubernetesNode, NodeFacts } from "../../../talos/change/facts";
import { kubernetesUpgradeProblems, kubernetesVersion } from "../../../talos/change/kubernetes-upgrade";
import type { ClusterFacts } from "../../../talos/change/preflight";
import { plannedUpgrades } from "../../../talos/change/upgrade";
import { SCHEMATIC, talosNode, talosNodesOf } from "../support/model-cluster";

const nodes = talosNodesOf(1, 1);

function cluster(talosVersion: string, kubelets: readonly string[]): ClusterFacts {
  const running: NodeFacts = {
    stage: "running",
    isReady: true,
    talosVersion,
    schematicId: SCHEMATIC,
    bootId: "1",
  };
  const members = [{ id: "1", hostname: "cp-1", isLearner: false }];
  const kubernetes = nodes.map(({ name }, index): [string, KubernetesNode] => [
    name,
    { name, isReady: true, isCordoned: false, isOurs: false, kubeletVersion: kubelets[index] ?? "" },
  ]);
  return {
    nodes,
    facts: new Map(nodes.map(({ name }) => [name, running])),
    etcd: [{ node: "cp-1", members, leader: "1", errors: [], alarms: [] }],
    kubernetes: new Map(kubernetes),
  };
}

test("a release of Kubernetes has its v in the end; what is none is refused", () => {
  expect(kubernetesVersion("1.36.0")).toBe("v1.36.0");
  expect(() => kubernetesVersion("latest")).toThrow('"latest" is not a Kubernetes release');
});

test.each([
  ["v1.36.0", "v1.35.2", ["v1.35.2", "v1.35.2"]],
  // Half of it was done when it stopped.
  ["v1.36.0", "v1.36.0", ["v1.35.2", "v1.36.0"]],
])("to %s from %s with kubelets %j", (version, apiVersion, kubelets) => {
  expect(kubernetesUpgradeProblems(cluster("v1.13.0", kubelets), { apiVersion, version })).toEqual([]);
});

test("two minor versions at once are refused for whoever would make them", () => {
  const problems = kubernetesUpgradeProblems(cluster("v1.13.0", ["v1.34.0", "v1.35.0"]), {
    apiVersion: "v1.35.0",
    version: "v1.36.0",
  });
  expect(problems).toEqual([
    expect.stringMatching(/^w-1: Kubernetes v1\.36\.0 is 2 minor versions after Kubernetes v1\.34\.0/),
  ]);
});

test("what the running Talos does not support is refused, whatever cluster.yaml wants", () => {
  const problems = kubernetesUpgradeProblems(cluster("v1.12.0", ["v1.35.0", "v1.35.0"]), {
    apiVersion: "v1.35.0",
    version: "v1.36.0",
  });
  expect(problems).toHaveLength(2);
  expect(problems[0]).toMatch(/not supported by Talos v1\.12\.0.*or run npm run upgrade first/);
});

test("an upgrade names the schematic where only that differs", () => {
  const node = talosNode("cp-1", "controlplane", { talosVersion: "v1.13.0", schematicId: "b".repeat(64) });
  const planned = (talosVersion: string) =>
    plannedUpgrades([node], { facts: new Map([["cp-1", { talosVersion, schematicId: SCHEMATIC }]]) })[0];
  expect(planned("v1.12.0")).toMatchObject({ from: "v1.12.0", to: "v1.13.0", isUpToDate: false });
  expect(planned("v1.13.0")).toMatchObject({
    from: "v1.13.0 (schematic aaaaaaaaaaaa)",
    to: "v1.13.0 (schematic bbbbbbbbbbbb)",
    isUpToDate: false,
  });
});
