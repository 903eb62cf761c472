import fc from "fast-check";
import { type NodeConfig, parseCluster } from "../../config";
import { parse, problemsOf } from "./support/cluster";

const BASE = `node_cidr: 10.0.0.0/22
cluster_api_addr: 10.0.0.5
proxmox_api_url: https://pve.example.com:8006
proxmox_node: pve1
talos_schematic: { extensions: [siderolabs/qemu-guest-agent] }
nodes:
  - { name: cp-1, address: 10.0.0.11, controller: true, disk: /dev/sda }
node_pools:
`;
/** One pool in eight lines, the first on line 9. */
const WORKERS = `  - name: worker
    count: 30
    hosts: [pve1, pve2, pve3]
    first_address: 10.0.2.1
    vm_memory: 32768
    data_disks: [{ slot: 1, size: 100 }]
    networks: [{ vlan: 8 }]
    tags: [talos, lab]
`;

/** A pool in one line. */
const pool = (keys: Readonly<Record<string, unknown>>) => `  - ${JSON.stringify(keys)}\n`;
const small = (keys: Readonly<Record<string, unknown>> = {}) =>
  pool({ name: "w", count: 3, first_address: "10.0.2.1", ...keys });
const nodesOf = (...pools: readonly string[]) => parse(BASE + pools.join("")).config.nodes.slice(1);
const problems = (...pools: readonly string[]) => problemsOf(BASE + pools.join(""));

describe("a pool", () => {
  test("of 30 workers in eight lines becomes nodes with names, addresses, ids and hosts in a row", () => {
    const nodes = nodesOf(WORKERS);
    const brief = nodes.map(({ name, address, vmId, host }) => `${name} ${address} ${vmId} ${host}`);
    expect(brief).toHaveLength(30);
    expect(brief.slice(0, 4)).toEqual([
      "worker-1 10.0.2.1 1002001 pve1",
      "worker-2 10.0.2.2 1002002 pve2",
      "worker-3 10.0.2.3 1002003 pve3",
      "worker-4 10.0.2.4 1002004 pve1",
    ]);
    expect(brief.at(-1)).toBe("worker-30 10.0.2.30 1002030 pve3");
  });

  test("gives its nodes what the same keys give a node", () => {
    const node =
      "  - { name: worker-2, address: 10.0.2.2, controller: false, disk: /dev/sda, proxmox_node: pve2, vm_memory: 32768, " +
      "data_disks: [{ slot: 1, size: 100 }], networks: [{ vlan: 8 }], tags: [talos, lab] }\nnode_pools:\n";
    const other = small({ first_address: "10.0.3.1" });
    const listed = parse(BASE.replace("node_pools:\n", node) + other).config.nodes[1];
    expect(nodesOf(WORKERS)[1]).toEqual(listed);
  });

  test("is known by its name and its nodes, without those that are skipped", () => {
    const { nodePools } = parse(
      BASE + small({ skip: [2] }) + small({ name: "x", count: 1, first_address: "10.0.3.1" }),
    ).config;
    expect(nodePools).toEqual([
      { name: "w", nodes: ["w-1", "w-3"] },
      { name: "x", nodes: ["x-1"] },
    ]);
  });

  test("may be all that there is", () => {
    const text = BASE.replace(/nodes:\n.*\n/, "");
    const { config } = parse(text + small({ controller: true }));
    expect(config.nodes.map(({ name, role }) => `${name} ${role}`)).toEqual([
      "w-1 controlplane",
      "w-2 controlplane",
      "w-3 controlplane",
    ]);
  });

  test("counts ids from first_vm_id, and has one node for each host if there is no count", () => {
    const nodes = nodesOf(
      pool({ name: "w", hosts: ["pve1", "pve2"], first_address: "10.0.2.1/22", first_vm_id: 7011 }),
    );
    expect(nodes.map(({ vmId, host, address }) => [vmId, host, address])).toEqual([
      [7011, "pve1", "10.0.2.1"],
      [7012, "pve2", "10.0.2.2"],
    ]);
  });

  test("goes on after the end of a byte, in IPv6 too", () => {
    const addresses = (first: string, cidr: string) =>
      parse(
        BASE.replace("10.0.0.0/22", cidr)
          .replace("10.0.0.5", cidr.replace(/0\/.*/, "5"))
          .replace("10.0.0.11", cidr.replace(/0\/.*/, "7")) + small({ first_address: first }),
      )
        .config.nodes.slice(1)
        .map(({ address }) => address);
    expect(addresses("10.0.1.254", "10.0.0.0/22")).toEqual(["10.0.1.254", "10.0.1.255", "10.0.2.0"]);
    expect(addresses("fd00::ffff", "fd00::0/64")).toEqual(["fd00::ffff", "fd00::1:0", "fd00::1:1"]);
  });

  test("has the first disk as install disk, whatever it is attached to", () => {
    expect(nodesOf(small({ disk_interface: "virtio" }))[0]?.installDisk).toBe("/dev/vda");
  });

  test("is renamed with all of its nodes", () => {
    expect(nodesOf(small({ renamed_from: "old" })).map(({ renamedFrom }) => renamedFrom)).toEqual([
      "old-1",
      "old-2",
      "old-3",
    ]);
  });

  test("sends nodes to an added host until it has as many as the others", () => {
    const hosts = ["pve1", "pve2", { name: "pve3", from: 5 }];
    const placed = nodesOf(small({ count: 9, hosts })).map(({ host }) => host);
    expect(placed).toEqual(["pve1", "pve2", "pve1", "pve2", "pve3", "pve3", "pve1", "pve2", "pve3"]);
  });
});

