import { join } from "node:path";
import { loadCluster } from "../../config";
import { ClusterStack } from "../../stacks/cluster-stack";
import type { ClusterNodeProps, ClusterStackProps } from "../../stacks/cluster-stack-props";
import { cluster, controlPlane, worker } from "../support/nodes";
import { newApp, synthStack, type Template, warningsOf } from "../support/synth";

const proxmox = { imageStorage: "nfs", sharedStorages: ["nfs", "ceph"], ha: true };
const onCeph = (host: string) => ({ host, disk: { storage: "ceph", sizeGiB: 64 } });
const HOSTS = ["pve1", "pve2", "pve3"];
const controlPlanes = HOSTS.map((host, n) => controlPlane(n + 1, onCeph(host)));
const workersOn = (...hosts: string[]) => hosts.map((host, n) => worker(n + 1, onCeph(host)));

interface HighAvailability {
  readonly rules: Record<string, string[]>;
  /** The VMs under HA. */
  readonly managed: string[];
  readonly warnings: string[];
  readonly template: Template;
}

/** What a cluster has of HA. */
function haOf(props: ClusterStackProps): HighAvailability {
  const stack = new ClusterStack(newApp(), "cluster", props);
  stack.prepareStack();
  const template = synthStack(stack);
  const { proxmox_harule: rules = {}, proxmox_haresource: resources = {} } = template.resource;
  const members = (rule: Record<string, unknown>) =>
    (rule.resources as string[]).map((each) => /proxmox_haresource\.([\w-]+)/.exec(each)?.[1] ?? each);
  return {
    rules: Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, members(rule)])),
    managed: Object.keys(resources).sort(),
    warnings: warningsOf(stack).filter((text) => !text.includes("etcd quorum")),
    template,
  };
}

const field = (name: string) =>
  haOf(loadCluster({ clusterFile: join(__dirname, "../config/field", name, "cluster.yaml") }).config);

test("is off unless asked for", () => {
  const nodes = [...controlPlanes, ...workersOn(...HOSTS)];
  expect(haOf(cluster(nodes))).toMatchObject({ rules: {}, managed: [], warnings: [] });
});

test("control planes have a host each, workers a host left over", () => {
  expect(haOf(cluster([...controlPlanes, ...workersOn(...HOSTS)], { proxmox }))).toMatchObject({
    rules: { "cluster-controlplane": ["cp-1", "cp-2", "cp-3"], "cluster-worker": ["worker-2", "worker-3"] },
    managed: ["cp-1", "cp-2", "cp-3", "worker-1", "worker-2", "worker-3"],
    warnings: [],
  });
});

test("more VMs than hosts are in several rules, none of which moves a VM, and those that share a host are named", () => {
  const nodes = [...controlPlanes, ...workersOn("pve1", "pve2", "pve3", "pve1", "pve2")];
  expect(haOf(cluster(nodes, { proxmox }))).toMatchObject({
    rules: {
      "cluster-controlplane": ["cp-1", "cp-2", "cp-3"],
      "cluster-worker": ["worker-2", "worker-3"],
      "cluster-worker-extra-1": ["worker-1", "worker-5"],
    },
    managed: ["cp-1", "cp-2", "cp-3", "worker-1", "worker-2", "worker-3", "worker-4", "worker-5"],
    warnings: [
      "worker VMs share a host: worker-1 and worker-4 on pve1; worker-2 and worker-5 on pve2. " +
        "HA keeps apart: worker-1, worker-5; worker-2, worker-3. give the nodes of a role different hosts with proxmox_node, if you have more",
    ],
  });
});

test("a worker that is added changes no rule but the one that it joins", () => {
  const before = haOf(cluster([...controlPlanes, ...workersOn("pve1", "pve2", "pve3", "pve1")], { proxmox }));
  const nodes = [...workersOn("pve1", "pve2", "pve3", "pve1", "pve3"), ...controlPlanes].reverse();
  const after = haOf(cluster(nodes, { proxmox }));
  expect(after.rules).toEqual({ ...before.rules, "cluster-worker-2": ["worker-4", "worker-5"] });
});

