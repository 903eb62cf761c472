import type { EtcdView } from "../../../talos/change/facts";
import { findingsOf } from "../../../talos/health/findings";
import type { HealthReading, NodeReading } from "../../../talos/health/reading";
import type { Certificate } from "../../../talos/read/certificate";
import { etcdView, reading } from "../support/healthy-readings";

const NOW = new Date("2026-11-28T12:00:00Z");
const DAY_MS = 86_400_000;

const certificate = (days: number, more: Partial<Certificate> = {}): Certificate => ({
  name: "client certificate of the talosconfig",
  notBefore: new Date(NOW.getTime() - 10 * DAY_MS),
  notAfter: new Date(NOW.getTime() + days * DAY_MS),
  renewedBy: "you",
  ...more,
});

const HEALTHY: HealthReading = {
  nodes: [reading("cp-1"), reading("w-1")],
  etcd: [etcdView],
  etcdSizes: new Map(),
  certificates: [certificate(61)],
};

const found = (more: Partial<HealthReading>) =>
  findingsOf({ ...HEALTHY, ...more }, "v1.36.0", NOW).map(({ level, text }) => `${level}: ${text}`);
const onWorker = (more: Partial<NodeReading>) => found({ nodes: [reading("cp-1"), reading("w-1", more)] });

test("nothing is found in a healthy cluster", () => {
  expect(found({})).toEqual([]);
});

test.each<[string, Partial<NodeReading>, RegExp]>([
  ["that does not answer", { error: "connection refused" }, /^error: w-1: connection refused$/],
  ["in maintenance", { stage: "maintenance" }, /^error: w-1: it is maintenance, not running$/],
  [
    "that is not ready",
    { isReady: false, waitsFor: ["services: kubelet not healthy"] },
    /^error: w-1: it is not ready; it waits for services: kubelet not healthy$/,
  ],
  [
    "with a service that fails",
    { services: [{ name: "kubelet", state: "Running", health: "Fail" }] },
    /^error: w-1: service kubelet is Running, Fail$/,
  ],
  [
    "with another release",
    { talosVersion: "v1.12.4" },
    /^warning: w-1: runs Talos v1\.12\.4, not v1\.13\.0; npm run upgrade$/,
  ],
  [
    "with another schematic",
    { schematicId: "b".repeat(64) },
    /^warning: w-1: runs schematic bbbbbbbbbbbb…, not aaaaaaaaaaaa…/,
  ],
  ["without a schematic", { schematicId: undefined }, /^warning: w-1: runs an image without a schematic/],
  ["with a staged config", { isRebootPending: true }, /^warning: w-1: a staged config waits for a reboot/],
])("a node %s", (_, more, text) => {
  expect(onWorker(more)).toEqual([expect.stringMatching(text)]);
});

test("a service that has ended is fine", () => {
  expect(onWorker({ services: [{ name: "udevd-trigger", state: "Finished", health: "?" }] })).toEqual([]);
});

test.each<[string, Partial<EtcdView>, RegExp]>([
  ["a learner", { members: [{ id: "1a", hostname: "cp-1", isLearner: true }] }, /learner/],
  ["no leader", { leader: undefined }, /no leader/],
  ["an alarm", { alarms: ["NOSPACE"] }, /alarm NOSPACE/],
  ["no answer", { error: "timeout", members: [] }, /etcd on cp-1: timeout/],
])("etcd with %s", (_, more, text) => {
  expect(found({ etcd: [{ ...etcdView, ...more }] })).toContainEqual(expect.stringMatching(text));
});

const TALOS = { name: "Talos API of cp-1", renewedBy: "talos" } as const;
test.each<[string, Certificate, RegExp | undefined]>([
  ["with 60 days left", certificate(60), undefined],
  [
    "with 59 days left",
    certificate(59.9),
    /^warning: .* expires in 59 days, on 2027-01-27; from its last month on, npm run certificates -- renew renews it$/,
  ],
  [
    "that has expired",
    certificate(-1),
    /^error: .* has expired on 2026-11-27; from its last month on, npm run certificates -- renew renews it$/,
  ],
  [
    "of tomorrow",
    certificate(99, { notBefore: new Date("2026-11-29Z") }),
    /is valid only from .* are the clocks right\?$/,
  ],
  [
    "of the kubeconfig",
    certificate(10, { name: "client certificate of the kubeconfig" }),
    /from its last month on, a deploy renews it; npm run kubeconfig -- --new makes a new one at once$/,
  ],
  ["of a CA", certificate(10, { name: "CA of Talos" }), /plan talosctl rotate-ca$/],
  ["that Talos renews in time", certificate(2, TALOS), undefined],
  ["that Talos should have renewed", certificate(1, TALOS), /was not renewed by Talos/],
])("a certificate %s", (_, each, text) => {
  expect(found({ certificates: [each] })).toEqual(text ? [expect.stringMatching(text)] : []);
});

test("Kubernetes: no answer, a Node that is missing, not ready, cordoned, old, or nobody's", () => {
  expect(found({ kubernetes: { error: "connection refused", nodes: [] } })).toEqual([
    "error: the Kubernetes API does not answer: connection refused",
  ]);
  const node = { name: "cp-1", isReady: true, isCordoned: false, isOurs: false, kubeletVersion: "v1.36.0" };
  const old = { ...node, name: "old-1" };
  const ill = { ...node, isReady: false, isCordoned: true, kubeletVersion: "v1.35.2" };
  expect(found({ kubernetes: { nodes: [ill, old] } })).toEqual([
    "error: cp-1: its Node in Kubernetes is not ready",
    "warning: cp-1: is cordoned; kubectl uncordon cp-1",
    "warning: cp-1: its kubelet is v1.35.2, not v1.36.0; npm run upgrade-kubernetes",
    "error: w-1: Kubernetes has no Node of this name",
    "warning: Kubernetes has the Node old-1, which is no node of the cluster; kubectl delete node old-1",
  ]);
});