describe("no change of the pools changes a node that stays:", () => {
  const HOSTS = ["pve1", "pve2", "PVE-3"];
  const settings = fc.record(
    {
      hosts: fc.shuffledSubarray(HOSTS, { minLength: 1 }),
      first_vm_id: fc.constantFrom(5000, 7000),
      vm_cores: fc.integer({ min: 2, max: 8 }),
      vm_memory: fc.integer({ min: 2048, max: 65_536 }),
      disk_interface: fc.constantFrom("scsi", "virtio"),
      secureboot: fc.boolean(),
      renamed_from: fc.constant("old"),
      networks: fc.constant([{ vlan: 8 }]),
    },
    { requiredKeys: [] },
  );
  const skips = fc.uniqueArray(fc.integer({ min: 2, max: 20 }), { maxLength: 5 });
  /** The names of those that are not there any more. All others are as they were. */
  const missingIn = (after: readonly NodeConfig[], before: readonly NodeConfig[]) => {
    const now = new Map(after.map((node) => [node.name, node]));
    const kept = before.filter(({ name }) => now.has(name));
    for (const node of kept) expect(now.get(node.name)).toEqual(node);
    return before.filter((node) => !kept.includes(node)).map(({ name }) => name);
  };

  test("more nodes, other skipped numbers, a host for the new ones, pools and nodes beside it", () => {
    fc.assert(
      fc.property(
        settings,
        fc.integer({ min: 20, max: 30 }),
        fc.integer({ min: 0, max: 30 }),
        skips,
        skips,
        fc.boolean(),
        fc.boolean(),
        (keys, count, growth, skip, moreSkipped, hasNewHost, isOtherFirst) => {
          const before = nodesOf(small({ ...keys, count, skip }));
          const hosts =
            hasNewHost && keys.hosts ? [...keys.hosts, { name: "pve9", from: count + 1 }] : keys.hosts;
          const grown = small({
            ...keys,
            hosts,
            count: count + growth,
            skip: [...new Set([...skip, ...moreSkipped])],
          });
          const other = small({ name: "other", first_address: "10.0.3.1" });
          const listed = `  - { name: extra, address: 10.0.1.1, controller: false, disk: /dev/sda }\nnode_pools:\n`;
          const text = BASE.replace("node_pools:\n", listed);
          const after = parse(text + (isOtherFirst ? other + grown : grown + other)).config.nodes;
          const newlySkipped = moreSkipped.filter((number) => !skip.includes(number));
          const gone = newlySkipped.filter((number) => number <= count).map((number) => `w-${number}`);
          expect(missingIn(after, before).sort()).toEqual(gone.sort());
        },
      ),
      { numRuns: 60 },
    );
  });

  test("an instance that is skipped and listed as a node of its own", () => {
    const [, second] = nodesOf(small({ hosts: ["pve1", "pve2"] }));
    const listed =
      "  - { name: w-2, address: 10.0.2.2, controller: false, disk: /dev/sda, proxmox_node: pve2 }\nnode_pools:\n";
    const { nodes } = parse(
      BASE.replace("node_pools:\n", listed) + small({ hosts: ["pve1", "pve2"], skip: [2] }),
    ).config;
    expect(nodes.find(({ name }) => name === "w-2")).toEqual(second);
  });
});

