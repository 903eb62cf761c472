import { append, edit, parse, problemsOf, replace, VALID } from "./support/cluster";

const CASES: readonly [title: string, text: string, ...problems: string[]][] = [
  [
    "every required key of the cluster",
    "x-nothing: 1\n",
    "cluster.yaml:1: node_cidr is missing; add it, for example 10.20.0.0/22",
    "cluster.yaml:1: cluster_api_addr is missing; add it, for example 10.20.1.10",
    "cluster.yaml:1: proxmox_api_url is missing; add it, for example https://pve.example.com:8006",
    "cluster.yaml:1: nodes is missing; list the nodes, here or in nodes.yaml",
  ],
  [
    "every required key of a node",
    edit(append("  - mtu: 1500")),
    "cluster.yaml:30: nodes[4].name is missing; add it, for example cp-1",
    "cluster.yaml:30: nodes[4].address is missing; add it, for example 10.20.1.11",
    "cluster.yaml:30: nodes[4].controller is missing; add it, for example true",
    "cluster.yaml:30: nodes[4].disk is missing; add it, for example /dev/sda",
    "cluster.yaml:30: nodes[4].schematic_id is missing; add it, or describe talos_schematic here or for the cluster",
  ],
  [
    "a word for a boolean",
    edit(append("    secureboot: yes please")),
    'cluster.yaml:30: nodes[3].secureboot "yes please" is not true or false; write one of them, without quotes',
  ],
  [
    "a boolean in quotes",
    edit(replace("controller: true", 'controller: "true"')),
    'cluster.yaml:8: nodes[0].controller "true" is not true or false; write one of them, without quotes',
  ],
  [
    "a number in quotes, a fraction, and text that is a number",
    edit(replace("vm_id: 101", 'vm_id: "101"'), replace("vm_id: 102", "vm_id: 10.2"), replace("cp-3", "3")),
    'cluster.yaml:10: nodes[0].vm_id "101" is not a whole number; write one, without quotes',
    "cluster.yaml:16: nodes[1].vm_id 10.2 is not a whole number; write one, without quotes",
    "cluster.yaml:18: nodes[2].name 3 is not text; put it in quotes",
  ],
  [
    "a value for a list, a list for a map, and a map for a list",
    edit(append("node_dns_servers: 1.1.1.1", "state: [r2]", "proxmox_shared_storages: {}")),
    'cluster.yaml:30: node_dns_servers "1.1.1.1" is not a list; write it as [a, b] or with a - before each entry',
    "cluster.yaml:31: state is not a map; write its keys below it, indented",
    "cluster.yaml:32: proxmox_shared_storages is not a list; write it as [a, b] or with a - before each entry",
  ],
  [
    "a key without a value",
    edit(append("proxmox_vm_defaults:", "  # cores: 4")),
    "cluster.yaml:30: proxmox_vm_defaults has no value; give it one or remove the key",
  ],
  [
    "no nodes",
    edit((text) => text.replace(/nodes:[\s\S]*/, "nodes: []\n")),
    "cluster.yaml:5: nodes is an empty list; add an entry",
  ],
  [
    "ids of VMs out of range",
    edit(replace("vm_id: 101", "vm_id: 99"), replace("vm_id: 102", "vm_id: 1000000000")),
    "cluster.yaml:10: nodes[0].vm_id 99 is less than 100; use 100 or more",
    "cluster.yaml:16: nodes[1].vm_id 1000000000 is more than 999999999; use 999999999 or less",
  ],
  [
    "an MTU out of range, on any NIC",
    edit(append("    mtu: 575", "    networks:", "      - { mtu: 65521 }")),
    "cluster.yaml:30: nodes[3].mtu 575 is less than 576; use 576 or more",
    "cluster.yaml:32: nodes[3].networks[0].mtu 65521 is more than 65520; use 65520 or less",
  ],
  [
    "a VLAN out of range, as number or text",
    edit(append("    networks: [{ vlan: 4095 }]", 'node_vlan_tag: "0"')),
    "cluster.yaml:30: nodes[3].networks[0].vlan 4095 is more than 4094; use 4094 or less",
    "cluster.yaml:31: node_vlan_tag 0 is not a VLAN; use a whole number from 1 to 4094",
  ],
  [
    "MAC addresses",
    edit(append("    mac_addr: bc-24-11-20-00-11", '    networks: [{ mac_addr: "01:24:11:20:00:11" }]')),
    "cluster.yaml:30: nodes[3].mac_addr bc-24-11-20-00-11 is not a MAC address; write it like bc:24:11:20:00:11, in quotes",
    "cluster.yaml:31: nodes[3].networks[0].mac_addr 01:24:11:20:00:11 is a multicast MAC address; make the second digit even",
  ],
  [
    "names that are no host names",
    edit(replace("cp-1", "CP_1"), replace("cp-2", "cp-"), replace("pve1", "pve.1")),
    "cluster.yaml:4: proxmox_node pve.1 is not the name of a Proxmox node; use at most 63 of A-Z, a-z, 0-9 and -, with a letter or digit at both ends",
    "cluster.yaml:6: nodes[0].name CP_1 is not an RFC 1123 name; use at most 63 of a-z, 0-9 and -, with a letter or digit at both ends",
    "cluster.yaml:12: nodes[1].name cp- is not an RFC 1123 name; use at most 63 of a-z, 0-9 and -, with a letter or digit at both ends",
  ],
  [
    "a name that no construct can have",
    edit(replace("cp-1", "constructor")),
    "cluster.yaml:6: nodes[0].name constructor is a word that the program itself uses; choose another name",
  ],
  [
    "addresses and networks of a wrong form",
    edit(
      replace("10.0.0.0/24", "10.0.0.0/33"),
      replace("10.0.0.5", "010.0.0.5"),
      replace("10.0.0.11", "fe80::1%eth0"),
      append("cluster_pod_cidr: 10.42.0.0", "node_ntp_servers: [1.2.3]"),
    ),
    "cluster.yaml:1: node_cidr 10.0.0.0/33 is not a network; write it like 10.20.0.0/22",
    "cluster.yaml:2: cluster_api_addr 010.0.0.5 is not an IP address; write it like 10.20.1.11",
    'cluster.yaml:7: nodes[0].address "fe80::1%eth0" is not an IP address; write it like 10.20.1.11',
    "cluster.yaml:30: cluster_pod_cidr 10.42.0.0 is not a network; write it like 10.42.0.0/16",
    "cluster.yaml:31: node_ntp_servers[0] 1.2.3 is not an IP address or host name; write it like 162.159.200.1 or time.cloudflare.com",
  ],
  [
    "a Proxmox without TLS",
    edit(replace("https:", "http:")),
    "cluster.yaml:3: proxmox_api_url http://pve.example.com:8006 is not an https URL; write it like https://pve.example.com:8006",
  ],
  [
    "an address of the Worker that is not that of a state",
    edit(append("state: { backend: worker, url: https://tfstate.example.com/states/home/ }")),
    "cluster.yaml:30: state.url https://tfstate.example.com/states/home/ does not end in /states/ and a name; write it like https://tfstate.example.com/states/proxmox",
  ],
  ...["50%", "%ff"].map((name): [string, string, string] => [
    "an address of the Worker whose name cannot be decoded",
    edit(append(`state: { backend: worker, url: https://tfstate.example.com/states/${name} }`)),
    `cluster.yaml:30: state.url "https://tfstate.example.com/states/${name}" has a % that encodes no character; write %25 for it, or another name`,
  ]),
  [
    "choices, with the likely one",
    edit(append("boot_mode: diskimage", "proxmox_vm_advanced: { bios: uefi }")),
    "cluster.yaml:30: boot_mode diskimage is not one of iso, disk-image; did you mean disk-image?",
    "cluster.yaml:31: proxmox_vm_advanced.bios uefi is not one of ovmf, seabios; use one of them",
  ],
  [
    "tags in upper case, and schematic ids that are none",
    edit(append("    tags: [Talos]"), replace(`schematic_id: ce4c`, "schematic_id: zz")),
    expect.stringMatching(
      /^cluster\.yaml:11: nodes\[0\]\.schematic_id zz\w+ is not a schematic id; copy the 64 characters/,
    ),
    "cluster.yaml:30: nodes[3].tags[0] Talos is not a Proxmox tag; use a-z, 0-9, _, -, + and ., in lower case",
  ],
  [
    "more disks than the SCSI bus has places",
    edit(append(`    data_disks: [${Array(31).fill("{ slot: 1, size: 1 }").join(", ")}]`)),
    "cluster.yaml:30: nodes[3].data_disks is a list of more than 30; shorten it",
  ],
  [
    "versions of Talos that are none",
    edit(append("talos_version: v2.0.0")),
    "cluster.yaml:30: talos_version v2.0.0 is not a Talos release; write it like v1.13.0",
  ],
  [
    "kernel arguments that would be read as several, or as something else",
    edit(append("talos_schematic: { extensions: [agent], kernel_args: [on, 7] }")),
    "cluster.yaml:30: talos_schematic.extensions[0] agent is not an extension; write it like siderolabs/qemu-guest-agent",
    "cluster.yaml:30: talos_schematic.kernel_args[0] on is not a kernel argument; write name, name=value or -name, each as an entry of its own",
    "cluster.yaml:30: talos_schematic.kernel_args[1] 7 is not text; put it in quotes",
  ],
  [
    "encryption that is turned off without saying why, or not known",
    edit(append("state: { encryption: { provider: off } }")),
    "cluster.yaml:30: state.encryption.reason is missing; add it",
  ],
  [
    "encryption without a provider",
    edit(append("state: { encryption: { region: eu-central-1 } }")),
    "cluster.yaml:30: state.encryption.provider is missing; use one of pbkdf2, aws_kms, gcp_kms, openbao, off",
  ],
  [
    "encryption by something else",
    edit(append("state:", "  encryption:", "    provider: aws-kms")),
    "cluster.yaml:32: state.encryption.provider aws-kms is not one of pbkdf2, aws_kms, gcp_kms, openbao, off; did you mean aws_kms?",
  ],
];

