import { schematicId } from "../../domain/schematic";
import type { ClusterStackProps } from "../../stacks/cluster-stack-props";
import { cluster, controlPlane, worker } from "../support/nodes";
import { schemaProblems } from "../support/pinned-schema";
import { type Template, warningsOf } from "../support/synth";
import { stackOf, templateOf, vmsOf } from "./support/cluster-stack";

const AGENT = { extensions: ["siderolabs/qemu-guest-agent"] };

const movesOfVms = ({ moved = [] }: Template) => moved.filter(({ to }) => !to.startsWith("terraform_data."));

const spread = {
  proxmox: { imageStorage: "nfs", sharedStorages: ["nfs", "ceph"], ha: true },
} satisfies Partial<ClusterStackProps>;
const onCeph = (host: string) => ({ host, disk: { storage: "ceph", sizeGiB: 64 } });

const shapes: Record<string, ClusterStackProps> = {
  minimal: cluster([controlPlane(1)]),
  "three control planes from an ISO": cluster(
    [1, 2, 3].map((n) => controlPlane(n)),
    { bootMode: "iso" },
  ),
  "six nodes with Secure Boot": cluster(
    [1, 2, 3].flatMap((n) => {
      const common = { schematic: AGENT, agent: true, secureBoot: true };
      return [controlPlane(n, common), worker(n, common)];
    }),
  ),
  "several hosts with shared storage": cluster(
    ["pve1", "pve2", "pve3"].flatMap((host, n) => [
      controlPlane(n + 1, onCeph(host)),
      worker(n + 1, onCeph(host)),
    ]),
    spread,
  ),
  "everything a node can have": cluster([
    controlPlane(1, {
      schematic: { extensions: ["siderolabs/iscsi-tools"], kernelArgs: ["net.ifnames=0"] },
      cores: 8,
      sockets: 2,
      cpuType: "x86-64-v3",
      numa: false,
      memoryMiB: 32768,
      balloonMiB: 1024,
      dataDisks: [
        { storage: "ceph", sizeGiB: 500, serial: "data-1", backup: true, ssd: false, discard: false },
      ],
      networkInterfaces: [
        { macAddress: "bc:24:11:20:00:11", vlan: 7, mtu: 9000, queues: 4 },
        { bridge: "vmbr1", firewall: true },
      ],
      pciDevices: [{ mapping: "gpu" }],
      usbDevices: [{ mapping: "zigbee" }, { mapping: "z-wave", usb3: true }],
      tpm: true,
      tags: ["rack-1", "kubernetes"],
      pool: "talos",
      startup: { order: 1, upDelaySeconds: 15, downDelaySeconds: 60 },
      protection: true,
    }),
  ]),
  "with its Talos configured, from an ISO": cluster(
    [
      controlPlane(1, {
        schematic: AGENT,
        secureBoot: true,
        diskEncryption: "tpm",
        dataDisks: [{ storage: "ceph", sizeGiB: 500, slot: 3, userVolume: "data" }],
        networkInterfaces: [
          { mtu: 9000 },
          { macAddress: "BC:24:11:20:09:11", addresses: ["192.168.9.11/24"] },
        ],
        talos: { addresses: ["fd00::11/64"], labels: { zone: "a" } },
      }),
      worker(1, { kernelModules: ["zfs"], renamedFrom: "old" }),
    ],
    {
      bootMode: "iso",
      network: {
        nodeCidr: "10.20.0.0/22",
        gateway: "10.20.0.1",
        vip: "10.20.1.10",
        talosVlan: 7,
        ntpServers: ["162.159.200.1"],
        podCidrs: ["10.42.0.0/16"],
      },
      talos: { kubernetesVersion: "v1.36.0" },
    },
  ),
  "with Proxmox' firewall": cluster([controlPlane(1), worker(1)], {
    network: { nodeCidr: "10.20.0.0/22", gateway: "10.20.0.1", podCidrs: ["10.42.0.0/16", "fd00:42::/56"] },
    firewall: { cni: "calico", nodePortCidrs: ["192.0.2.0/24"], rules: [{ ports: [443] }] },
  }),
  "adopted from the home-lab template": cluster([controlPlane(1, { schematic: { id: "a".repeat(64) } })], {
    bootMode: "iso",
    adopt: {
      vms: "proxmox_virtual_environment_vm.talos_node",
      images: [
        {
          from: 'proxmox_virtual_environment_download_file.talos_iso["a"]',
          schematicId: "a".repeat(64),
          secureBoot: false,
        },
      ],
    },
  }),
};

describe.each(Object.entries(shapes))("%s", (_, props) => {
  test("synthesizes what it did before", () => {
    expect(templateOf(props)).toMatchSnapshot();
  });

  test("is valid under the pinned provider schemas", () => {
    expect(schemaProblems(templateOf(props))).toEqual([]);
  });
});