describe("a mistake is told with the line of the pool and the name of the instance:", () => {
  test.each<[what: string, keys: Readonly<Record<string, unknown>>, problem: string]>([
    [
      "an address outside node_cidr",
      { first_address: "10.0.3.253" },
      "node_pools[0].first_address (w-3) 10.0.3.255 is the broadcast address of node_cidr 10.0.0.0/22; choose another",
    ],
    [
      "the VIP",
      { first_address: "10.0.0.4" },
      "node_pools[0].first_address (w-2) 10.0.0.5 is cluster_api_addr, which moves between nodes; choose a free address",
    ],
    [
      "an address of another node",
      { first_address: "10.0.0.10", first_vm_id: 7000 },
      'node_pools[0].first_address (w-2) 10.0.0.11 is already used by "cp-1"; give each node its own address',
    ],
    [
      "a derived id of another node",
      { first_address: "10.0.0.10", skip: [2], first_vm_id: 1_000_009 },
      'node_pools[0].first_vm_id (w-3) 1000011 is already used by "cp-1"; give each node its own id',
    ],
    [
      "a size, which all of them share",
      { vm_memory: 512 },
      "node_pools[0].vm_memory 512 is less than the 1024 MiB that Talos needs on a worker node; use 1024 or more",
    ],
    [
      "a MAC address",
      { networks: [{ mac_addr: "bc:24:11:00:00:01" }], count: 2 },
      'node_pools[0].networks[0].mac_addr bc:24:11:00:00:01 is already used by "w-1"; give each NIC its own address',
    ],
    [
      "its own old name",
      { renamed_from: "w" },
      "node_pools[0].renamed_from (w-1) w-1 is the name of a node; remove the key or that node; the same for 2 more, up to w-3",
    ],
    [
      "a number that is not there",
      { skip: [4] },
      "node_pools[0].skip[0] 4 is not a number of this pool, which ends with 3; remove it",
    ],
    ["a number twice", { skip: [2, 2] }, "node_pools[0].skip[1] 2 is listed twice; keep one"],
    [
      "every number",
      { skip: [1, 2, 3] },
      "node_pools[0].skip leaves none of the 3 nodes; remove the pool instead",
    ],
    ["a host twice", { hosts: ["pve1", "pve1"] }, "node_pools[0].hosts[1] pve1 is listed twice; keep one"],
    [
      "no host to begin with",
      { hosts: [{ name: "pve1", from: 2 }] },
      "node_pools[0].hosts has no host for number 1; at least one of them needs no from",
    ],
    [
      "a host that is none",
      { hosts: [{ name: "pve1", until: 2 }] },
      "node_pools[0].hosts[0] is not a Proxmox node; write it like pve1, or { name: pve4, from: 31 } for the nodes from number 31 on",
    ],
    [
      "a name that gets too long",
      { name: "w".repeat(61), count: 10 },
      `node_pools[0].name ${"w".repeat(61)} makes ${"w".repeat(61)}-10, which has more than 63 characters; use a shorter name`,
    ],
    [
      "ids past the highest",
      { first_vm_id: 999_999_998 },
      "node_pools[0].first_vm_id 999999998 is too high for 3 nodes; use 999999997 or less",
    ],
    [
      "neither count nor hosts",
      { count: undefined },
      "node_pools[0].count is missing; add it, or hosts for one node on each",
    ],
    [
      "a key that only one VM can have",
      { vm_idd: 7 },
      "node_pools[0].vm_idd is not a known key; remove it, or use one of",
    ],
    ["a misspelt key", { vm_core: 7 }, "node_pools[0].vm_core is not a known key; did you mean vm_cores?"],
  ])("%s", (_, keys, problem) => {
    const found = problems(small(keys));
    expect(found).toHaveLength(1);
    expect(found[0]?.startsWith(`cluster.yaml:9: ${problem}`)).toBe(true);
  });

  test("the line is that of the key", () => {
    expect(problems(WORKERS.replace("10.0.2.1", "10.0.3.250").replace("32768", "10"))).toEqual([
      "cluster.yaml:12: node_pools[0].first_address (worker-6) 10.0.3.255 is the broadcast address of node_cidr 10.0.0.0/22; choose another",
      "cluster.yaml:12: node_pools[0].first_address (worker-7) 10.0.4.0 is outside node_cidr 10.0.0.0/22; choose an address in it; the same for 23 more, up to worker-30",
      "cluster.yaml:13: node_pools[0].vm_memory 10 is less than 64; use 64 or more",
    ]);
  });

  test("past the end of all addresses", () => {
    const found = problems(small({ first_address: "255.255.255.254" }));
    expect(found).toContain(
      "cluster.yaml:9: node_pools[0].first_address 255.255.255.254 is too near the end of all addresses for 3 nodes; use a lower one",
    );
  });

  test("two pools that meet", () => {
    expect(problems(small(), small({ name: "x", first_address: "10.0.2.2" }))).toEqual([
      'cluster.yaml:10: node_pools[1].first_address (x-1) 10.0.2.2 is already used by "w-2"; give each node its own address; the same for 1 more, up to x-2',
    ]);
    expect(problems(small(), small())).toEqual([
      "cluster.yaml:10: node_pools[1].name w is already used by node_pools[0]; give each pool its own name",
    ]);
  });

  test("a node that has the name of an instance", () => {
    const listed = "  - { name: w-2, address: 10.0.0.12, controller: false, disk: /dev/sda }\nnode_pools:\n";
    expect(problemsOf(BASE.replace("node_pools:\n", listed) + small())).toEqual([
      "cluster.yaml:10: node_pools[0].name (w-2) w-2 is already used by nodes[1]; give each node its own name",
    ]);
  });

  test("a host that is missing here and for the cluster", () => {
    expect(problemsOf(BASE.replace("proxmox_node: pve1\n", "") + small())).toEqual([
      "cluster.yaml:6: nodes[0].proxmox_node is missing here and for the cluster; add it in one of the two places",
      "cluster.yaml:8: node_pools[0].hosts is missing here and for the cluster; add it in one of the two places",
    ]);
  });

  test("an id that is missing at adoption, once for all of them", () => {
    const adopt = "adopt: { vms: proxmox_virtual_environment_vm.talos_node }\n";
    const found = problemsOf(
      BASE.replace("controller: true,", "controller: true, vm_id: 101,") + small() + adopt,
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(
      /^cluster\.yaml:9: node_pools\[0\]\.first_vm_id \(w-1\) is missing, but adopt\.vms .*; the same for 2 more, up to w-3$/,
    );
  });

  test("a key that is refused by its form hides no other mistake, and causes none", () => {
    expect(problems(small({ first_address: "here", vm_cores: 0, skip: [9] }))).toEqual([
      "cluster.yaml:9: node_pools[0].first_address here is not an IP address; write it like 10.20.1.11",
      "cluster.yaml:9: node_pools[0].vm_cores 0 is less than 1; use 1 or more",
      "cluster.yaml:9: node_pools[0].skip[0] 9 is not a number of this pool, which ends with 3; remove it",
    ]);
  });
});

test("pools may be in nodes.yaml, and no nodes at all are still an error", () => {
  const [cluster = "", list = ""] = BASE.split(/(?=^nodes:)/m);
  const { config } = parseCluster({
    cluster: { file: "cluster.yaml", bytes: Buffer.from(cluster) },
    nodes: { file: "nodes.yaml", bytes: Buffer.from(list + small()) },
  });
  expect(config.nodes.map(({ name }) => name)).toEqual(["cp-1", "w-1", "w-2", "w-3"]);
  expect(problemsOf(cluster)).toEqual([
    "cluster.yaml:1: nodes is missing; list the nodes, here or in nodes.yaml",
  ]);
});
