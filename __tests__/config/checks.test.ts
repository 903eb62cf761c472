import { append, edit, parse, problemsOf, replace, VALID, VANILLA, WITH_AGENT } from "./support/cluster";

type Row = readonly [title: string, text: string, ...problems: string[]];

const NETWORK: readonly Row[] = [
  [
    "an address outside the network",
    edit(replace("10.0.0.12", "10.0.1.12")),
    "cluster.yaml:13: nodes[1].address 10.0.1.12 is outside node_cidr 10.0.0.0/24; choose an address in it",
  ],
  [
    "the address of the gateway, by default the first one",
    edit(replace("10.0.0.12", "10.0.0.1")),
    "cluster.yaml:13: nodes[1].address 10.0.0.1 is the address of the gateway; choose a free one",
  ],
  [
    "the address of a gateway that is named",
    edit(append("node_default_gateway: 10.0.0.13")),
    "cluster.yaml:19: nodes[2].address 10.0.0.13 is the address of the gateway; choose a free one",
  ],
  [
    "the virtual address",
    edit(replace("10.0.0.12", "10.0.0.5")),
    "cluster.yaml:13: nodes[1].address 10.0.0.5 is cluster_api_addr, which moves between nodes; choose a free address",
  ],
  [
    "the network's own address",
    edit(replace("10.0.0.12", "10.0.0.0")),
    "cluster.yaml:13: nodes[1].address 10.0.0.0 is the network address of node_cidr 10.0.0.0/24; choose another",
  ],
  [
    "the broadcast address",
    edit(replace("10.0.0.12", "10.0.0.255")),
    "cluster.yaml:13: nodes[1].address 10.0.0.255 is the broadcast address of node_cidr 10.0.0.0/24; choose another",
  ],
  [
    "another prefix length",
    edit(replace("10.0.0.12", "10.0.0.12/16")),
    "cluster.yaml:13: nodes[1].address 10.0.0.12/16 has another prefix length than node_cidr 10.0.0.0/24; write 10.0.0.12/24",
  ],
  [
    "a gateway and a virtual address outside the network",
    edit(replace("10.0.0.5", "10.0.1.5"), append("node_default_gateway: 10.0.1.1")),
    "cluster.yaml:2: cluster_api_addr 10.0.1.5 is outside node_cidr 10.0.0.0/24; choose an address in it",
    "cluster.yaml:30: node_default_gateway 10.0.1.1 is outside node_cidr 10.0.0.0/24; choose an address in it",
  ],
  [
    "the virtual address on the gateway",
    edit(replace("10.0.0.5", "10.0.0.1")),
    "cluster.yaml:2: cluster_api_addr 10.0.0.1 is the address of the gateway; choose a free one",
  ],
  [
    "networks that overlap",
    edit(append("cluster_pod_cidr: 10.0.0.0/16", "cluster_svc_cidr: 10.0.0.0/25")),
    "cluster.yaml:30: cluster_pod_cidr 10.0.0.0/16 overlaps with node_cidr 10.0.0.0/24; choose one that does not overlap",
    "cluster.yaml:31: cluster_svc_cidr 10.0.0.0/25 overlaps with node_cidr 10.0.0.0/24; choose one that does not overlap",
    "cluster.yaml:31: cluster_svc_cidr 10.0.0.0/25 overlaps with cluster_pod_cidr 10.0.0.0/16; choose one that does not overlap",
  ],
  [
    "networks that overlap in their second family",
    edit(
      append('cluster_pod_cidr: "10.42.0.0/16,fd00::/48"', "cluster_svc_cidr: [10.43.0.0/16, fd00::1:0/112]"),
    ),
    "cluster.yaml:31: cluster_svc_cidr fd00::1:0/112 overlaps with cluster_pod_cidr fd00::/48; choose one that does not overlap",
  ],
  [
    "two networks of one family",
    edit(append("cluster_pod_cidr: 10.42.0.0/16,10.44.0.0/16")),
    "cluster.yaml:30: cluster_pod_cidr 10.42.0.0/16,10.44.0.0/16 are both IPv4; give one of each family, or only one",
  ],
  [
    "services in a family that pods lack",
    edit(append("cluster_svc_cidr: [10.43.0.0/16, fd01::/112]")),
    "cluster.yaml:30: cluster_svc_cidr fd01::/112 is IPv6, but cluster_pod_cidr has no IPv6 network; add one there",
  ],
  [
    "an address for a network",
    edit(replace("10.0.0.0/24", "10.0.0.7/24")),
    "cluster.yaml:1: node_cidr 10.0.0.7/24 is an address within its network; write 10.0.0.0/24",
  ],
];