test.each(CASES)("%s: the error names line, value and fix", (_, text, ...problems) => {
  expect(problemsOf(text)).toEqual(problems);
});

test("a key that is missing or wrong hides nothing that is wrong elsewhere, and makes nothing else wrong", () => {
  const text = edit(
    replace("node_cidr: 10.0.0.0/24\n", ""),
    replace("https:", "http:"),
    replace("    address: 10.0.0.11\n    controller: true\n", "    address: here\n"),
    replace("cp-2", "CP_2"),
    replace("vm_id: 103", "vm_id: 102"),
    append(
      "    data_disks: [{ slot: one, size: 1 }, { slot: 1, size: 1 }, { slot: 1, size: 1 }]",
      "    renamed_from: cp-1",
      "cluster_pod_cidr: 10.42.0.0/16",
      "cluster_svc_cidr: 10.42.8.0/24",
      "proxmox_vm_defaults: { memory: lots }",
      "proxmox_vm_advanced: { balloon: 9000, machine: q36 }",
      "state: { backend: worker, url: https://x, encryption: { provider: pbkdf3, key_id: a b } }",
      "bootstrap: { history_days: 5, history_lock_days: -1, worker: { keep_days: 1000 } }",
    ),
  );
  expect(problemsOf(text).map((problem) => problem.split(" ").slice(0, 4).join(" "))).toEqual([
    "cluster.yaml:1: node_cidr is missing;",
    "cluster.yaml:2: proxmox_api_url http://pve.example.com:8006 is",
    "cluster.yaml:5: nodes[0].controller is missing;",
    "cluster.yaml:6: nodes[0].address here is",
    "cluster.yaml:10: nodes[1].name CP_2 is",
    "cluster.yaml:20: nodes[2].vm_id 102 is",
    'cluster.yaml:28: nodes[3].data_disks[0].slot "one" is',
    "cluster.yaml:28: nodes[3].data_disks[2].slot 1 is",
    "cluster.yaml:29: nodes[3].renamed_from cp-1 is",
    "cluster.yaml:31: cluster_svc_cidr 10.42.8.0/24 overlaps",
    'cluster.yaml:32: proxmox_vm_defaults.memory "lots" is',
    "cluster.yaml:33: proxmox_vm_advanced.machine q36 is",
    "cluster.yaml:34: state.url https://x does",
    "cluster.yaml:34: state.encryption.provider pbkdf3 is",
    "cluster.yaml:35: bootstrap.history_lock_days -1 is",
    "cluster.yaml:35: bootstrap.history_days 5 is",
  ]);
});