test.each<[string, Partial<ClusterNodeProps>, Partial<ClusterStackProps>, string]>([
  [
    "a disk that is not shared",
    { dataDisks: [{ storage: "local-lvm", sizeGiB: 10 }] },
    {},
    "disks on local-lvm, which no other host has; if all hosts share it, add it to proxmox_shared_storages",
  ],
  [
    "a PCI device",
    { pciDevices: [{ mapping: "gpu" }] },
    {},
    "devices of its host (gpu), and Proxmox does not migrate VMs with such devices",
  ],
  [
    "a USB device",
    { usbDevices: [{ mapping: "zigbee" }] },
    {},
    "devices of its host (zigbee), and Proxmox does not migrate VMs with such devices",
  ],
  [
    "an ISO on local storage",
    { ejectIso: false },
    { bootMode: "iso", proxmox: { ...proxmox, imageStorage: "local" } },
    "the installer ISO on local, which no other host has; once Talos is installed, take it out with eject_iso: true, or use a proxmox_iso_storage that is shared",
  ],
])("a VM with %s stays out of HA, with a warning", (_, odd, more, obstacle) => {
  const iso = more.bootMode === "iso" && { ejectIso: true };
  const [first, ...others] = workersOn(...HOSTS).map((node) => ({ ...node, ...iso }));
  const nodes = [...controlPlanes.map((node) => ({ ...node, ...iso })), { ...(first ?? worker(1)), ...odd }];
  expect(haOf(cluster([...nodes, ...others], { proxmox, ...more }))).toMatchObject({
    rules: { "cluster-worker": ["worker-2", "worker-3"] },
    managed: ["cp-1", "cp-2", "cp-3", "worker-2", "worker-3"],
    warnings: [`HA leaves out worker-1: ${obstacle}`],
  });
});

test("two hosts: each VM can fail over, so nothing keeps workers apart", () => {
  const nodes = [
    ...["pve1", "pve2", "pve2"].map((host, n) => controlPlane(n + 1, onCeph(host))),
    ...workersOn("pve1", "pve2"),
  ];
  expect(haOf(cluster(nodes, { proxmox }))).toMatchObject({
    rules: { "cluster-controlplane": ["cp-1", "cp-2"] },
    managed: ["cp-1", "cp-2", "cp-3", "worker-1", "worker-2"],
    warnings: [expect.stringContaining("controlplane VMs share a host: cp-2 and cp-3 on pve2.")],
  });
});

test("no plan moves a VM under HA, and any other VM moves to its proxmox_node", () => {
  const local = worker(1, { host: "pve1" });
  const { template } = haOf(cluster([...controlPlanes, local], { proxmox }));
  const ignored = Object.entries(template.resource.proxmox_virtual_environment_vm ?? {}).map(([name, vm]) => [
    name,
    (vm.lifecycle as { ignore_changes: string[] }).ignore_changes.includes("node_name"),
  ]);
  expect(Object.fromEntries(ignored)).toEqual({
    "cp-1": true,
    "cp-2": true,
    "cp-3": true,
    "worker-1": false,
  });
});

describe("files of other people", () => {
  test("ha-iso-local: nothing is under HA that could not be moved, and each synth says so", () => {
    expect(field("ha-iso-local")).toMatchObject({
      managed: [],
      warnings: [
        expect.stringMatching(
          /^HA leaves out cp-1, cp-2, cp-3, worker-1, worker-2: the installer ISO on local, /,
        ),
      ],
    });
  });

  test("host-down: all VMs are under HA", () => {
    expect(field("host-down")).toMatchObject({
      rules: {
        "talos-controlplane": ["cp-1", "cp-2", "cp-3"],
        "talos-worker": ["worker-1", "worker-2"],
      },
      warnings: [],
    });
  });

  test("ha-does-nothing: four workers on three hosts, once the ISO is taken out", () => {
    const clusterFile = join(__dirname, "../config/field/ha-does-nothing/cluster.yaml");
    const { config } = loadCluster({ clusterFile });
    const nodes = config.nodes.map((node) => ({ ...node, ejectIso: true }));
    expect(haOf({ ...config, nodes })).toMatchObject({
      rules: {
        "talos-controlplane": ["cp-1", "cp-2", "cp-3"],
        "talos-worker": ["worker-2", "worker-3"],
      },
      managed: ["cp-1", "cp-2", "cp-3", "worker-1", "worker-2", "worker-3", "worker-4"],
      warnings: [expect.stringContaining("worker-1 and worker-4 on pve1.")],
    });
  });
});