const DUPLICATES: readonly Row[] = [
  [
    "a name",
    edit(replace("cp-2", "cp-1")),
    "cluster.yaml:12: nodes[1].name cp-1 is already used by nodes[0]; give each node its own name",
  ],
  [
    "an address, with a prefix length or without",
    edit(replace("10.0.0.13", "10.0.0.11/24")),
    'cluster.yaml:19: nodes[2].address 10.0.0.11/24 is already used by "cp-1"; give each node its own address',
  ],
  [
    "an id",
    edit(replace("vm_id: 111", "vm_id: 101")),
    'cluster.yaml:28: nodes[3].vm_id 101 is already used by "cp-1"; give each node its own id',
  ],
  [
    "an id that is made of an address",
    edit(replace("    vm_id: 111\n", ""), replace("vm_id: 101", "vm_id: 1000021")),
    'cluster.yaml:24: nodes[3].vm_id is missing, and 1000021, made of the address, is already used by "cp-1"; give each node its own id',
  ],
  [
    "an address without an id, once",
    edit(replace("    vm_id: 111\n", ""), replace("    vm_id: 101\n", ""), replace("10.0.0.21", "10.0.0.11")),
    'cluster.yaml:24: nodes[3].address 10.0.0.11 is already used by "cp-1"; give each node its own address',
  ],
  [
    "a MAC address, on any NIC and in any case",
    edit(
      replace("vm_id: 101\n", 'vm_id: 101\n    mac_addr: "bc:24:11:00:00:aa"\n'),
      append('    networks: [{}, { mac_addr: "BC:24:11:00:00:AA" }]'),
    ),
    'cluster.yaml:31: nodes[3].networks[1].mac_addr BC:24:11:00:00:AA is already used by "cp-1"; give each NIC its own address',
  ],
  [
    "the slot of a disk",
    edit(append("    data_disks:", "      - { slot: 2, size: 10 }", "      - { slot: 2, size: 20 }")),
    "cluster.yaml:32: nodes[3].data_disks[1].slot 2 is already used by nodes[3].data_disks[0]; give each disk its own slot",
  ],
  [
    "the serial number of a disk",
    edit(
      append(
        "    data_disks:",
        "      - { slot: 1, size: 10, serial: data }",
        "      - { slot: 2, size: 20, serial: data }",
      ),
    ),
    "cluster.yaml:32: nodes[3].data_disks[1].serial data is already used by nodes[3].data_disks[0]; give each disk its own serial number",
  ],
  [
    "a tag",
    edit(append("    tags: [a, b, a]")),
    "cluster.yaml:30: nodes[3].tags[2] a is listed twice; keep one",
  ],
];

const CONTROL_PLANE: readonly Row[] = [
  [
    "none",
    VALID.replaceAll("controller: true", "controller: false"),
    "cluster.yaml:5: nodes has no control plane; set controller: true for one node, or for three",
  ],
];

