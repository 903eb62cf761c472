import type { NodeConfig } from "../../config";
import { append, type Edit, edit, parse, replace, VALID, VANILLA, WITH_AGENT } from "./support/cluster";

function nodesOf(...edits: readonly Edit[]): readonly NodeConfig[] {
  return parse(edit(...edits)).config.nodes;
}

function nodeOf(name: string, ...edits: readonly Edit[]): NodeConfig {
  const node = nodesOf(...edits).find((each) => each.name === name);
  if (node === undefined) throw new Error(`there is no node ${name}`);
  return node;
}

const sizesOf = ({ cores, sockets, memoryMiB, disk }: NodeConfig) => [
  cores,
  sockets,
  memoryMiB,
  disk.sizeGiB,
];

test("minimal: everything that a file can leave open", () => {
  expect(parse(VALID)).toMatchSnapshot();
});

describe("sizes", () => {
  test("are built in by role", () => {
    expect(sizesOf(nodeOf("cp-1"))).toEqual([4, 1, 8192, 64]);
    expect(sizesOf(nodeOf("worker-1"))).toEqual([8, 1, 16384, 256]);
  });

  test("come from the node, else the role, else all, else are built in", () => {
    const layers = [
      append("    vm_cores: 16"),
      append("proxmox_vm_worker_defaults: { cores: 12, memory: 24576 }"),
      append("proxmox_vm_controller_defaults: { disk_size: 32 }"),
      append("proxmox_vm_defaults: { cores: 6, memory: 12288, sockets: 2 }"),
    ];
    expect(sizesOf(nodeOf("worker-1", ...layers))).toEqual([16, 2, 24576, 256]);
    expect(sizesOf(nodeOf("cp-1", ...layers))).toEqual([6, 2, 12288, 32]);
  });
});

test("a default is for new VMs only, and what a file names is for every VM", () => {
  const plain = nodeOf("worker-1");
  expect(plain.onlyForNew).toEqual(expect.arrayContaining(["cores", "cpuType", "tags", "tpm", "protection"]));
  expect(plain.disk.onlyForNew).toEqual(["sizeGiB", "storage", "discard", "ssd", "backup", "replicate"]);
  expect(plain.networkInterfaces[0]?.onlyForNew).toEqual(["bridge", "queues"]);

  const lines = [
    append("    vm_cores: 16", "    tags: [gpu]", "    protection: false"),
    append("    networks: [{ bridge: vmbr2 }]", "    data_disks: [{ slot: 1, size: 5, ssd: false }]"),
    append("proxmox_vm_worker_defaults: { memory: 24576 }", "proxmox_disk_storage: ceph"),
    append("proxmox_vm_defaults: { disk_size: 300 }", "proxmox_vm_advanced: { net_queues: 4, numa: true }"),
  ];
  const named = nodeOf("worker-1", ...lines);
  for (const setting of ["cores", "memoryMiB", "tags", "protection", "numa"]) {
    expect(named.onlyForNew).not.toContain(setting);
  }
  expect(named.disk.onlyForNew).toEqual(["discard", "ssd", "backup", "replicate"]);
  expect(named.dataDisks[0]?.onlyForNew).toEqual(["discard", "backup", "replicate"]);
  expect(named.networkInterfaces.map(({ onlyForNew }) => onlyForNew)).toEqual([["bridge"], []]);
});

test("proxmox_vm_advanced is the hardware of every VM, unless the node says otherwise", () => {
  const advanced =
    "proxmox_vm_advanced: { machine: i440fx, cpu_type: x86-64-v3, tags: [lab], qemu_agent: false, network_bridge: vmbr1, net_queues: 2, disk_ssd: false, disk_backup: true }";
  const [first] = nodesOf(append(advanced));
  expect(first).toMatchObject({ machine: "pc", cpuType: "x86-64-v3", tags: ["lab"], agent: false });
  expect(first?.networkInterfaces).toMatchObject([{ bridge: "vmbr1", queues: 2 }]);
  expect(first?.disk).toMatchObject({ ssd: false, backup: true, discard: true });

  const worker = nodeOf("worker-1", append("    tags: [gpu]", "    qemu_agent: true", advanced));
  expect(worker).toMatchObject({ tags: ["gpu"], agent: true });
});

