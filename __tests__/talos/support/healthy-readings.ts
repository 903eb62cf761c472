import type { EtcdView } from "../../../talos/change/facts";
import type { NodeReading } from "../../../talos/health/reading";
import { SCHEMATIC, talosNode } from "./model-cluster";

/** What a healthy node says, but for `more`. A name that begins with `cp` is a control plane. */
export const reading = (name: string, more: Partial<NodeReading> = {}): NodeReading => ({
  node: talosNode(name, name.startsWith("cp") ? "controlplane" : "worker"),
  stage: "running",
  isReady: true,
  talosVersion: "v1.13.0",
  schematicId: SCHEMATIC,
  waitsFor: [],
  services: [{ name: "kubelet", state: "Running", health: "OK" }],
  isRebootPending: false,
  ...more,
});

/** What cp-1, the only member, says of etcd. */
export const etcdView: EtcdView = {
  node: "cp-1",
  members: [{ id: "1a", hostname: "cp-1", isLearner: false }],
  leader: "1a",
  errors: [],
  alarms: [],
};