const RESOURCES: readonly Row[] = [
  [
    "too little for a control plane",
    edit(replace("vm_id: 101\n", "vm_id: 101\n    vm_memory: 2047\n    vm_cores: 1\n    vm_disk_size: 9\n")),
    "cluster.yaml:11: nodes[0].vm_memory 2047 is less than the 2048 MiB that Talos needs on a control plane node; use 2048 or more",
    "cluster.yaml:12: nodes[0].vm_cores 1 is less than the 2 cores that Talos needs on a control plane node; use 2 or more",
    "cluster.yaml:13: nodes[0].vm_disk_size 9 is less than the 10 GiB that Talos needs on a control plane node; use 10 or more",
  ],
  [
    "too little for a worker",
    edit(append("    vm_memory: 1023")),
    "cluster.yaml:30: nodes[3].vm_memory 1023 is less than the 1024 MiB that Talos needs on a worker node; use 1024 or more",
  ],
  [
    "too little in the defaults, once and where it is written",
    edit(append("proxmox_vm_defaults:", "  memory: 1024")),
    "cluster.yaml:31: proxmox_vm_defaults.memory 1024 is less than the 2048 MiB that Talos needs on a control plane node; use 2048 or more",
  ],
  [
    "a CPU that Talos is not compiled for",
    edit(append("proxmox_vm_advanced: { cpu_type: kvm64 }")),
    "cluster.yaml:30: proxmox_vm_advanced.cpu_type kvm64 lacks x86-64-v2, which Talos needs; use host or x86-64-v2-AES",
  ],
  [
    "a balloon larger than the memory",
    edit(append("proxmox_vm_advanced: { balloon: 9000 }")),
    'cluster.yaml:30: proxmox_vm_advanced.balloon 9000 is more than the 8192 MiB of "cp-1"; use 0, or at most 8192',
  ],
];

const BOOT: readonly Row[] = [
  [
    "Secure Boot without UEFI",
    edit(append("    secureboot: true", "proxmox_vm_advanced: { bios: seabios }")),
    "cluster.yaml:30: nodes[3].secureboot true needs UEFI, but proxmox_vm_advanced.bios is seabios; use ovmf, or turn one of them off",
  ],
  [
    "Secure Boot with an overlay",
    edit(
      replace(`111\n    schematic_id: ${WITH_AGENT}\n`, "111\n"),
      append(
        "    secureboot: true",
        "talos_schematic: { overlay: { image: siderolabs/sbc-rockchip, name: rock4 } }",
      ),
    ),
    'cluster.yaml:29: nodes[3].secureboot true is impossible with the cluster\'s talos_schematic: its overlay "rock4" replaces the signed boot chain; leave it out',
  ],
  ...["grub", "dual-boot"].map(
    (bootloader): Row => [
      `Secure Boot with ${bootloader}`,
      edit(
        replace(`111\n    schematic_id: ${WITH_AGENT}\n`, "111\n"),
        append("    secureboot: true", `    talos_schematic: { bootloader: ${bootloader} }`),
      ),
      `cluster.yaml:29: nodes[3].secureboot true is impossible with talos_schematic: its bootloader "${bootloader}" is not signed; use sd-boot or leave it out`,
    ],
  ),
  [
    "two schematics",
    edit(append("    talos_schematic: {}")),
    "cluster.yaml:30: nodes[3].talos_schematic cannot be set together with schematic_id; keep one of them",
  ],
  [
    "no schematic",
    edit(replace(`111\n    schematic_id: ${WITH_AGENT}\n`, "111\n")),
    "cluster.yaml:24: nodes[3].schematic_id is missing; add it, or describe talos_schematic here or for the cluster",
  ],
  [
    "an extension twice",
    edit(append("talos_schematic: { extensions: [siderolabs/btrfs, siderolabs/btrfs] }")),
    "cluster.yaml:30: talos_schematic.extensions[1] siderolabs/btrfs is listed twice; keep one",
  ],
];

