import { resetCluster } from "../../../talos/change/reset-cluster";
import { CallError } from "../../../talos/errors";
import type { TalosNode } from "../../../talos/node";

const node = (name: string, role: "controlplane" | "worker") => ({ name, role }) as TalosNode;
const nodes = [
  node("cp-1", "controlplane"),
  node("cp-2", "controlplane"),
  node("cp-3", "controlplane"),
  node("worker-1", "worker"),
];

test("workers go first, control planes leave etcd one by one, and the last one is only wiped", async () => {
  const calls: string[] = [];
  const said: string[] = [];
  const run = async ({ name }: TalosNode, args: readonly string[]) => {
    calls.push(`${name} ${args.slice(0, 2).join(" ")}`);
    return "";
  };
  await resetCluster({ run }, nodes, (line) => said.push(line));
  expect(calls).toEqual([
    "worker-1 reset --graceful=true",
    "cp-3 reset --graceful=true",
    "cp-2 reset --graceful=true",
    "cp-1 reset --graceful=false",
  ]);
  expect(said).toEqual([
    "worker-1: wiped",
    "cp-3: left etcd and wiped",
    "cp-2: left etcd and wiped",
    "cp-1: wiped",
  ]);
});

test("a node that cannot be reset keeps those after it", async () => {
  const calls: string[] = [];
  const run = async ({ name }: TalosNode) => {
    calls.push(name);
    if (name === "cp-3") throw new CallError(name, "talosctl reset", "no answer within 360 s");
    return "";
  };
  // Wiped by a run that was interrupted, it would never answer.
  await expect(resetCluster({ run }, nodes, () => undefined)).rejects.toThrow(
    /^cp-3: talosctl reset: no answer within 360 s\n.*without --reset where cp-3 was wiped by a run before/,
  );
  expect(calls).toEqual(["worker-1", "cp-3"]);
});