test("further disks, NICs and PCI devices start from the node's and the cluster's values", () => {
  const worker = nodeOf(
    "worker-1",
    append(
      '    mac_addr: "bc:24:11:00:00:0a"',
      "    disk_storage: ceph",
      "    data_disks: [{ slot: 1, size: 100, serial: data }, { slot: 3, size: 200, storage: nfs, ssd: false }]",
      "    networks: [{}, { bridge: vmbr2, vlan: 30, mtu: 9000, queues: 1 }]",
      "    pci: [{ mapping: gpu }, { mapping: nic, pcie: false, rombar: false }]",
      'node_vlan_tag: "7"',
    ),
  );
  expect(worker.disk.storage).toBe("ceph");
  expect(worker.dataDisks).toMatchObject([
    { slot: 1, storage: "ceph", sizeGiB: 100, serial: "data", ssd: true },
    { slot: 3, storage: "nfs", sizeGiB: 200, ssd: false },
  ]);
  expect(worker.networkInterfaces).toMatchObject([
    { bridge: "vmbr0", vlan: 7, macAddress: "bc:24:11:00:00:0a", queues: 4 },
    { bridge: "vmbr0", vlan: undefined, queues: 4 },
    { bridge: "vmbr2", vlan: 30, mtu: 9000, queues: 1 },
  ]);
  expect(worker.pciDevices).toEqual([
    { mapping: "gpu", pcie: true, rombar: true },
    { mapping: "nic", pcie: false, rombar: false },
  ]);
});

describe("the guest agent", () => {
  const withoutId = replace(`111\n    schematic_id: ${WITH_AGENT}`, "111");

  test("is off with the vanilla schematic", () => {
    const vanilla = replace(`111\n    schematic_id: ${WITH_AGENT}`, `111\n    schematic_id: ${VANILLA}`);
    expect(nodeOf("worker-1", vanilla).agent).toBe(false);
    expect(nodeOf("cp-1", vanilla).agent).toBe(true);
  });

  test.each([
    ["[siderolabs/qemu-guest-agent]", true],
    ["[siderolabs/btrfs]", false],
  ])("follows the extensions of a schematic that is described: %s", (extensions, agent) => {
    const worker = nodeOf("worker-1", withoutId, append(`talos_schematic: { extensions: ${extensions} }`));
    expect(worker.agent).toBe(agent);
  });

  test("a node's own schematic comes before the cluster's", () => {
    const worker = nodeOf(
      "worker-1",
      withoutId,
      append(
        "    talos_schematic: { kernel_args: [console=ttyS0] }",
        "talos_schematic: { extensions: [siderolabs/btrfs] }",
      ),
    );
    expect(worker.schematic).toEqual({ extensions: [], kernelArgs: ["console=ttyS0"] });
  });
});

describe("the TPM", () => {
  test.each([
    ["iso", "true", true],
    ["disk-image", "true", true],
    ["disk-image", "false", false],
  ])("with boot_mode %s and secureboot %s is %s", (mode, secureBoot, tpm) => {
    const worker = nodeOf("worker-1", append(`    secureboot: ${secureBoot}`, `boot_mode: ${mode}`));
    expect(worker.tpm).toBe(tpm);
  });

  test("is what the node says", () => {
    expect(nodeOf("worker-1", append("    tpm: true")).tpm).toBe(true);
  });
});

describe("the id of a VM without one", () => {
  const idsOf = (text: string) =>
    Object.fromEntries(parse(text).config.nodes.map(({ name, vmId }) => [name, vmId]));
  const withoutIds = VALID.replaceAll(/ {4}vm_id: .*\n/g, "");
  const ids = { "cp-1": 1_000_011, "cp-2": 1_000_012, "cp-3": 1_000_013, "worker-1": 1_000_021 };

  test("is made of the address, and is shown", () => {
    expect(idsOf(withoutIds)).toEqual(ids);
    expect(parse(withoutIds).notes).toEqual([
      "cluster.yaml:5: nodes without a vm_id have one that is made of their address: cp-1 1000011, cp-2 1000012, cp-3 1000013, worker-1 1000021",
    ]);
    expect(parse(VALID).notes).toEqual([]);
  });

  test("stays when nodes are added, removed and reordered", () => {
    const [head = "", ...nodes] = withoutIds.split(/(?=^ {2}- name)/m);
    const [first = "", second = "", third = "", fourth = ""] = nodes;
    const more = fourth.replace("worker-1", "worker-2").replace("10.0.0.21", "10.0.0.22");
    expect(idsOf([head, more, fourth, third, second, first].join(""))).toEqual({
      ...ids,
      "worker-2": 1_000_022,
    });
    const { "cp-3": _, ...others } = ids;
    expect(idsOf([head, second, fourth, first].join(""))).toEqual(others);
  });
});

