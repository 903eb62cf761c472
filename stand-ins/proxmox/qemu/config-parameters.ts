import { DIGEST, indexed, type ParameterTable, VMID } from "../api/parameters";

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const positive = { type: "integer", minimum: 1 } as const;
const natural = { type: "integer", minimum: 0 } as const;

/** How many devices of each kind a VM may have. */
export const SLOTS = {
  ide: 4,
  sata: 6,
  scsi: 31,
  virtio: 16,
  net: 32,
  ipconfig: 32,
  hostpci: 16,
  numa: 8,
  parallel: 3,
  serial: 4,
  unused: 256,
  usb: 14,
  virtiofs: 10,
} as const;

/**
 * The options of a VM's configuration.
 * @see https://pve.proxmox.com/pve-docs/api-viewer/index.html#/nodes/{node}/qemu
 */
export const CONFIG_PARAMETERS = {
  acpi: flag,
  affinity: text,
  agent: text,
  "allow-ksm": flag,
  "amd-sev": text,
  arch: { type: "string", enum: ["x86_64", "aarch64"] },
  args: text,
  audio0: text,
  autostart: flag,
  balloon: natural,
  bios: { type: "string", enum: ["seabios", "ovmf"] },
  boot: text,
  bootdisk: { type: "string", pattern: "(ide|sata|scsi|virtio)\\d+" },
  cdrom: text,
  cicustom: text,
  cipassword: text,
  citype: { type: "string", enum: ["configdrive2", "nocloud", "opennebula"] },
  ciupgrade: flag,
  ciuser: text,
  cores: positive,
  cpu: text,
  cpulimit: { type: "number", minimum: 0, maximum: 128 },
  cpuunits: { type: "integer", minimum: 1, maximum: 262_144 },
  description: { type: "string", maxLength: 8192 },
  efidisk0: text,
  freeze: flag,
  hookscript: text,
  hotplug: text,
  hugepages: { type: "string", enum: ["any", "2", "1024"] },
  "intel-tdx": text,
  ivshmem: text,
  keephugepages: flag,
  keyboard: { type: "string", pattern: "[a-z]{2}(-[a-z]{2})?" },
  kvm: flag,
  localtime: flag,
  lock: {
    type: "string",
    enum: [
      "backup",
      "clone",
      "create",
      "migrate",
      "rollback",
      "snapshot",
      "snapshot-delete",
      "suspending",
      "suspended",
    ],
  },
  machine: text,
  memory: { type: "string", pattern: "(current=)?\\d+" },
  migrate_downtime: { type: "number", minimum: 0 },
  migrate_speed: natural,
  name: {
    type: "string",
    pattern: "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*",
  },
  nameserver: text,
  numa: flag,
  onboot: flag,
  ostype: {
    type: "string",
    enum: [
      "other",
      "wxp",
      "w2k",
      "w2k3",
      "w2k8",
      "wvista",
      "win7",
      "win8",
      "win10",
      "win11",
      "l24",
      "l26",
      "solaris",
    ],
  },
  protection: flag,
  reboot: flag,
  rng0: text,
  scsihw: {
    type: "string",
    enum: ["lsi", "lsi53c810", "virtio-scsi-pci", "virtio-scsi-single", "megasas", "pvscsi"],
  },
  searchdomain: text,
  shares: { type: "integer", minimum: 0, maximum: 50_000 },
  smbios1: { type: "string", maxLength: 512 },
  smp: positive,
  sockets: positive,
  spice_enhancements: text,
  sshkeys: text,
  startdate: text,
  startup: text,
  tablet: flag,
  tags: text,
  tdf: flag,
  template: flag,
  tpmstate0: text,
  vcpus: positive,
  vga: text,
  vmgenid: text,
  vmstatestorage: text,
  watchdog: text,
  ...devices(),
} as const satisfies ParameterTable;

function devices(): ParameterTable {
  return Object.assign({}, ...Object.entries(SLOTS).map(([name, count]) => indexed(name, count, text)));
}

export const CREATE_PARAMETERS: ParameterTable & {
  readonly vmid: typeof VMID & { readonly required: true };
} = {
  ...CONFIG_PARAMETERS,
  vmid: { ...VMID, required: true },
  archive: text,
  bwlimit: natural,
  force: flag,
  "ha-managed": flag,
  "import-working-storage": text,
  "live-restore": flag,
  pool: text,
  start: flag,
  storage: text,
  unique: flag,
};

export const UPDATE_PARAMETERS: ParameterTable = {
  ...CONFIG_PARAMETERS,
  background_delay: { type: "integer", minimum: 1, maximum: 30 },
  delete: text,
  digest: DIGEST,
  force: flag,
  "import-working-storage": text,
  revert: text,
  skiplock: flag,
};

export const isConfigOption = (name: string): boolean => Object.hasOwn(CONFIG_PARAMETERS, name);
