import fc from "fast-check";
import { DATA_DISK_SLOT, DISK_SIZE_GIB } from "../../../domain/disk";
import { MTU, QUEUES, VLAN } from "../../../domain/network-interface";
import type { Range } from "../../../domain/range";
import { DAYS } from "../../../domain/retention";
import { KEEP_VERSIONS } from "../../../domain/tfstate-worker";
import { BALLOON_MIB, CORES, MEMORY_MIB, SOCKETS, STARTUP, VM_ID } from "../../../domain/virtual-machine";
import { ACCOUNT } from "../../support/cloudflare-account";
import type { Cluster, Node } from "./arbitrary-cluster";
import { WITH_AGENT } from "./cluster";

/** Values that a key can have: mostly good ones, so that whole clusters pass, and now and then one past its limit. */
function drawn<T>(good: readonly T[], bad: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 400, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...bad, null, [], {}, true) },
  );
}

function limits({ min, max }: Range, good: readonly number[] = [min, max]): fc.Arbitrary<unknown> {
  return drawn(good, [min - 1, max + 1, min + 0.5, -1, 2 ** 40, Number.MAX_SAFE_INTEGER, String(max)]);
}

/** Texts that break what is made of them: templates and tokens of cdktf, other scripts, names that objects have. */
const NASTY = [
  "",
  " ",
  "a b",
  "-",
  "${x}",
  "a${TfToken[TOKEN.0]}",
  "%{ if true }",
  "ä",
  "a\nb",
  "__proto__",
  "a".repeat(300),
  "/",
  "..",
  "Constructor()",
] as const;
const text = (...good: readonly string[]) => drawn(good, NASTY);
const flag = drawn([true, false], ["yes", 1]);

const dataDisk = fc.record(
  {
    slot: limits(DATA_DISK_SLOT),
    size: limits(DISK_SIZE_GIB),
    storage: text("local-lvm", "ceph.fast_1", "zz"),
    ssd: flag,
    serial: text("data", "a".repeat(20)),
  },
  { requiredKeys: ["slot", "size"] },
);

const networkInterface = fc.record(
  {
    bridge: text("vmbr0", "a", "b12345678901234"),
    vlan: limits(VLAN),
    mtu: limits(MTU),
    queues: limits(QUEUES, [0, 1, 2, QUEUES.max]),
    firewall: flag,
    mac_addr: fc.oneof(
      fc
        .integer({ min: 0, max: 0xffff })
        .map(
          (number) =>
            `bc:24:11:01:${(number >> 8).toString(16).padStart(2, "0")}:${(number & 0xff).toString(16).padStart(2, "0")}`,
        ),
      drawn(["BC:24:11:00:02:01"], ["01:24:11:00:00:01", "bc-24-11-00-00-01", ...NASTY]),
    ),
  },
  { requiredKeys: [] },
);

const pciDevice = fc.record(
  { mapping: text("gpu", "a_", "G-1"), pcie: flag, rombar: flag },
  { requiredKeys: ["mapping"] },
);

const schematic = fc.record(
  {
    extensions: fc.uniqueArray(text("siderolabs/qemu-guest-agent", "siderolabs/btrfs", "a/0"), {
      maxLength: 2,
    }),
    kernel_args: fc.array(text("-console", "net.ifnames=0", `a="b c: 'd' # e"`, "x=${y}"), { maxLength: 2 }),
    overlay: fc.record({ image: text("siderolabs/sbc-rockchip"), name: text("rock4", "rpi_generic") }),
    bootloader: drawn(["auto", "sd-boot", "sd-boot", "dual-boot"], NASTY),
  },
  { requiredKeys: [] },
);