describe("HA", () => {
  const twoHosts = append("    proxmox_node: pve2");
  const haOf = (...edits: readonly Edit[]) => parse(edit(...edits)).config.proxmox.ha;

  test.each([
    ["one host", false, [append("proxmox_shared_storages: [local-lvm]")]],
    ["several hosts, disks that are not shared", false, [twoHosts]],
    ["several hosts, shared disks", true, [twoHosts, append("proxmox_shared_storages: [local-lvm]")]],
    [
      "one data disk that is not shared",
      false,
      [
        append("    data_disks: [{ slot: 1, size: 1, storage: fast }]"),
        twoHosts,
        append("proxmox_shared_storages: [local-lvm]"),
      ],
    ],
    [
      "several hosts and shared disks, but turned off",
      false,
      [twoHosts, append("proxmox_shared_storages: [local-lvm]", "proxmox_ha: false")],
    ],
  ])("%s: %s", (_, ha, edits) => {
    expect(haOf(...edits)).toBe(ha);
  });
});

test("what the template writes differently is understood", () => {
  const { config } = parse(
    edit(
      replace("https://pve.example.com:8006", "https://pve.example.com:8006/api2/json"),
      append("talos_version: 1.12.0", "cluster_pod_cidr: 10.42.0.0/16,fd00:42::/56"),
    ),
  );
  expect(config.proxmox.endpoint).toBe("https://pve.example.com:8006");
  expect(config.talosVersion).toBe("v1.12.0");
  expect(config.network.podCidrs).toEqual(["10.42.0.0/16", "fd00:42::/56"]);
});

describe("state", () => {
  const stateOf = (...lines: readonly string[]) => parse(edit(append("state:", ...lines))).config.state;

  test.each([
    [
      "aws_kms, kms_key_id: alias/a, region: eu-central-1",
      { provider: "aws_kms", kmsKeyId: "alias/a", region: "eu-central-1" },
    ],
    ["gcp_kms, kms_encryption_key: projects/a", { provider: "gcp_kms", kmsEncryptionKey: "projects/a" }],
    [
      "openbao, key_name: a, address: https://bao:8200",
      { provider: "openbao", keyName: "a", address: "https://bao:8200" },
    ],
    ["pbkdf2", { provider: "pbkdf2" }],
  ])("encryption by %s, now and before", (keys, provider) => {
    expect(stateOf(`  encryption: { provider: ${keys} }`).encryption).toMatchObject({
      ...provider,
      keyId: "main",
      migrateFromPlaintext: false,
    });
    expect(
      stateOf(`  encryption: { provider: pbkdf2, key_id: b, previous: { provider: ${keys} } }`).encryption,
    ).toEqual({
      generatedPassphrase: false,
      provider: "pbkdf2",
      keyId: "b",
      migrateFromPlaintext: false,
      previous: { ...provider, keyId: "main" },
    });
  });

  test("iterations of a passphrase, and whether it is generated", () => {
    const keys = "provider: pbkdf2, iterations: 200000, generated_passphrase: true";
    expect(stateOf(`  encryption: { ${keys} }`).encryption).toMatchObject({
      iterations: 200_000,
      generatedPassphrase: true,
    });
  });

  test("no encryption, with its reason, and the way from there", () => {
    expect(stateOf("  encryption: { provider: off, reason: a test }").encryption).toEqual({
      provider: "off",
      reason: "a test",
    });
    expect(stateOf("  encryption: { provider: pbkdf2, migrate: from-plaintext }").encryption).toMatchObject({
      migrateFromPlaintext: true,
    });
  });

  test("a Worker under development is reached over http, on this machine only", () => {
    const url = "http://127.0.0.1:8787/states/proxmox";
    expect(stateOf("  backend: worker", `  url: ${url}`)).toMatchObject({ backend: "worker", url });
  });
});

test("adopt names what an earlier program made", () => {
  const { config } = parse(
    edit(
      append(
        "adopt:",
        "  vms: proxmox_virtual_environment_vm.talos_node",
        "  images:",
        `    - { from: 'proxmox_virtual_environment_download_file.talos_iso["a-true"]', schematic_id: ${WITH_AGENT}, secureboot: true }`,
      ),
    ),
  );
  expect(config.adopt).toEqual({
    vms: "proxmox_virtual_environment_vm.talos_node",
    images: [
      {
        from: 'proxmox_virtual_environment_download_file.talos_iso["a-true"]',
        schematicId: WITH_AGENT,
        secureBoot: true,
      },
    ],
  });
});
