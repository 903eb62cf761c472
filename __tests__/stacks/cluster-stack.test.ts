import { schematicId } from "../../domain/schematic";
import { ClusterStack } from "../../stacks/cluster-stack";
import type { ClusterStackProps } from "../../stacks/cluster-stack-props";
import { cluster, controlPlane, worker } from "../support/nodes";
import { schemaProblems } from "../support/pinned-schema";
import { newApp, synthStack, type Template, warningsOf } from "../support/synth";

const AGENT = { extensions: ["siderolabs/qemu-guest-agent"] };

function stackOf(props: ClusterStackProps): ClusterStack {
  const stack = new ClusterStack(newApp(), "cluster", props);
  stack.prepareStack();
  return stack;
}
const templateOf = (props: ClusterStackProps): Template => synthStack(stackOf(props));
const movesOfVms = ({ moved = [] }: Template) => moved.filter(({ to }) => !to.startsWith("terraform_data."));
const vmsOf = (template: Template) => template.resource.proxmox_virtual_environment_vm ?? {};

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

describe("the firewall", () => {
  const rulesOf = (template: Template) =>
    template.resource.proxmox_virtual_environment_firewall_rules as Record<string, { rule: object[] }>;
  const firstNics = (props: ClusterStackProps) =>
    Object.values(vmsOf(templateOf(props))).map((vm) => (vm.network_device as { firewall: boolean }[])[0]);
  const firewall = { cni: "none" } as const;

  test("is not there unless it is asked for", () => {
    expect(JSON.stringify(templateOf(cluster([controlPlane(1)])).resource)).not.toContain("_firewall_");
  });

  test("etcd is for control planes alone; a new worker changes no rule of the others", () => {
    const before = rulesOf(templateOf(cluster([controlPlane(1), controlPlane(2), worker(1)], { firewall })));
    const etcd = expect.objectContaining({ comment: "etcd", source: "10.20.1.11,10.20.1.12" });
    expect(before["cp-1"]?.rule).toContainEqual(etcd);
    expect(JSON.stringify(before["worker-1"])).not.toContain("etcd");
    const after = rulesOf(
      templateOf(cluster([controlPlane(1), controlPlane(2), worker(1), worker(2)], { firewall })),
    );
    expect(after).toMatchObject(before);
  });

  test("the first NIC is filtered, unless it says otherwise or the firewall is off", () => {
    const other = controlPlane(2, { networkInterfaces: [{ firewall: false }] });
    expect(firstNics(cluster([controlPlane(1), other], { firewall }))).toMatchObject([
      { firewall: true },
      { firewall: false },
    ]);
    const off = templateOf(cluster([controlPlane(1)], { firewall: { ...firewall, enabled: false } }));
    expect(vmsOf(off)["cp-1"]).toMatchObject({
      lifecycle: { ignore_changes: expect.arrayContaining(["network_device[0].firewall"]) },
    });
  });

  test("a mistake is refused", () => {
    const refused = (more: object) => () =>
      templateOf(cluster([controlPlane(1)], { firewall: { ...firewall, ...more } }));
    expect(refused({ cni: "weave" })).toThrow(
      'firewall: cni "weave" is not one of flannel, cilium, calico, none',
    );
    expect(refused({ talosApiCidrs: ["10.0.0.1/8"] })).toThrow(
      'firewall: talosApiCidrs "10.0.0.1/8" is an address within its network; write 10.0.0.0/8',
    );
    expect(refused({ rules: [{ ports: [] }] })).toThrow("firewall: rules[0].ports is empty; name a port");
    expect(refused({ rules: [{ ports: ["80:90"] }] })).toThrow(
      'rules[0].ports "80:90" is not a port or range',
    );
    expect(refused({ rules: [{ ports: Array(8).fill("1-2") }] })).toThrow(
      "rules[0].ports are 16, a range as two; Proxmox takes at most 15",
    );
    expect(refused({ rules: [{ ports: [1], role: "master" }] })).toThrow('rules[0].role "master"');
    expect(refused({ rules: [{ ports: [1], comment: "a\nb" }] })).toThrow("rules[0].comment");
  });
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

describe("Talos", () => {
  const configured = (more: Partial<ClusterStackProps> = {}) =>
    cluster([controlPlane(1, { networkInterfaces: [{}, { macAddress: "BC:24:11:20:00:99" }] })], {
      network: { nodeCidr: "10.20.0.0/22", gateway: "10.20.0.1", vip: "10.20.1.10" },
      talos: { kubernetesVersion: "v1.36.0" },
      ...more,
    });
  const patches = (template: Template) =>
    String(template.data.talos_machine_configuration?.["cp-1"]?.config_patches);

  test("is left alone unless it is asked for: no provider, no resource, no output", () => {
    expect(JSON.stringify(templateOf(cluster([controlPlane(1)])))).not.toMatch(
      /siderolabs|talos_machine|kubeconfig/,
    );
  });

  test("a link is found by its MAC address in lower case, also by the one that Proxmox makes up", () => {
    const template = templateOf(configured());
    const text = patches(template);
    // A reference to the VM itself would leave the config open whenever the VM changes.
    const [, name = ""] = /== \\"\$\{local\.(\S+)\}\\"/.exec(text) ?? [];
    expect((template.locals as Readonly<Record<string, string>>)[name]).toBe(
      "${lower(proxmox_virtual_environment_vm.cp-1.network_device[0].mac_address)}",
    );
    expect(text).not.toContain("proxmox_virtual_environment_vm");
    const more = configured();
    const [node] = more.nodes;
    const second = { macAddress: "BC:24:11:20:00:99", addresses: ["192.168.9.1/24"] };
    const nodes = node ? [{ ...node, networkInterfaces: [{}, second] }] : [];
    expect(patches(templateOf({ ...more, nodes }))).toContain('\\"bc:24:11:20:00:99\\"');
  });

  test("a node has its static address from the start, also if it boots from an ISO", () => {
    const addressOf = (props: ClusterStackProps) => vmsOf(templateOf(props))["cp-1"]?.initialization;
    expect(addressOf(configured({ bootMode: "iso" }))).toMatchObject({
      ip_config: [{ ipv4: { address: "10.20.1.11/22" } }],
    });
    expect(addressOf(configured({ bootMode: "iso", talos: undefined }))).toBeUndefined();
  });

  test("its config is applied once the VM is there, and again after it was replaced", () => {
    const applied = templateOf(configured()).resource.talos_machine_configuration_apply?.["cp-1"];
    expect(applied).toMatchObject({
      depends_on: ["proxmox_virtual_environment_vm.cp-1"],
      lifecycle: { replace_triggered_by: ["proxmox_virtual_environment_vm.cp-1.id"] },
    });
  });

  test("the credentials are sensitive outputs", () => {
    expect(templateOf(configured()).output).toMatchObject({
      kubeconfig: { sensitive: true },
      talosconfig: { sensitive: true },
    });
  });

  test("its secrets are not in a plain-text state, unless somebody says why", () => {
    const off = { backend: "local", encryption: { provider: "off", reason: "a test" } } as const;
    expect(() => templateOf(configured({ state: off }))).toThrow(
      /stack "cluster": the secrets of Talos would be in a state that is not encrypted/,
    );
    const talos = { kubernetesVersion: "v1.36.0", plaintextSecrets: "a lab" };
    const stack = stackOf(configured({ state: off, talos }));
    expect(warningsOf(stack)).toContain("the secrets of Talos are in plain text in the state: a lab");
  });

  test("with its secrets out of the state, no output has credentials, and a state in plain text needs no reason", () => {
    const off = { backend: "local", encryption: { provider: "off", reason: "a test" } } as const;
    const talos = { kubernetesVersion: "v1.36.0", secrets: "out-of-state" } as const;
    const { output } = templateOf(configured({ state: off, talos }));
    expect(Object.keys(output)).not.toContain("kubeconfig");
    expect(Object.keys(output)).not.toContain("talosconfig");
    expect(() => templateOf(configured({ talos: { ...talos, plaintextSecrets: "a lab" } }))).toThrow(
      /stack "cluster": talos.plaintextSecrets has no effect where talos.secrets is out-of-state/,
    );
  });

  test("among several SCSI disks, the first one is found by its size if that tells it apart", () => {
    const withDisk = (sizeGiB: number) => {
      const [node] = configured().nodes;
      return configured({ nodes: node ? [{ ...node, dataDisks: [{ storage: "ceph", sizeGiB }] }] : [] });
    };
    expect(patches(templateOf(withDisk(100)))).toContain('"diskSelector":{"size":"== 64GiB"}');
    expect(patches(templateOf(withDisk(64)))).toContain('"disk":"/dev/sda"');
  });
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
