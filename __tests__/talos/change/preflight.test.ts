import { etcdProblems, memberProblems } from "../../../talos/change/etcd-problems";
import type { EtcdMember, EtcdView, KubernetesNode, NodeFacts } from "../../../talos/change/facts";
import {
  type ClusterFacts,
  isUpToDate,
  restartProblems,
  upgradeProblems,
} from "../../../talos/change/preflight";
import { SCHEMATIC, talosNode, talosNodesOf } from "../support/model-cluster";

const NAMES = ["cp-1", "cp-2", "cp-3"];
const member = (hostname: string, more: Partial<EtcdMember> = {}): EtcdMember => ({
  ...{ id: `${hostname}-id`, hostname, isLearner: false },
  ...more,
});
const MEMBERS = NAMES.map((name) => member(name));
const view = (node: string, more: Partial<EtcdView> = {}): EtcdView => ({
  ...{ node, members: MEMBERS, leader: "cp-1-id", errors: [], alarms: [] },
  ...more,
});
const WELL = NAMES.map((name) => view(name));
const RUNNING: NodeFacts = {
  ...{ stage: "running", isReady: true, talosVersion: "v1.12.4", schematicId: SCHEMATIC, bootId: "1" },
};
const kubernetesNode = (name: string): KubernetesNode => ({
  ...{ name, isReady: true, isCordoned: false, isOurs: false, kubeletVersion: "v1.35.0" },
});

const NODES = talosNodesOf(3, 1);
function cluster(more: Partial<ClusterFacts> = {}, facts: Record<string, NodeFacts> = {}): ClusterFacts {
  return {
    nodes: NODES,
    facts: new Map(NODES.map(({ name }) => [name, facts[name] ?? RUNNING])),
    etcd: WELL,
    kubernetes: new Map(NODES.map(({ name }) => [name, kubernetesNode(name)])),
    ...more,
  };
}
const NONE = { allowOutage: false };

test("minimal: a cluster that is well may be upgraded", () => {
  expect(upgradeProblems(cluster(), NODES, NONE)).toEqual([]);
  expect(upgradeProblems(cluster({ kubernetes: undefined }), NODES, NONE)).toEqual([]);
});

test.each<[string, NodeFacts, string]>([
  ["does not answer", { error: "connection refused" }, "w-1: connection refused"],
  ["is in maintenance", { ...RUNNING, stage: "maintenance" }, "w-1: it is maintenance, not running"],
  [
    "is not ready",
    { ...RUNNING, isReady: false },
    "w-1: it is running but not ready; npm run health says what it waits for",
  ],
])("a node that %s stops it, also one that is a worker", (_, facts, problem) => {
  expect(restartProblems(cluster({}, { "w-1": facts }), NONE)).toEqual([problem]);
});

test("a Node that Kubernetes does not know, or that is not ready, stops it", () => {
  const known = new Map(NAMES.map((name) => [name, kubernetesNode(name)]));
  expect(restartProblems(cluster({ kubernetes: known }), NONE)).toEqual([
    "w-1: Kubernetes has no Node of this name",
  ]);
  known.set("w-1", { ...kubernetesNode("w-1"), isReady: false });
  expect(restartProblems(cluster({ kubernetes: known }), NONE)).toEqual([
    "w-1: its Node in Kubernetes is not ready",
  ]);
});

test.each<[string, readonly EtcdView[], RegExp]>([
  ["a view that is missing", WELL.slice(1), /cp-1: was not asked/],
  ["a member that does not answer", [...WELL.slice(1), view("cp-1", { error: "down" })], /cp-1: down/],
  ["no leader", [view("cp-1", { leader: undefined }), ...WELL.slice(1)], /cp-1: it has no leader/],
  ["an error", [view("cp-1", { errors: ["etcdserver: corrupt"] }), ...WELL.slice(1)], /corrupt/],
  ["an alarm", [view("cp-1", { alarms: ["NOSPACE"] }), ...WELL.slice(1)], /alarm NOSPACE/],
  [
    "views that differ",
    [view("cp-1", { members: MEMBERS.slice(0, 2) }), ...WELL.slice(1)],
    /seen differently/,
  ],
  ["two leaders", [view("cp-1", { leader: "cp-2-id" }), ...WELL.slice(1)], /seen differently/],
])("etcd with %s is not well", (_, views, problem) => {
  expect(etcdProblems(NAMES, views).join("\n")).toMatch(problem);
});

