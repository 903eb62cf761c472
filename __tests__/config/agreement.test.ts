import fc from "fast-check";
import { type ClusterConfig, ConfigError, parseCluster } from "../../config";
import { displayValue, quoteValue } from "../../config/display-value";
import { valueAt } from "../../config/path";
import { stateBeside } from "../../config/state-location";
import { DATA_DISK_SLOT, DISK_SIZE_GIB } from "../../domain/disk";
import { MTU, QUEUES, VLAN } from "../../domain/network-interface";
import type { Range } from "../../domain/range";
import { TALOS_MINIMUM } from "../../domain/talos";
import { BALLOON_MIB, CORES, MEMORY_MIB, SOCKETS, STARTUP, VM_ID } from "../../domain/virtual-machine";
import { BootstrapStack } from "../../stacks/bootstrap-stack";
import { ClusterStack } from "../../stacks/cluster-stack";
import type { ClusterStackProps } from "../../stacks/cluster-stack-props";
import { ProxmoxAccessStack } from "../../stacks/proxmox-access-stack";
import { newApp } from "../support/synth";
import { type Cluster, nodesText, settingsText } from "./support/arbitrary-cluster";
import { clusterAtItsLimits } from "./support/arbitrary-limits";
import { parse, VALID, WITH_AGENT } from "./support/cluster";

const bundle = { path: __filename, sha256: "0".repeat(64), compatibilityDate: "2026-04-01" };

/** What main.ts makes of a configuration. */
function makeStacks(config: ClusterConfig): void {
  const app = newApp();
  const { state, bootstrap, proxmox, nodes } = config;
  const stacks = [
    new ClusterStack(app, "cluster", config),
    new ProxmoxAccessStack(app, "proxmox-access", {
      endpoint: proxmox.endpoint,
      insecure: proxmox.insecure,
      state: stateBeside(state, "proxmox-access"),
      ha: proxmox.ha,
      startupOrder: nodes.some((node) => node.startup),
    }),
    ...(bootstrap
      ? [
          new BootstrapStack(app, "bootstrap", {
            ...bootstrap,
            worker: bootstrap.worker && { ...bootstrap.worker, module: bundle },
            state: stateBeside(state, "bootstrap"),
          }),
        ]
      : []),
  ];
  for (const stack of stacks) stack.toTerraform();
}