test("a list of nodes that is none hides nothing of the cluster", () => {
  expect(
    problemsOf(
      edit((text) => text.replace(/nodes:[\s\S]*/, "nodes: [7]\n"), append("cluster_svc_cidr: 10.42.0.0/24")),
    ),
  ).toEqual([
    "cluster.yaml:5: nodes[0] 7 is not a map; write its keys below it, indented",
    "cluster.yaml:6: cluster_svc_cidr 10.42.0.0/24 overlaps with cluster_pod_cidr 10.42.0.0/16; choose one that does not overlap",
  ]);
  expect(
    problemsOf(edit((text) => text.replace(/nodes:[\s\S]*/, "cluster_svc_cidr: 10.42.0.0/24\n"))),
  ).toEqual([
    "cluster.yaml:1: nodes is missing; list the nodes, here or in nodes.yaml",
    "cluster.yaml:5: cluster_svc_cidr 10.42.0.0/24 overlaps with cluster_pod_cidr 10.42.0.0/16; choose one that does not overlap",
  ]);
});

test("a key that is misspelt or set twice is not missed, and hides nothing", () => {
  expect(
    problemsOf(edit(replace("proxmox_node", "proxmox_nod"), append("boot_mode: x", "boot_mode: iso"))),
  ).toEqual([
    "cluster.yaml:4: proxmox_nod is not a known key; did you mean proxmox_node?",
    "cluster.yaml:31: the key boot_mode is set twice (also on line 30); keep one",
  ]);
});

