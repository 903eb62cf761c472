import { join } from "node:path";
import fc from "fast-check";
import { type ClusterConfig, loadCluster, type NodeConfig } from "../../../config";
import type { TalosConfig } from "../../../config/talos-config";
import type { Health, LiveNode, LiveTopology } from "../../../topology";

const folder = join(__dirname, "../../../examples/six-nodes");

export const example: ClusterConfig = loadCluster({
  clusterFile: join(folder, "cluster.yaml"),
  nodesFile: join(folder, "nodes.yaml"),
}).config;

const [exampleNode] = example.nodes;
if (exampleNode === undefined) throw new Error("the example has no nodes");

/** The example with other nodes, numbered. */
export function clusterOf(
  nodes: readonly Partial<NodeConfig>[],
  rest: Partial<ClusterConfig> = {},
): ClusterConfig {
  return { ...example, ...rest, nodes: nodes.map((node) => ({ ...(exampleNode as NodeConfig), ...node })) };
}

/** At most as long as the configuration lets a name be; wide letters and ones without a place to break among them. */
const label = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."abcwmi09-"), minLength: 1, maxLength: 63 }),
  fc.constantFrom("m".repeat(63), "w-".repeat(31), "i".repeat(63), "cp-1"),
);
const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant("2001:db8:dead:beef:dead:beef:dead:beef"));
const disk = fc
  .record({ sizeGiB: fc.integer({ min: 1, max: 131_072 }), storage: label })
  .map((each) => ({ ...(exampleNode as NodeConfig).disk, ...each }));
const nic = fc.record({
  bridge: fc.constantFrom("vmbr0", "vmbr1", "mmmmmmmmmmmmmmm"),
  vlan: fc.option(fc.integer({ min: 1, max: 4094 }), { nil: undefined }),
  onlyForNew: fc.constant([]),
});

const node = (hosts: readonly string[]): fc.Arbitrary<Partial<NodeConfig>> =>
  fc.record({
    name: label,
    role: fc.constantFrom("controlplane", "worker"),
    host: fc.constantFrom(...hosts),
    vmId: fc.integer({ min: 100, max: 999_999_999 }),
    address,
    cores: fc.integer({ min: 1, max: 2304 }),
    sockets: fc.integer({ min: 1, max: 16 }),
    memoryMiB: fc.oneof(
      fc.integer({ min: 1024, max: 65_536 }),
      fc.maxSafeNat().map((more) => 1024 + more),
    ),
    disk,
    dataDisks: fc
      .array(disk, { maxLength: 4 })
      .map((disks) => disks.map((each, n) => ({ ...each, slot: n + 1 }))),
    networkInterfaces: fc.array(nic, { minLength: 1, maxLength: 4 }),
    secureBoot: fc.boolean(),
    tpm: fc.boolean(),
    encryptDisk: fc.boolean(),
    diskEncryption: fc.constantFrom("tpm", "node-id", undefined),
    pciDevices: fc.array(fc.record({ mapping: label, pcie: fc.boolean(), rombar: fc.boolean() }), {
      maxLength: 16,
    }),
    usbDevices: fc.option(fc.array(fc.record({ mapping: label, usb3: fc.boolean() }), { maxLength: 4 }), {
      nil: undefined,
    }),
  });

/** Clusters of up to 30 nodes on up to 5 hosts, with anything that the configuration allows to be long. */
export const anyCluster: fc.Arbitrary<ClusterConfig> = fc
  .uniqueArray(label, { minLength: 1, maxLength: 5 })
  .chain((hosts) =>
    fc.record({
      clusterName: label,
      nodes: fc.array(node(hosts), { minLength: 1, maxLength: 30 }),
      network: fc.record({
        nodeCidr: fc.constantFrom("10.20.0.0/22", "2001:db8:dead:beef:dead:beef:dead:0/112"),
        gateway: address,
        vip: address,
        dnsServers: fc.array(address, { minLength: 1, maxLength: 4 }),
        ntpServers: fc.array(fc.oneof(address, fc.constant(`${"long-name.".repeat(25)}org`)), {
          minLength: 1,
          maxLength: 3,
        }),
        podCidrs: fc.constantFrom(
          ["10.42.0.0/16"],
          ["10.42.0.0/16", "fd00:dead:beef:dead:beef:dead:beef:0/112"],
        ),
        serviceCidrs: fc.constantFrom(["10.43.0.0/16"], ["10.43.0.0/16", "fd00:43::/112"]),
      }),
      pools: fc.uniqueArray(label, { maxLength: 4 }),
      talos: fc.option(
        fc
          .record({
            endpoint: fc.constantFrom(
              undefined,
              "https://k8s.example.com:6443",
              `https://${"k8s.".repeat(60)}example.com:6443`,
              "https://[2001:db8:dead:beef:dead:beef:dead:beef]:6443",
            ),
            announceVip: fc.boolean(),
          })
          .map((each) => ({ ...(example.talos as TalosConfig), ...each })),
        { nil: undefined },
      ),
      endpoint: fc.constantFrom(
        "https://pve.example.com:8006",
        `https://${"pve.".repeat(60)}example.com:8006`,
      ),
    }),
  )
  .map(({ clusterName, nodes, network, pools, talos, endpoint }) =>
    clusterOf(nodes, {
      clusterName,
      network,
      talos,
      // Every other node is in one of the pools.
      nodePools: pools.map((name, pool) => ({
        name,
        nodes: nodes.flatMap((each, n) => (n % (2 * pools.length) === 2 * pool ? [each.name ?? ""] : [])),
      })),
      proxmox: { ...example.proxmox, endpoint },
    }),
  );

const remark = fc.oneof(
  fc.constantFrom(
    "a staged config waits for a reboot; npm run reboot -- worker-1",
    "Proxmox, after the next start: memory 2048 → 4096",
    `connection error: desc = "transport: ${"Error while dialing: ".repeat(20)}refused"`,
    "m".repeat(400),
    "",
  ),
  label,
);
const health = fc.constantFrom<Health>("healthy", "warning", "not healthy", "no answer", "not asked");
const liveNode: fc.Arbitrary<LiveNode> = fc.record({
  health,
  isRestartPending: fc.boolean(),
  remarks: fc.array(remark, { maxLength: 8 }),
});

/** What a cluster says, as long as it may be. Of some nodes, nothing is known. */
export const anyLive = ({ nodes }: ClusterConfig): fc.Arbitrary<LiveTopology> =>
  fc
    .record({
      readAt: fc.date({ min: new Date("2026-01-01"), max: new Date("2099-12-31"), noInvalidDate: true }),
      states: fc.array(liveNode, { minLength: nodes.length, maxLength: nodes.length }),
      known: fc.boolean(),
      remarks: fc.array(remark, { maxLength: 10 }),
    })
    .map(({ readAt, states, known, remarks }) => ({
      readAt,
      remarks,
      nodes: new Map(known ? nodes.map(({ name }, n) => [name, states[n] as LiveNode] as const) : []),
    }));