const OTHERS: readonly Row[] = [
  [
    "a node without a host",
    edit(replace("proxmox_node: pve1\n", ""), append("    proxmox_node: pve1"))
      .replace(/vm_id: 10/g, "proxmox_node: pve1\n    vm_id: 10")
      .replace("    proxmox_node: pve1\n    vm_id: 102", "    vm_id: 102"),
    "cluster.yaml:12: nodes[1].proxmox_node is missing here and for the cluster; add it in one of the two places",
  ],
  [
    "PCI Express on a machine without it",
    edit(append("    pci: [{ mapping: gpu, pcie: true }]", "proxmox_vm_advanced: { machine: i440fx }")),
    "cluster.yaml:30: nodes[3].pci[0].pcie true needs machine q35, not i440fx; set it to false or change the machine",
  ],
  [
    "a rename from a node that is still there, and two from the same",
    edit(
      append("    renamed_from: cp-1"),
      replace("vm_id: 101\n", "vm_id: 101\n    renamed_from: old\n"),
      replace("vm_id: 102\n", "vm_id: 102\n    renamed_from: old\n"),
    ),
    'cluster.yaml:18: nodes[1].renamed_from old is already the old name of "cp-1"; remove one of the two',
    "cluster.yaml:32: nodes[3].renamed_from cp-1 is the name of a node; remove the key or that node",
  ],
  [
    "an adopted VM without its id",
    edit(
      replace("    vm_id: 111\n", ""),
      append("adopt: { vms: proxmox_virtual_environment_vm.talos_node }"),
    ),
    "cluster.yaml:24: nodes[3].vm_id is missing, but adopt.vms needs the id that the VM has; read it in the folder of the old program: tofu output node_vm_ids (a new node: any free id)",
  ],
  [
    "the Worker without its address",
    edit(append("state:", "  backend: worker")),
    "cluster.yaml:30: state.url is missing; the backend worker needs it, for example https://tfstate.example.com/states/proxmox",
  ],
  [
    "the state among the versions, which cannot be overwritten and are deleted in the end",
    edit(append("state:", "  key: history/home.tfstate")),
    'cluster.yaml:31: state.key "history/home.tfstate" is in history/, where the bucket lets nothing be overwritten and deletes what is old; use another key, such as proxmox/terraform.tfstate',
  ],
  [
    "the state with the name of a lock",
    edit(append("state:", "  key: home.tfstate.tflock")),
    'cluster.yaml:31: state.key "home.tfstate.tflock" ends like a lock, and is taken for one; use another key, such as proxmox/terraform.tfstate',
  ],
  [
    "the state on an object of the bootstrap stack",
    edit(append("state:", "  key: bootstrap.tfstate")),
    'cluster.yaml:31: state.key "bootstrap.tfstate" is an object of the bootstrap stack; use another key, such as proxmox/terraform.tfstate',
  ],
  [
    "two changes of encryption at once",
    edit(
      append(
        "state:",
        "  encryption: { provider: pbkdf2, key_id: b, migrate: from-plaintext, previous: { provider: pbkdf2 } }",
      ),
    ),
    "cluster.yaml:31: state.encryption.migrate cannot be set together with previous; do one after the other",
  ],
  [
    "fewer iterations than OpenTofu takes",
    edit(
      append("state:", "  encryption: { provider: pbkdf2, iterations: 199999, generated_passphrase: true }"),
    ),
    "cluster.yaml:31: state.encryption.iterations 199999 is less than 200000; use 200000 or more",
  ],
  [
    "fewer iterations than a passphrase of one's own needs",
    edit(append("state:", "  encryption: { provider: pbkdf2, iterations: 209999 }")),
    "cluster.yaml:31: state.encryption.iterations 209999 is too few for a passphrase that a person has chosen; give at least 210000, or use a generated one and say so (generated_passphrase: true)",
  ],
  [
    "two keys under one name",
    edit(
      append(
        "state:",
        "  encryption: { provider: gcp_kms, kms_encryption_key: a, previous: { provider: pbkdf2 } }",
      ),
    ),
    'cluster.yaml:31: state.encryption.key_id "main" is the name of the previous key too; give the new key another one, such as "main-2"',
  ],
];

describe.each([
  ["network", NETWORK],
  ["used twice", DUPLICATES],
  ["control plane", CONTROL_PLANE],
  ["resources", RESOURCES],
  ["boot", BOOT],
  ["other", OTHERS],
])("%s", (_, rows) => {
  test.each(rows)("%s: the error names line, value and fix", (_title, text, ...problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });
});