test("a learner, a control plane that is no member, and a member that is no control plane are told apart", () => {
  const learner = [member("cp-1"), member("cp-2"), member("cp-3", { isLearner: true })];
  expect(
    etcdProblems(
      NAMES,
      NAMES.map((node) => view(node, { members: learner })),
    ),
  ).toEqual(["etcd on cp-3: it is a learner and has no vote yet; wait until it is a member"]);
  const odd = [member("cp-1"), member("cp-2"), member("old-3")];
  expect(
    etcdProblems(
      NAMES,
      NAMES.map((node) => view(node, { members: odd })),
    ),
  ).toEqual([
    "etcd on cp-3: it is no member",
    "etcd has the member old-3 (old-3-id), which is no control plane of the cluster; if its machine is gone for good, remove it with talosctl etcd remove-member old-3-id",
  ]);
});

test("nobody is told to remove a member that a control plane runs under another name", () => {
  const named = ["lab-cp-1", "cp-2", "cp-3"].map((name) => member(name, { id: `${name.slice(-4)}-id` }));
  const views = NAMES.map((node) => view(node, { members: named, ownId: `${node}-id` }));
  expect(etcdProblems(NAMES, views)).toEqual([
    "etcd on cp-1: its member is called lab-cp-1, so another machine answers there, or its hostname is not its name; correct its name or address in nodes.yaml",
  ]);
});

test("two control planes whose addresses are exchanged are found by their members", () => {
  const other: Record<string, string> = { "cp-1": "cp-2", "cp-2": "cp-1" };
  const views = NAMES.map((node) => view(node, { ownId: `${other[node] ?? node}-id` }));
  expect(etcdProblems(NAMES, views)).toEqual([
    expect.stringMatching(/^etcd on cp-1: its member is called cp-2, /),
    expect.stringMatching(/^etcd on cp-2: its member is called cp-1, /),
  ]);
});

test("one member is well while another one is still lost", () => {
  const views = [view("cp-1"), view("cp-2"), view("cp-3", { error: "connection refused", members: [] })];
  expect(memberProblems("cp-1", views)).toEqual([]);
  expect(memberProblems("cp-3", views)).toEqual(["etcd on cp-3: connection refused"]);
});

test("a member that has not started yet has no name, and may be about to", () => {
  const members = [...MEMBERS, member("", { id: "new-id", isLearner: true })];
  expect(
    etcdProblems(
      NAMES,
      NAMES.map((node) => view(node, { members })),
    ),
  ).toEqual([
    "etcd has a member without a name (new-id), which has not started yet; wait for it, or remove it with talosctl etcd remove-member new-id",
  ]);
});

test("one minor version at a time, and a pair that Talos supports", () => {
  const old = { ...RUNNING, talosVersion: "v1.11.3" };
  expect(upgradeProblems(cluster({}, { "cp-2": old }), NODES, NONE)).toEqual([
    "cp-2: Talos v1.13.0 is 2 minor versions after Talos v1.11.3; go to a release of v1.12 first",
  ]);
  const kubernetes = new Map(NODES.map(({ name }) => [name, kubernetesNode(name)]));
  kubernetes.set("cp-1", { ...kubernetesNode("cp-1"), kubeletVersion: "v1.30.1" });
  expect(upgradeProblems(cluster({ kubernetes }), NODES, NONE)).toEqual([
    "cp-1: Kubernetes v1.30.1 is not supported by Talos v1.13.0; use a release from v1.31 to v1.36; run npm run upgrade-kubernetes first",
  ]);
});

test("etcd that does not stand the loss of a member may only stop where that is allowed", () => {
  const nodes = talosNodesOf(1, 0);
  const one = { nodes, etcd: [view("cp-1", { members: [member("cp-1")] })], kubernetes: undefined };
  expect(restartProblems(cluster(one), NONE)).toEqual([
    expect.stringMatching(/only one member.*--allow-outage/),
  ]);
  expect(restartProblems(cluster(one), { allowOutage: true })).toEqual([]);
});

test("another schematic is not up to date, even with the same version", () => {
  const node = talosNode("cp-1", "controlplane", { talosVersion: "v1.12.4" });
  expect(isUpToDate(node, RUNNING)).toBe(true);
  expect(isUpToDate(node, { ...RUNNING, schematicId: "b".repeat(64) })).toBe(false);
  expect(isUpToDate(node, { ...RUNNING, schematicId: undefined })).toBe(false);
});