test("the schema check sees unknown keys, wrong types and missing keys", () => {
  const template = templateOf(shapes.minimal as ClusterStackProps);
  const vm = vmsOf(template)["cp-1"] as Record<string, unknown>;
  vm.memroy = {};
  vm.vm_id = "7011";
  delete vm.node_name;
  expect(schemaProblems(template)).toEqual([
    expect.stringMatching(/cp-1.*node_name/),
    expect.stringMatching(/cp-1.*memroy/),
    ...Array(3).fill(expect.stringMatching(/cp-1.*vm_id/)),
  ]);
});

describe("names are ids", () => {
  test("the order of the nodes changes nothing but the order of lists", () => {
    const nodes = [controlPlane(1), controlPlane(2), controlPlane(3)];
    expect(vmsOf(templateOf(cluster([...nodes].reverse())))).toEqual(vmsOf(templateOf(cluster(nodes))));
  });

  test("adding a node leaves the others as they are", () => {
    const before = vmsOf(templateOf(cluster([controlPlane(1)])));
    const after = vmsOf(templateOf(cluster([controlPlane(1), worker(1)])));
    expect(after["cp-1"]).toEqual(before["cp-1"]);
  });

  test("a rename is a moved block, and the old name counts as ours", () => {
    const template = templateOf(cluster([controlPlane(1, { renamedFrom: "old-1" })]));
    expect(movesOfVms(template)).toEqual([
      { from: "proxmox_virtual_environment_vm.old-1", to: "proxmox_virtual_environment_vm.cp-1" },
    ]);
    expect(template).toMatchObject({ locals: { guarded_vms: { "cp-1": { names: ["cp-1", "old-1"] } } } });
  });

  test("a rename after an adoption chains the two moves", () => {
    const adopt = { vms: "proxmox_virtual_environment_vm.talos_node" };
    const template = templateOf(cluster([controlPlane(1, { renamedFrom: "old-1" })], { adopt }));
    expect(movesOfVms(template)).toEqual([
      {
        from: 'proxmox_virtual_environment_vm.talos_node["old-1"]',
        to: "proxmox_virtual_environment_vm.old-1",
      },
      { from: "proxmox_virtual_environment_vm.old-1", to: "proxmox_virtual_environment_vm.cp-1" },
    ]);
  });
});

describe("no plan replaces a VM unasked", () => {
  const preventDestroy = (props: ClusterStackProps) =>
    Object.fromEntries(
      Object.entries(vmsOf(templateOf(props))).map(([name, vm]) => [
        name,
        (vm.lifecycle as { prevent_destroy: boolean }).prevent_destroy,
      ]),
    );

  test.each([
    [undefined, { "cp-1": true, "worker-1": true }],
    [["worker-1"], { "cp-1": true, "worker-1": false }],
    ["all" as const, { "cp-1": false, "worker-1": false }],
  ])("allowReplace %j", (allowReplace, expected) => {
    expect(preventDestroy(cluster([controlPlane(1), worker(1)], { allowReplace }))).toEqual(expected);
  });

  test("a new Talos version changes the image alone", () => {
    const props = shapes.minimal as ClusterStackProps;
    const next = templateOf({ ...props, talosVersion: "v1.13.1" });
    expect(vmsOf(next)).toEqual(vmsOf(templateOf(props)));
    expect(next.resource.proxmox_download_file).not.toEqual(templateOf(props).resource.proxmox_download_file);
  });

  test("allowReplace that names no node of the cluster is an error", () => {
    expect(() => stackOf(cluster([controlPlane(1)], { allowReplace: ["cp-9"] }))).toThrow(
      'allowReplace names "cp-9", which is no node of this cluster; its nodes are cp-1',
    );
  });
});

describe("images", () => {
  const images = (props: ClusterStackProps) =>
    Object.keys(templateOf(props).resource.proxmox_download_file ?? {});
  const nodes = ["pve1", "pve2"].map((host, n) => worker(n + 1, { host }));

  test("are downloaded once for each host", () => {
    expect(images(cluster([controlPlane(1), ...nodes]))).toEqual([
      "talos-376567988ad3-pve1",
      "talos-376567988ad3-pve2",
    ]);
  });

  test("are downloaded once to shared storage", () => {
    expect(images(cluster([controlPlane(1), ...nodes], spread))).toEqual(["talos-376567988ad3"]);
  });
});

describe("quorum", () => {
  test("a host that holds it is named in a warning", () => {
    expect(warningsOf(stackOf(cluster([1, 2, 3].map((n) => controlPlane(n)))))).toEqual([
      'losing Proxmox host "pve1" loses the etcd quorum: 3 of 3 control planes run on it, 2 must stay up; ' +
        "spread them over three hosts with proxmox_node",
    ]);
  });

  test("three hosts for three control planes are quiet", () => {
    const nodes = ["pve1", "pve2", "pve3"].map((host, n) => controlPlane(n + 1, { host }));
    expect(warningsOf(stackOf(cluster(nodes)))).toEqual([]);
  });

  test("one of two hosts holds it", () => {
    const nodes = ["pve1", "pve2", "pve2"].map((host, n) => controlPlane(n + 1, { host }));
    expect(warningsOf(stackOf(cluster(nodes)))).toEqual([expect.stringContaining('host "pve2"')]);
  });
});