const V6 = VALID.replaceAll("10.0.0.0/24", "fd00:1::/64").replaceAll(/10\.0\.0\.(\d+)/g, "fd00:1::$1");
const V6_CLUSTER = `${V6}cluster_pod_cidr: fd00:42::/56\ncluster_svc_cidr: fd00:43::/112\n`;

test("an IPv6 cluster is accepted; its network address is the routers'", () => {
  const { config } = parse(V6_CLUSTER);
  expect(config.network).toMatchObject({ gateway: "fd00:1::1", vip: "fd00:1::5" });
  expect(problemsOf(V6_CLUSTER.replace("fd00:1::12", '"fd00:1::"'))).toEqual([
    "cluster.yaml:13: nodes[1].address fd00:1:: is the subnet-router anycast address of node_cidr fd00:1::/64; choose another",
  ]);
});

test("the same IPv6 address is found in every notation", () => {
  expect(problemsOf(V6_CLUSTER.replace("fd00:1::12", "FD00:1:0:0::11"))).toEqual([
    'cluster.yaml:13: nodes[1].address FD00:1:0:0::11 is already used by "cp-1"; give each node its own address',
  ]);
});

test("one control plane is allowed", () => {
  const text = VALID.replaceAll("controller: true", "controller: false").replace("false", "true");
  expect(problemsOf(text)).toEqual([]);
});

test("an even number of control planes is warned about, since a node is replaced by way of it", () => {
  expect(parse(edit(replace("controller: true", "controller: false"))).warnings).toEqual([
    "cluster.yaml:5: nodes has 2 control planes: etcd stops when one of them is lost; make it 1 or 3 when you are done",
  ]);
});

test("a VLAN that Talos tags is warned about where a disk image is not reachable at first", () => {
  const untagged = append("node_vlan_tag: 7", "proxmox_vlan_mode: false");
  expect(parse(edit(untagged)).warnings).toEqual([]);
  expect(parse(edit(untagged, append("boot_mode: disk-image"))).warnings).toEqual([
    "cluster.yaml:31: proxmox_vlan_mode false with boot_mode disk-image: a new node has its address outside VLAN 7 until Talos has its machine config; make it reachable there, or use boot_mode iso, where the first address comes from DHCP",
  ]);
});

test("an agent that is asked for but missing from the schematic is warned about", () => {
  const text = edit(
    replace(`111\n    schematic_id: ${WITH_AGENT}`, `111\n    schematic_id: ${VANILLA}`),
    append("    qemu_agent: true"),
  );
  expect(parse(text).warnings).toEqual([
    "cluster.yaml:30: nodes[3].qemu_agent stays off, as the schematic has no siderolabs/qemu-guest-agent; use one that has it",
  ]);
});

test("HA that can restart nothing elsewhere is warned about", () => {
  expect(parse(edit(append("proxmox_ha: true"))).warnings).toEqual([
    "cluster.yaml:30: proxmox_ha true has no effect with all VMs on one host; set proxmox_node of the nodes to different hosts",
  ]);
});

test("an ISO that is taken out although none is used is refused", () => {
  const text = edit(append("    eject_iso: true", "boot_mode: disk-image", "proxmox_eject_iso: true"));
  expect(problemsOf(text)).toEqual([
    "cluster.yaml:30: nodes[3].eject_iso true has no effect with boot_mode disk-image, which uses no ISO; leave it out",
    "cluster.yaml:32: proxmox_eject_iso true has no effect with boot_mode disk-image, which uses no ISO; leave it out",
  ]);
});

test.each([
  [[true, true, true, true], append("proxmox_eject_iso: true")],
  [[true, true, true, false], append("    eject_iso: false", "proxmox_eject_iso: true")],
  [[false, false, false, true], append("    eject_iso: true")],
])("the ISO is taken out of %j", (expected, change) => {
  expect(parse(edit(change)).config.nodes.map(({ ejectIso }) => ejectIso)).toEqual(expected);
});