test("what is wrong with some nodes does not hide what is wrong with the others", () => {
  const text = edit(replace("vm_id: 101", "vm_id: x"), replace("10.0.0.13", "10.0.0.12"));
  expect(problemsOf(text)).toEqual([
    'cluster.yaml:10: nodes[0].vm_id "x" is not a whole number; write one, without quotes',
    'cluster.yaml:19: nodes[2].address 10.0.0.12 is already used by "cp-2"; give each node its own address',
  ]);
});

describe("unknown keys", () => {
  test.each([
    [
      "a typo of the cluster's",
      append("node_cird: 1"),
      "cluster.yaml:30: node_cird is not a known key; did you mean node_cidr?",
    ],
    [
      "a typo of a node's",
      append("    vm_cors: 4"),
      "cluster.yaml:30: nodes[3].vm_cors is not a known key; did you mean vm_cores?",
    ],
    [
      "another spelling",
      append("    vmId: 4"),
      "cluster.yaml:30: nodes[3].vmId is not a known key; did you mean vm_id?",
    ],
    [
      "a size without vm_",
      append("    memory: 4"),
      "cluster.yaml:30: nodes[3].memory is not a known key; did you mean vm_memory?",
    ],
    [
      "letters swapped",
      append("    mut: 1500"),
      "cluster.yaml:30: nodes[3].mut is not a known key; did you mean mtu?",
    ],
    [
      "a size with vm_",
      append("proxmox_vm_defaults: { vm_cores: 4 }"),
      "cluster.yaml:30: proxmox_vm_defaults.vm_cores is not a known key; did you mean cores?",
    ],
    [
      "something else, in a section of ours",
      append("proxmox_vm_worker_defaults: { gpus: 1 }"),
      "cluster.yaml:30: proxmox_vm_worker_defaults.gpus is not a known key; remove it, or use one of cores, sockets, memory, disk_size",
    ],
    [
      "a typo within encryption",
      append("state: { encryption: { provider: aws_kms, kms_key_id: a, regoin: b } }"),
      "cluster.yaml:30: state.encryption.region is missing; add it",
      "cluster.yaml:30: state.encryption.regoin is not a known key; did you mean region?",
    ],
  ])("%s is an error with a suggestion", (_, change, ...problems) => {
    expect(problemsOf(edit(change))).toEqual(problems);
  });

  test("those of the template are warned about once, by name and without their values", () => {
    const text = edit(
      append(
        "    labels: { zone: a }",
        "repository_name: me/home",
        "cloudflare_token: very-secret",
        "cluster_gateway_addr: 10.0.0.6",
        "proxmox_storage: fast",
        "pihole_password: also-secret",
        "x-anchors: {}",
      ),
    );
    expect(parse(text).warnings).toEqual([
      "cluster.yaml:31: not used by this program, ignored: repository_name, cloudflare_token, " +
        "cluster_gateway_addr, proxmox_storage, pihole_password, nodes[3].labels",
    ]);
    expect(parse(text).config).toEqual(parse(VALID).config);
  });

  test("a warning stays on its line, whatever the keys are", () => {
    expect(parse(edit(append('"a\\nb c": 1'))).warnings).toEqual([
      'cluster.yaml:30: not used by this program, ignored: "a\\nb c"',
    ]);
  });
});
