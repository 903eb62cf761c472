import { gapsOf, type LiveReading, liveTopology } from "../../cli/live-topology";
import type { PendingOfNode } from "../../proxmox/pending-changes";
import { findingsOf } from "../../talos/health/findings";
import type { HealthReading, NodeReading } from "../../talos/health/reading";
import { etcdView, reading } from "../talos/support/healthy-readings";

/* What health and Proxmox have said, as the picture shows it. */

const NOW = new Date("2026-11-28T12:00:00Z");

const vm = (name: string, more: Partial<PendingOfNode> = {}): PendingOfNode => ({
  name,
  vmId: 100,
  host: "pve1",
  changes: [],
  ...more,
});

/** A healthy cluster of cp-1 and w-1, but for this. */
function live(
  worker: Partial<NodeReading>,
  more: Partial<LiveReading> = {},
  health: Partial<HealthReading> = {},
): LiveReading {
  const all: HealthReading = {
    nodes: [reading("cp-1"), reading("w-1", worker)],
    etcd: [etcdView],
    etcdSizes: new Map(),
    certificates: [],
    ...health,
  };
  const talos = { reading: all, findings: findingsOf(all, "v1.36.0", NOW) };
  return { readAt: NOW, talos, proxmox: [vm("cp-1"), vm("w-1")], failures: [], ...more };
}
const workerOf = (from: LiveReading) => liveTopology(from).nodes.get("w-1");
const HEALTHY = { health: "healthy", isRestartPending: false, remarks: [] };

test("a healthy cluster, in which nothing waits", () => {
  const { readAt, nodes, remarks } = liveTopology(live({}));
  expect([...nodes]).toEqual([
    ["cp-1", HEALTHY],
    ["w-1", HEALTHY],
  ]);
  expect({ readAt, remarks }).toEqual({ readAt: NOW, remarks: [] });
  expect(gapsOf(live({}))).toEqual([]);
});

test("a node is what is found about it, and the others stay as they are", () => {
  const reading = live({ services: [{ name: "kubelet", state: "Running", health: "Fail" }] });
  expect(workerOf(reading)).toEqual({
    health: "not healthy",
    isRestartPending: false,
    remarks: ["service kubelet is Running, Fail"],
  });
  expect(liveTopology(reading).nodes.get("cp-1")).toEqual(HEALTHY);
  expect(workerOf(live({ talosVersion: "v1.12.4" }))).toMatchObject({
    health: "warning",
    remarks: ["runs Talos v1.12.4, not v1.13.0; npm run upgrade"],
  });
});

test("a staged config and a change in Proxmox both wait for a restart, one beside the other", () => {
  const changes = [
    { key: "memory", current: "2048", pending: "4096" },
    { key: "net1", current: "virtio", pending: null },
    { key: "cpu", current: null, pending: "host" },
  ];
  expect(workerOf(live({ isRebootPending: true }, { proxmox: [vm("w-1", { changes })] }))).toEqual({
    health: "warning",
    isRestartPending: true,
    remarks: [
      "a staged config waits for a reboot; npm run reboot -- w-1",
      "Proxmox, after the next start: memory 2048 → 4096",
      "Proxmox, after the next start: net1 virtio → (removed)",
      "Proxmox, after the next start: cpu (none) → host",
    ],
  });
  expect(workerOf(live({ isRebootPending: true }))).toMatchObject({ isRestartPending: true });
  // A change in Proxmox does not make a healthy node less so.
  expect(workerOf(live({}, { proxmox: [vm("w-1", { changes })] }))).toMatchObject({
    health: "healthy",
    isRestartPending: true,
  });
});

test("a node that does not answer is a gap; its card has the reason, and the message who was asked for what", () => {
  const error =
    "w-1 (10.0.0.1:50000): talosctl get versions.runtime.talos.dev --output json: no answer within 10 s";
  const from = live({ error });
  expect(workerOf(from)).toEqual({
    health: "no answer",
    isRestartPending: false,
    remarks: ["no answer within 10 s"],
  });
  expect(gapsOf(from)).toEqual([error]);
});

test("a VM that Proxmox does not show is a gap, and says nothing about the health of its node", () => {
  const from = live({}, { proxmox: [vm("w-1", { host: null, error: "there is no VM 100" })] });
  expect(workerOf(from)).toEqual({ ...HEALTHY, remarks: ["Proxmox: there is no VM 100"] });
  expect(gapsOf(from)).toEqual(["w-1: there is no VM 100"]);
});

test("what is found about the cluster is no remark of a node", () => {
  const { nodes, remarks } = liveTopology(live({}, {}, { etcd: [{ ...etcdView, leader: undefined }] }));
  expect(remarks).toEqual(["etcd on cp-1: it has no leader"]);
  expect([...nodes.values()]).toEqual([HEALTHY, HEALTHY]);
});

test("what Kubernetes says of a node is on its card; a Kubernetes that does not answer is a gap", () => {
  const silent = live({}, {}, { kubernetes: { error: "ECONNREFUSED", nodes: [] } });
  expect(liveTopology(silent).remarks).toEqual(["the Kubernetes API does not answer: ECONNREFUSED"]);
  expect(gapsOf(silent)).toEqual(["the Kubernetes API does not answer: ECONNREFUSED"]);
  const nodes = ["cp-1", "w-1"].map((name) => ({
    name,
    isReady: true,
    isCordoned: name === "w-1",
    isOurs: false,
    kubeletVersion: "v1.36.0",
  }));
  const cordoned = live({}, {}, { kubernetes: { nodes } });
  expect(workerOf(cordoned)).toMatchObject({
    health: "warning",
    remarks: ["is cordoned; kubectl uncordon w-1"],
  });
  expect(liveTopology(cordoned).nodes.get("cp-1")).toEqual(HEALTHY);
});

test("where nobody could be asked, no node is healthy, and the picture says why", () => {
  const failures = ["the nodes could not be asked: no state", "Proxmox could not be asked: no token"];
  const from: LiveReading = { readAt: NOW, failures };
  expect(liveTopology(from)).toEqual({ readAt: NOW, nodes: new Map(), remarks: failures });
  expect(gapsOf(from)).toEqual(failures);
  expect(workerOf({ ...from, proxmox: [vm("w-1")] })).toMatchObject({ health: "not asked" });
});
