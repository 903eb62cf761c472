import { addressList, dnsName, storageId, tagList, urlEncoded, volumeId } from "../api/named-formats";
import { DIGEST, indexed, type ParameterSpec, type ParameterTable, VMID } from "../api/parameters";
import type { ValueSpec } from "../api/value-check";
import { cpuSet, DEVICE_FORMATS, hotplugFeatures, startupOrder } from "./device-formats";
import { DRIVE_FORMATS } from "./drive-formats";

const text = { type: "string" } as const;
const by = (format: NonNullable<ValueSpec["format"]>) => ({ type: "string", format }) as const;
const flag = { type: "boolean" } as const;
const positive = { type: "integer", minimum: 1 } as const;
const natural = { type: "integer", minimum: 0 } as const;

/** The devices of which a VM may have several: how many, and what describes each. */
const DEVICES = {
  ide: { count: 4, spec: by(DRIVE_FORMATS.ide) },
  sata: { count: 6, spec: by(DRIVE_FORMATS.sata) },
  scsi: { count: 31, spec: by(DRIVE_FORMATS.scsi) },
  virtio: { count: 16, spec: by(DRIVE_FORMATS.virtio) },
  net: { count: 32, spec: by(DEVICE_FORMATS.net) },
  ipconfig: { count: 32, spec: by(DEVICE_FORMATS.ipconfig) },
  hostpci: { count: 16, spec: by(DEVICE_FORMATS.hostpci) },
  numa: { count: 8, spec: by(DEVICE_FORMATS.numaNode) },
  parallel: { count: 3, spec: { type: "string", pattern: "/dev/parport\\d+|/dev/usb/lp\\d+" } },
  serial: { count: 4, spec: { type: "string", pattern: "/dev/[^,]+|socket" } },
  unused: { count: 256, spec: by(DRIVE_FORMATS.unused) },
  usb: { count: 14, spec: by(DEVICE_FORMATS.usb) },
  virtiofs: { count: 10, spec: by(DEVICE_FORMATS.virtiofs) },
} as const satisfies Readonly<Record<string, { readonly count: number; readonly spec: ParameterSpec }>>;

/**
 * The options of a VM's configuration.
 * @see https://pve.proxmox.com/pve-docs/api-viewer/index.html#/nodes/{node}/qemu
 */
export const CONFIG_PARAMETERS = {
  acpi: flag,
  affinity: by(cpuSet),
  agent: by(DEVICE_FORMATS.agent),
  "allow-ksm": flag,
  "amd-sev": text,
  arch: { type: "string", enum: ["x86_64", "aarch64"] },
  args: text,
  audio0: by(DEVICE_FORMATS.audio),
  autostart: flag,
  balloon: natural,
  bios: { type: "string", enum: ["seabios", "ovmf"] },
  boot: by(DEVICE_FORMATS.boot),
  bootdisk: { type: "string", pattern: "(ide|sata|scsi|virtio)\\d+" },
  cdrom: by(DRIVE_FORMATS.ide),
  cicustom: by(DEVICE_FORMATS.cicustom),
  cipassword: text,
  citype: { type: "string", enum: ["configdrive2", "nocloud", "opennebula"] },
  ciupgrade: flag,
  ciuser: text,
  cores: positive,
  cpu: by(DEVICE_FORMATS.cpu),
  cpulimit: { type: "number", minimum: 0, maximum: 128 },
  cpuunits: { type: "integer", minimum: 1, maximum: 262_144 },
  description: { type: "string", maxLength: 8192 },
  efidisk0: by(DRIVE_FORMATS.efidisk),
  freeze: flag,
  hookscript: by(volumeId),
  hotplug: by(hotplugFeatures),
  hugepages: { type: "string", enum: ["any", "2", "1024"] },
  "intel-tdx": text,
  ivshmem: by(DEVICE_FORMATS.ivshmem),
  keephugepages: flag,
  keyboard: {
    type: "string",
    enum: [
      ...["de", "de-ch", "da", "en-gb", "en-us", "es", "fi", "fr", "fr-be", "fr-ca", "fr-ch", "hu", "is"],
      ...["it", "ja", "lt", "mk", "nl", "no", "pl", "pt", "pt-br", "sv", "sl", "tr"],
    ],
  },
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
  machine: by(DEVICE_FORMATS.machine),
  memory: by(DEVICE_FORMATS.memory),
  migrate_downtime: { type: "number", minimum: 0 },
  migrate_speed: natural,
  name: by(dnsName),
  nameserver: by(addressList),
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
  rng0: by(DEVICE_FORMATS.rng),
  scsihw: {
    type: "string",
    enum: ["lsi", "lsi53c810", "virtio-scsi-pci", "virtio-scsi-single", "megasas", "pvscsi"],
  },
  searchdomain: text,
  shares: { type: "integer", minimum: 0, maximum: 50_000 },
  smbios1: { ...by(DEVICE_FORMATS.smbios), maxLength: 512 },
  smp: positive,
  sockets: positive,
  spice_enhancements: by(DEVICE_FORMATS.spiceEnhancements),
  sshkeys: by(urlEncoded),
  startdate: { type: "string", pattern: "now|\\d{4}-\\d{1,2}-\\d{1,2}(T\\d{1,2}:\\d{1,2}:\\d{1,2})?" },
  startup: by(startupOrder),
  tablet: flag,
  tags: by(tagList),
  tdf: flag,
  template: flag,
  tpmstate0: by(DRIVE_FORMATS.tpmstate),
  vcpus: positive,
  vga: by(DEVICE_FORMATS.vga),
  vmgenid: { type: "string", pattern: "[a-fA-F0-9]{8}(-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}|[01]" },
  vmstatestorage: by(storageId),
  watchdog: by(DEVICE_FORMATS.watchdog),
  ...devices(),
} as const satisfies ParameterTable;

function devices(): ParameterTable {
  return Object.assign(
    {},
    ...Object.entries(DEVICES).map(([name, { count, spec }]) => indexed(name, count, spec)),
  );
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
