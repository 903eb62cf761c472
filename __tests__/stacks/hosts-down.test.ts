import { ClusterStack } from "../../stacks/cluster-stack";
import type { ClusterStackProps } from "../../stacks/cluster-stack-props";
import { cluster, controlPlane, worker } from "../support/nodes";
import { schemaProblems } from "../support/pinned-schema";
import { newApp, synthStack, warningsOf } from "../support/synth";

const MARKER = "terraform_data.hosts_down";
const nodes = ["pve1", "pve2", "pve3"].flatMap((host, n) => [
  controlPlane(n + 1, { host, disk: { storage: "ceph", sizeGiB: 10 } }),
  worker(n + 1, { host, disk: { storage: "ceph", sizeGiB: 10 } }),
]);
const shared = { imageStorage: "nfs", sharedStorages: ["nfs", "ceph"] };

/** The addresses that depend on the marker, and what each synth says of that. */
function leftOut(props: ClusterStackProps): { addresses: string[]; warnings: string[]; template: object } {
  const stack = new ClusterStack(newApp(), "cluster", props);
  stack.prepareStack();
  const template = synthStack(stack);
  const addresses = [
    ...Object.entries(template.resource),
    ...Object.entries(template.data).map(([type, each]) => [`data.${type}`, each] as const),
  ].flatMap(([type, instances]) =>
    Object.entries(instances)
      .filter(([, { depends_on }]) => (depends_on as string[] | undefined)?.includes(MARKER))
      .map(([name]) => `${type}.${name}`),
  );
  expect(schemaProblems(template)).toEqual([]);
  const warnings = warningsOf(stack).filter((text) => text.includes("HOSTS_DOWN"));
  return { addresses: addresses.sort(), warnings, template };
}

test("with all hosts up nothing is left out, and there is no marker", () => {
  const { addresses, warnings, template } = leftOut(cluster(nodes, { proxmox: shared }));
  expect({ addresses, warnings }).toEqual({ addresses: [], warnings: [] });
  expect(JSON.stringify(template)).not.toContain(MARKER);
});

test.each<[string, Partial<ClusterStackProps>, string[], string]>([
  [
    "a host and the images on shared storage, which any host may have downloaded",
    { proxmox: shared, hostsDown: ["pve2"] },
    [
      "data.proxmox_datastores.talos-376567988ad3_storage",
      "proxmox_download_file.talos-376567988ad3",
      "proxmox_virtual_environment_vm.cp-2",
      "proxmox_virtual_environment_vm.worker-2",
    ],
    "HOSTS_DOWN names pve2; left out: image talos-376567988ad3, cp-2, worker-2, with the HA resources and rules of these VMs; no VM is made",
  ],
  [
    "a host and the images on its own storage",
    { proxmox: { ...shared, imageStorage: "local" }, hostsDown: ["pve2"] },
    [
      "data.proxmox_datastores.talos-376567988ad3-pve2_storage",
      "proxmox_download_file.talos-376567988ad3-pve2",
      "proxmox_virtual_environment_vm.cp-2",
      "proxmox_virtual_environment_vm.worker-2",
    ],
    "HOSTS_DOWN names pve2; left out: image talos-376567988ad3-pve2, cp-2, worker-2, with the HA resources and rules of these VMs; no VM is made",
  ],
  [
    "a node that HA has left on a host",
    { proxmox: { ...shared, imageStorage: "local" }, hostsDown: ["worker-1"] },
    ["proxmox_virtual_environment_vm.worker-1"],
    "HOSTS_DOWN names worker-1; left out: worker-1, with the HA resources and rules of these VMs; no VM is made",
  ],
  [
    "a host without a VM of this cluster",
    { proxmox: { ...shared, imageStorage: "local" }, hostsDown: ["pve9"] },
    [],
    "HOSTS_DOWN names pve9; nothing of this cluster is there; no VM is made",
  ],
])("%s", (_, more, addresses, warning) => {
  expect(leftOut(cluster(nodes, more))).toMatchObject({ addresses, warnings: [warning] });
});

test.each(["iso", "disk-image"] as const)(
  "%s: no VM that can be changed depends on what is left out",
  (bootMode) => {
    const { template } = leftOut(cluster(nodes, { bootMode, proxmox: shared, hostsDown: ["pve2"] }));
    const vms = (template as { resource: Record<string, Record<string, object>> }).resource
      .proxmox_virtual_environment_vm;
    expect(JSON.stringify(vms?.["cp-1"])).not.toContain("${proxmox_download_file");
    expect(JSON.stringify(vms?.["cp-2"])).not.toContain("${proxmox_download_file");
  },
);

test("a name that no host can have is refused", () => {
  expect(() => leftOut(cluster(nodes, { hostsDown: ["pve_2"] }))).toThrow(
    'stack "cluster": hostsDown "pve_2" is not the name of a Proxmox node',
  );
});