const node = fc.record(
  {
    name: fc.oneof(fc.constant(undefined), drawn(["0", "a".repeat(63), "1-a"], ["constructor", ...NASTY])),
    vm_id: fc.oneof(fc.constant(undefined), limits(VM_ID)),
    disk: text("/dev/sda", "/dev/disk/by-id/wwn-0x5000"),
    disk_interface: fc.oneof(
      { weight: 30, arbitrary: fc.constant("scsi") },
      { weight: 1, arbitrary: text("virtio") },
    ),
    schematic_id: fc.oneof(fc.constant(WITH_AGENT), drawn(["0".repeat(64)], ["ab", ...NASTY])),
    mac_addr: fc.oneof(fc.constant(undefined), drawn(["bc:24:11:00:03:01"], ["03:24:11:00:00:01", ...NASTY])),
    mtu: limits(MTU),
    secureboot: flag,
    vm_cores: limits(CORES, [2, 3, CORES.max]),
    vm_sockets: limits(SOCKETS),
    vm_memory: limits(MEMORY_MIB, [2048, 16_384, MEMORY_MIB.max]),
    vm_disk_size: limits(DISK_SIZE_GIB, [10, DISK_SIZE_GIB.max]),
    vm_startup_order: limits(STARTUP),
    vm_startup_delay: limits(STARTUP),
    vm_shutdown_delay: limits(STARTUP),
    proxmox_node: text("pve1", "PVE-2", "3"),
    disk_storage: text("local-lvm", "ceph"),
    data_disks: fc.array(dataDisk, { maxLength: 2 }),
    networks: fc.array(networkInterface, { maxLength: 2 }),
    firewall: flag,
    pci: fc.array(pciDevice, { maxLength: 1 }),
    usb: fc.array(fc.record({ mapping: text("zigbee", "z_", "Z-1") }), { maxLength: 1 }),
    tpm: flag,
    qemu_agent: flag,
    tags: fc.uniqueArray(text("talos", "_a+b.c-d"), { maxLength: 2 }),
    pool: text("talos", "a/b/c", ".x"),
    protection: flag,
    renamed_from: fc.oneof(
      { weight: 9, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: text("old", "n1", "n2") },
    ),
  },
  { requiredKeys: [] },
);

const sizes = fc.record(
  {
    cores: limits(CORES, [2, CORES.max]),
    sockets: limits(SOCKETS),
    memory: limits(MEMORY_MIB, [2048, MEMORY_MIB.max]),
    disk_size: limits(DISK_SIZE_GIB, [10, DISK_SIZE_GIB.max]),
  },
  { requiredKeys: [] },
);

const advanced = fc.record(
  {
    bios: drawn(["ovmf", "ovmf", "ovmf", "seabios"], NASTY),
    machine: text("q35", "i440fx", "pc", "pc-q35-9.2", "pc-i440fx-9.2+pve1"),
    cpu_type: drawn(["host", "x86-64-v3", "custom-mine"], ["kvm64", "x86-64-v9", ...NASTY]),
    scsi_hw: text("virtio-scsi-pci", "virtio-scsi-single"),
    balloon: limits(BALLOON_MIB, [0, 1024]),
    numa: flag,
    net_queues: limits(QUEUES, [0, 1, QUEUES.max]),
    tags: fc.uniqueArray(text("talos", "lab"), { maxLength: 2 }),
    network_bridge: text("vmbr0", "vmbr1"),
    ostype: text("l26", "other"),
  },
  { requiredKeys: [] },
);

const encryption = fc.oneof(
  fc.record({ provider: fc.constant("off"), reason: text("a test") }),
  fc.record(
    {
      provider: fc.constant("pbkdf2"),
      key_id: text("main", "a-2"),
      iterations: drawn([210_000, 10_000_000], [199_999, 200_000, 10_000_001, 1.5]),
      migrate: fc.constant("from-plaintext"),
    },
    { requiredKeys: ["provider"] },
  ),
  fc.record(
    {
      provider: fc.constant("aws_kms"),
      key_id: text("b", "constructor"),
      kms_key_id: text("alias/a"),
      region: text("eu-central-1"),
      previous: fc.record({ provider: fc.constant("openbao"), key_name: text("a", "b c") }),
    },
    { requiredKeys: ["provider", "kms_key_id", "region"] },
  ),
);

const state = fc.record(
  {
    backend: text("r2", "worker", "local"),
    bucket: text("tfstate", "abc", "a".repeat(63)),
    key: text("proxmox/terraform.tfstate", "a", "b.tfstate"),
    lock: flag,
    account_id: text(ACCOUNT),
    jurisdiction: text("eu", "fedramp"),
    url: drawn(
      ["https://tfstate.example.com/states/home", "http://127.0.0.1:8787/states/a%20b"],
      ["http://example.com/states/x", "https://a/states/%ff", "https://a/states/${x}", ...NASTY],
    ),
    path: text("home.tfstate", "/tmp/a b"),
    encryption,
  },
  { requiredKeys: [] },
);