function configOf(cluster: Cluster): ClusterConfig | ConfigError {
  try {
    return parseCluster({
      cluster: { file: "cluster.yaml", bytes: Buffer.from(settingsText(cluster)) },
      nodes: { file: "nodes.yaml", bytes: Buffer.from(nodesText(cluster)) },
    }).config;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

/** A line of an error says where, what, which value (where it is a single one) and what to do. */
function expectProblem(problem: string, cluster: Cluster): void {
  const [, path = "", text = ""] =
    /^(?:cluster|nodes)\.yaml:\d+: ([a-z_]+[\w.[\]]*) (.+; .+)$/.exec(problem) ?? [];
  expect({ problem, text }).not.toEqual({ problem, text: "" });
  const steps = [...path.matchAll(/[^.[\]]+/g)].map(([step]) => (/^\d+$/.test(step) ? Number(step) : step));
  const value = valueAt({ ...cluster.settings, nodes: cluster.nodes }, steps);
  if (typeof value !== "object" && value !== undefined && !/^is (missing|not a known key)/.test(text)) {
    expect(
      [displayValue(value), quoteValue(value)].some((shown) => text.includes(shown)) ? "" : problem,
    ).toBe("");
  }
}

test("what config accepts the stacks accept, and what it refuses has file, line, value and fix", () => {
  const seen = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(clusterAtItsLimits, (cluster) => {
      const answer = configOf(cluster);
      if (answer instanceof ConfigError) {
        seen.refused++;
        for (const problem of answer.problems) expectProblem(problem, cluster);
      } else {
        seen.accepted++;
        makeStacks(answer);
      }
    }),
    { numRuns: 250 },
  );
  // A test of one of the two alone would prove nothing.
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(0);
});

type NodeProps = ClusterStackProps["nodes"][number];
interface Fact {
  /** The line of `cluster.yaml`, indented for the last node. */
  readonly line: (value: string) => string;
  readonly props: (value: never, node: NodeProps) => Partial<NodeProps>;
  readonly values: readonly unknown[];
  /** What else the file needs for that value. */
  readonly edit?: (text: string, value: unknown) => string;
}

const around = ({ min, max }: Range): number[] => [min - 1, min, max, max + 1, min + 0.5, -1, 2 ** 40];
const number = (key: string, range: Range, props: Fact["props"]): Fact => ({
  line: (value) => `    ${key}: ${value}`,
  props,
  values: around(range),
});
const text = (line: Fact["line"], good: readonly string[], props: Fact["props"]): Fact => ({
  line,
  props,
  // A token of cdktf is not among them: constructs let it pass, as its value is known at plan.
  values: [...good, "", "a b", "${x}", "ä"],
});
const nic =
  (more: object) =>
  (value: never, { networkInterfaces }: NodeProps) => ({
    networkInterfaces: [
      ...networkInterfaces,
      Object.fromEntries(Object.keys(more).map((key) => [key, value])),
    ],
  });
const dataDisk = (key: string, disk: object) => (value: never) => ({
  dataDisks: [{ storage: "local-lvm", sizeGiB: 1, slot: 1, ...disk, [key]: value }],
});

const FACTS: Readonly<Record<string, Fact>> = {
  vm_id: {
    ...number("vm_id", VM_ID, (vmId) => ({ vmId })),
    line: (value) =>
      `  - { name: w2, address: 10.0.0.22, controller: false, disk: /dev/sda, schematic_id: ${WITH_AGENT}, vm_id: ${value} }`,
  },
  cores: number("vm_cores", CORES, (cores) => ({ cores })),
  sockets: number("vm_sockets", SOCKETS, (sockets) => ({ sockets })),
  memory: number("vm_memory", { ...MEMORY_MIB, min: TALOS_MINIMUM.worker.memoryMiB }, (memoryMiB) => ({
    memoryMiB,
  })),
  disk: number(
    "vm_disk_size",
    { ...DISK_SIZE_GIB, min: TALOS_MINIMUM.worker.diskGiB },
    (sizeGiB, { disk }) => ({
      disk: { ...disk, sizeGiB },
    }),
  ),
  "data disk": number("data_disks: [{ slot: 1, size", DISK_SIZE_GIB, dataDisk("sizeGiB", {})),
  slot: number("data_disks: [{ size: 1, slot", DATA_DISK_SLOT, dataDisk("slot", {})),
  "startup order": number("vm_startup_order", STARTUP, (order) => ({ startup: { order } })),
  "startup delay": number("vm_startup_delay", STARTUP, (upDelaySeconds) => ({ startup: { upDelaySeconds } })),
  "shutdown delay": number("vm_shutdown_delay", STARTUP, (downDelaySeconds) => ({
    startup: { downDelaySeconds },
  })),
  vlan: number("networks: [{ vlan", VLAN, nic({ vlan: 0 })),
  mtu: number("networks: [{ mtu", MTU, nic({ mtu: 0 })),
  queues: number("networks: [{ queues", QUEUES, nic({ queues: 0 })),
  balloon: {
    ...number("", BALLOON_MIB, (balloonMiB) => ({ balloonMiB })),
    line: (value) => `proxmox_vm_advanced: { balloon: ${value} }`,
    values: [-1, 0, 1, 8192, 16_385, BALLOON_MIB.max + 1],
  },
  host: text(
    (value) => `    proxmox_node: ${value}`,
    ["PVE-2", "3"],
    (host) => ({ host }),
  ),
  storage: text(
    (value) => `    disk_storage: ${value}`,
    ["ceph.a_1", "zz"],
    (storage, { disk }) => ({ disk: { ...disk, storage } }),
  ),
  bridge: text(
    (value) => `    networks: [{ bridge: ${value} }]`,
    ["a", "b12345678901234", "b123456789012345"],
    nic({ bridge: "" }),
  ),
  mac: text(
    (value) => `    networks: [{ mac_addr: ${value} }]`,
    ["bc:24:11:00:00:01", "BD:24:11:00:00:01", "bc-24-11-00-00-01"],
    nic({ macAddress: "" }),
  ),
  serial: text(
    (value) => `    data_disks: [{ slot: 1, size: 1, serial: ${value} }]`,
    ["a".repeat(20), "a".repeat(21)],
    dataDisk("serial", {}),
  ),
  pool: text(
    (value) => `    pool: ${value}`,
    ["a/b/c", "a/b/c/d", "a//b"],
    (pool) => ({ pool }),
  ),
  mapping: text(
    (value) => `    pci: [{ mapping: ${value} }]`,
    ["gpu", "a", "1a"],
    (mapping) => ({ pciDevices: [{ mapping }] }),
  ),
  "USB mapping": text(
    (value) => `    usb: [{ mapping: ${value} }]`,
    ["zigbee", "a", "1a"],
    (mapping) => ({ usbDevices: [{ mapping }] }),
  ),
  tag: text(
    (value) => `    tags: [${value}]`,
    ["_a+b.c-d", "Talos"],
    (tag) => ({ tags: [tag] }),
  ),
  "renamed from": text(
    (value) => `    renamed_from: ${value}`,
    ["old", "worker-1", "Old"],
    (renamedFrom) => ({ renamedFrom }),
  ),
  "CPU type": text(
    (value) => `proxmox_vm_advanced: { cpu_type: ${value} }`,
    ["host", "kvm64", "x86-64-v9", "custom-a"],
    (cpuType) => ({ cpuType }),
  ),
  machine: text(
    (value) => `proxmox_vm_advanced: { machine: ${value} }`,
    ["pc", "q35", "pc-q35-9.2", "q36"],
    (machine) => ({ machine }),
  ),
  "guest type": text(
    (value) => `proxmox_vm_advanced: { ostype: ${value} }`,
    ["l26", "l25"],
    (osType) => ({ osType }),
  ),
  "SCSI controller": text(
    (value) => `proxmox_vm_advanced: { scsi_hw: ${value} }`,
    ["lsi", "lsi2"],
    (scsiHardware) => ({ scsiHardware }),
  ),
  "disk interface": {
    ...text(
      (value) => `    disk_interface: ${value}`,
      ["scsi", "virtio", "ide"],
      (diskInterface) => ({ diskInterface }),
    ),
    edit: (text, value) => (value === "virtio" ? text.replace(/sda(?![\s\S]*sda)/, "vda") : text),
  },
  firmware: text(
    (value) => `proxmox_vm_advanced: { bios: ${value} }`,
    ["seabios", "uefi"],
    (bios) => ({ bios }),
  ),
  "bootloader with Secure Boot": text(
    (value) => `    secureboot: true\n    talos_schematic: { bootloader: ${value} }`,
    ["auto", "sd-boot", "dual-boot", "grub"],
    (bootloader) => ({ secureBoot: true, schematic: { bootloader } }),
  ),
  "kernel argument": text(
    (value) => `    talos_schematic: { kernel_args: [${value}] }`,
    ["on", "a=b c", "a=ä"],
    (argument) => ({ schematic: { kernelArgs: [argument] } }),
  ),
  extension: text(
    (value) => `    talos_schematic: { extensions: [${value}] }`,
    ["siderolabs/btrfs", "btrfs"],
    (extension) => ({ schematic: { extensions: [extension] } }),
  ),
};

/** Whether it works; a mistake in the file is a ConfigError, one in the props an error of the construct. */
function isAccepted(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

test.each(Object.entries(FACTS))("%s: config and the stack draw the line at the same place", (_, fact) => {
  const { config } = parse(VALID);
  const [worker] = config.nodes.slice(-1);
  if (worker === undefined) throw new Error("the cluster has no worker");
  const answers = fact.values.map((value) => {
    const line = fact.line(JSON.stringify(value));
    const closed = line.includes("[{") && !line.includes("}") ? `${line} }]` : line;
    // A schematic is either described or named.
    const text = closed.includes("talos_schematic") ? VALID.replace(/ {4}schematic_id.*\n$/, "") : VALID;
    const props = { ...worker, ...fact.props(value as never, worker) };
    return {
      value,
      config: isAccepted(() => parse(fact.edit?.(`${text}${closed}\n`, value) ?? `${text}${closed}\n`)),
      stack: isAccepted(() => new ClusterStack(newApp(), "cluster", { ...config, nodes: [props] })),
    };
  });
  expect(answers.filter(({ config, stack }) => config !== stack)).toEqual([]);
  expect(new Set(answers.map(({ stack }) => stack))).toEqual(new Set([true, false]));
});