test.each([
  { bootloader: "dual-boot" as const },
  { bootloader: "grub" as const },
  { overlay: { image: "siderolabs/sbc-rockchip", name: "rock4" } },
])("Secure Boot is refused with a schematic that has no signed image: %j", (schematic) => {
  expect(() => stackOf(cluster([controlPlane(1, { secureBoot: true, schematic })]))).toThrow(
    "no Secure Boot image exists for this schematic",
  );
});

test("Secure Boot is refused also where another node names that schematic by its id", () => {
  const schematic = { bootloader: "dual-boot" as const };
  const byId = controlPlane(1, { secureBoot: true, schematic: { id: schematicId(schematic) } });
  expect(() => stackOf(cluster([byId, worker(1, { secureBoot: true, schematic })]))).toThrow(
    'node "worker-1": no Secure Boot image exists for this schematic: bootloader "dual-boot" is not signed',
  );
});

test.each<[string, ClusterStackProps]>([
  ["vmId 7011 is used twice", cluster([controlPlane(1), worker(1, { vmId: 7011 })])],
  ["name cp-1 is used twice", cluster([controlPlane(1), controlPlane(1)])],
  ["address 10.20.1.11 is used twice", cluster([controlPlane(1), worker(1, { address: "10.20.1.11" })])],
  [
    "macAddress BC:24:11:20:00:11 is used twice",
    cluster([controlPlane(1), worker(1, { networkInterfaces: [{ macAddress: "bc:24:11:20:00:11" }] })]),
  ],
  [
    'renamedFrom "cp-1" of node "worker-1" is the name of a node',
    cluster([controlPlane(1), worker(1, { renamedFrom: "cp-1" })]),
  ],
  [
    "renamedFrom old is used twice",
    cluster([controlPlane(1, { renamedFrom: "old" }), worker(1, { renamedFrom: "old" })]),
  ],
  [
    'address of node "cp-1" "10.9.0.1" is not an address in 10.20.0.0/22',
    cluster([controlPlane(1, { address: "10.9.0.1" })]),
  ],
  [
    "network.gateway",
    cluster([controlPlane(1)], { network: { nodeCidr: "10.20.0.0/22", gateway: "10.9.0.1" } }),
  ],
  [
    "network.nodeCidr",
    cluster([controlPlane(1)], { network: { nodeCidr: "10.20.0.0", gateway: "10.20.0.1" } }),
  ],
  ["memoryMiB 2047 is less than the 2048", cluster([controlPlane(1, { memoryMiB: 2047 })])],
  ["cores of all sockets 1 is less than the 2", cluster([controlPlane(1, { cores: 1 })])],
  [
    "proxmox.endpoint",
    cluster([controlPlane(1)], { proxmox: { endpoint: "http://pve:8006", imageStorage: "local" } }),
  ],
  [
    "fileNamePrefix",
    cluster([controlPlane(1)], { proxmox: { imageStorage: "local", imagePrefix: "Two Words" } }),
  ],
  ["adopt.vms", cluster([controlPlane(1)], { adopt: { vms: "talos_node" } })],
  ["clusterName", cluster([controlPlane(1)], { clusterName: "Home Lab" })],
])("refused: %s", (message, props) => {
  expect(() => stackOf(props)).toThrow(message);
});

test("two clusters on one storage have image files of their own", () => {
  const files = (imagePrefix?: string) => {
    const props = cluster([controlPlane(1)], { proxmox: { imageStorage: "nfs", imagePrefix } });
    return Object.values(templateOf(props).resource.proxmox_download_file ?? {}).map(
      (each) => (each as { readonly file_name?: string }).file_name,
    );
  };
  const [[plain = ""], [own = ""]] = [files(), files("talos-staging")];
  expect(plain).toMatch(/^talos-v/);
  expect(own).toBe(plain.replace("talos-", "talos-staging-"));
});

test("a cluster without nodes is refused", () => {
  expect(() => stackOf(cluster([]))).toThrow("the cluster has no nodes");
});

test("the state remembers protected nodes, under their names, and forgets those that are protected no longer", () => {
  const { resource, moved } = templateOf(
    cluster([
      controlPlane(1, { protection: true }),
      worker(1, { protection: true, renamedFrom: "old-1" }),
      worker(2, {}),
    ]),
  );
  expect(resource.terraform_data).toMatchObject({
    protected: { for_each: '${toset(["cp-1","worker-1"])}', lifecycle: { prevent_destroy: true } },
    no_longer_protected: { for_each: "${toset([])}" },
  });
  expect(moved?.filter(({ to }) => to.startsWith("terraform_data."))).toEqual([
    { from: 'terraform_data.protected["old-1"]', to: 'terraform_data.protected["worker-1"]' },
    { from: 'terraform_data.protected["worker-2"]', to: 'terraform_data.no_longer_protected["worker-2"]' },
  ]);
});