const grant = { namespace: text("me", "a b"), scopes: fc.constant(["read"]) };
const worker = fc.record(
  {
    enabled: flag,
    name: text("tfstate", "a", "0".repeat(63)),
    domain: fc.record({ hostname: text("tfstate.example.com"), zone_id: text("0".repeat(32)) }),
    workers_dev_subdomain: text("my-team"),
    cron: text("0 * * * *", "*/5 1-3 * JAN MON#1"),
    credentials: fc.uniqueArray(text("owner", "users", "psk")),
    psk_namespace: text("home"),
    oidc: fc.array(
      fc.record({
        audience: text("tfstate"),
        rules: fc.tuple(fc.record({ subject: text("repo:me/*", "a"), ...grant })),
      }),
      { maxLength: 1 },
    ),
    mtls: fc.array(fc.record({ subject: text("CN=laptop"), ...grant }), { maxLength: 1 }),
    encryption: text("auto", "required"),
    s3_clients: flag,
    keep_versions: limits(KEEP_VERSIONS),
    keep_days: limits(DAYS, [30, 90]),
    base_path: text("/tfstate"),
    observability: flag,
  },
  { requiredKeys: [] },
);
const bootstrap = fc.record(
  {
    location: text("weur", "oc"),
    backup_bucket: drawn(["copies"], ["tfstate", ...NASTY]),
    history_lock_days: limits(DAYS, [0, 10]),
    history_days: limits(DAYS, [0, 730, DAYS.max]),
    backup_days: limits(DAYS, [0, 365, DAYS.max]),
    worker,
    token: fc.record(
      {
        name: text("tfstate", "ä b"),
        access: text("read", "write"),
        expires_on: text("2027-02-28T00:00:00Z"),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

const sources = fc.array(text("0.0.0.0/0", "::/0", "192.0.2.7"), { maxLength: 2 });
const firewall = fc.record(
  {
    enabled: flag,
    cni: text("flannel", "cilium", "calico", "none"),
    kubernetes_api_cidrs: sources,
    talos_api_cidrs: sources,
    node_port_cidrs: sources,
    log_drops: flag,
    rules: fc.array(
      fc.record(
        {
          ports: fc.array(drawn([1, 65_535, "80-90"], [0, "9-8", "80:90"]), { minLength: 1, maxLength: 3 }),
          protocol: text("tcp", "udp"),
          from: fc.tuple(text("10.20.0.0/22")),
          role: text("controlplane", "worker"),
          comment: text("a b", "c"),
        },
        { requiredKeys: ["ports"] },
      ),
      { maxLength: 1 },
    ),
  },
  { requiredKeys: ["cni"] },
);

const settings = fc.record(
  {
    cluster_name: text("talos", "a", "a".repeat(63)),
    talos_version: text("v1.13.0", "1.12.4", "v1.14.0-beta.1"),
    talos_schematic: schematic,
    boot_mode: text("iso", "disk-image"),
    node_vlan_tag: limits(VLAN),
    node_default_gateway: text("10.7.0.254"),
    proxmox_iso_storage: text("local", "nfs"),
    proxmox_disk_storage: text("local-lvm", "ceph"),
    proxmox_shared_storages: fc.uniqueArray(text("local-lvm", "ceph", "nfs"), { maxLength: 3 }),
    proxmox_ha: flag,
    proxmox_firewall: firewall,
    proxmox_eject_iso: flag,
    proxmox_vm_defaults: sizes,
    proxmox_vm_controller_defaults: sizes,
    proxmox_vm_worker_defaults: sizes,
    proxmox_vm_advanced: advanced,
    state,
    bootstrap,
    adopt: fc.record(
      {
        vms: drawn(
          ["proxmox_virtual_environment_vm.talos_node", 'module.a[0].b.c["d e"]'],
          ['a.b["${x}"]', ...NASTY],
        ),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

/** A cluster whose keys are drawn up to their limits and past them. */
export const clusterAtItsLimits: fc.Arbitrary<Cluster> = fc
  .record({
    settings,
    nodes: fc.array(fc.tuple(node, fc.option(schematic, { freq: 3, nil: undefined })), {
      minLength: 1,
      maxLength: 3,
    }),
  })
  .map(({ settings: drawnSettings, nodes }) => ({
    network: "10.7.0",
    settings: withoutUndefined({
      node_cidr: "10.7.0.0/24",
      cluster_api_addr: "10.7.0.9",
      proxmox_api_url: "https://pve.example.com:8006",
      proxmox_node: "pve1",
      ...drawnSettings,
    }),
    nodes: nodes.map(([drawnNode, described], index): Node => {
      const { name, vm_id, schematic_id, ...rest } = drawnNode;
      return withoutUndefined({
        name: name ?? `n${index}`,
        address: `10.7.0.${index + 10}`,
        controller: index === 0,
        disk: "/dev/sda",
        vm_id: vm_id ?? 200 + index,
        ...(described === undefined
          ? { schematic_id: schematic_id ?? WITH_AGENT }
          : { talos_schematic: described }),
        ...rest,
      });
    }),
  }));

function withoutUndefined(map: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined));
}
