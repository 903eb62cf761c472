import { CPU_TYPE } from "../../../domain/cpu-type";
import {
  bridgeName,
  configId,
  ipv4,
  ipv4Config,
  ipv6,
  ipv6Config,
  macAddress,
  volumeId,
} from "../api/named-formats";
import type { NamedFormat, PartSpec, PropertyFormat } from "../api/value-check";

/* The property strings of a VM's devices and settings, as Proxmox VE describes them. */

const boolean = { type: "boolean" } as const;
const oneOf = (...values: readonly string[]) => ({ type: "string", enum: values }) as const;
const matching = (pattern: string) => ({ type: "string", pattern }) as const;
const integer = (minimum: number, maximum?: number) => ({ type: "integer", minimum, maximum }) as const;
const by = (format: NamedFormat) => ({ type: "string", format }) as const;

const NIC_MODELS = [
  ...["e1000", "e1000-82540em", "e1000-82544gc", "e1000-82545em", "e1000e", "i82551", "i82557b"],
  ...["i82559er", "ne2k_isa", "ne2k_pci", "pcnet", "rtl8139", "virtio", "vmxnet3"],
];
const NUMBER_RANGES = "\\d+(?:-\\d+)?(?:;\\d+(?:-\\d+)?)*";
const BASE64 = "[A-Za-z0-9+/]+={0,2}";
const HEX_ID = matching("0x[0-9A-Fa-f]{1,4}");
const PCI_ADDRESS = "(?:[0-9a-f]{4,}:)?[0-9a-f]{2}:[0-9a-f]{2}(?:\\.[0-9a-f])?";
const USB_DEVICE = "(?:0x)?[0-9A-Fa-f]{4}:(?:0x)?[0-9A-Fa-f]{4}|\\d+-\\d+(?:\\.\\d+)*|[Ss][Pp][Ii][Cc][Ee]";
const MACHINE =
  "pc|pc(?:-i440fx)?-\\d+(?:\\.\\d+)+(?:\\+pve\\d+)?(?:\\.pxe)?|q35|" +
  "pc-q35-\\d+(?:\\.\\d+)+(?:\\+pve\\d+)?(?:\\.pxe)?|virt(?:-\\d+(?:\\.\\d+)+)?(?:\\+pve\\d+)?";

/** CPU types of PVE 9 that the provider does not know. */
const NEWER_CPUS =
  /^(?:EPYC-(?:Milan-v2|Genoa-v2|Turin)|GraniteRapids(?:-v[23])?|SapphireRapids-v\d|SierraForest(?:-v\d)?|Icelake-Server-v7)$/;

const cpuType: NamedFormat = (text) => {
  const type = text.split(",").find((part) => !part.includes("=") || part.startsWith("cputype="));
  const name = type?.replace(/^cputype=/, "");
  if (name === undefined || CPU_TYPE.regex.test(name) || NEWER_CPUS.test(name)) return undefined;
  return `Built-in cputype '${name}' is not defined (missing 'custom-' prefix?)`;
};

const bootDevices: NamedFormat = (value) => {
  const wrong = value
    .split(";")
    .filter(Boolean)
    .find((device) => !/^(?:(?:ide|sata|scsi|virtio|net|hostpci|usb)\d+)$/.test(device));
  return wrong === undefined ? undefined : `invalid boot device '${wrong}'`;
};

const smbiosText = matching(BASE64);

const FORMATS = {
  net: {
    parts: {
      macaddr: by(macAddress),
      model: { ...oneOf(...NIC_MODELS), required: true, defaultKey: true },
      bridge: by(bridgeName),
      queues: integer(0, 64),
      rate: { type: "number", minimum: 0 },
      tag: integer(1, 4094),
      trunks: matching(NUMBER_RANGES),
      firewall: boolean,
      "host-tunnel": boolean,
      link_down: boolean,
      mtu: integer(1, 65_520),
      ...Object.fromEntries(
        NIC_MODELS.map((model): [string, PartSpec] => [model, { alias: "macaddr", keyAlias: "model" }]),
      ),
    },
  },
  cpu: {
    parts: {
      cputype: { type: "string", defaultKey: true },
      "reported-model": by(cpuType),
      hidden: boolean,
      "hv-vendor-id": matching("[a-zA-Z0-9]{1,12}"),
      flags: matching("[+-][a-zA-Z0-9\\-_.]+(?:;[+-][a-zA-Z0-9\\-_.]+)*"),
      "phys-bits": matching("host|[3-5][0-9]|6[0-4]|[89]"),
      "guest-phys-bits": integer(32, 64),
    },
    whole: cpuType,
  },
  memory: { parts: { current: { ...integer(16), required: true, defaultKey: true } } },
  machine: {
    parts: {
      type: { ...matching(MACHINE), maxLength: 40, defaultKey: true },
      viommu: oneOf("intel", "virtio"),
      "aw-bits": { type: "number", minimum: 32, maximum: 64 },
      "enable-s3": boolean,
      "enable-s4": boolean,
    },
  },
  vga: {
    parts: {
      type: {
        ...oneOf(
          ...["cirrus", "qxl", "qxl2", "qxl3", "qxl4", "none", "serial0", "serial1", "serial2", "serial3"],
          ...["std", "virtio", "virtio-gl", "vmware"],
        ),
        defaultKey: true,
      },
      memory: integer(4, 512),
      clipboard: oneOf("vnc"),
    },
  },
  agent: {
    parts: {
      enabled: { ...boolean, required: true, defaultKey: true },
      "freeze-fs": boolean,
      "freeze-fs-on-backup": { alias: "freeze-fs" },
      "guest-fsfreeze": { alias: "freeze-fs" },
      fstrim_cloned_disks: boolean,
      type: oneOf("virtio", "isa"),
    },
  },
  ipconfig: {
    parts: {
      ip: by(ipv4Config),
      gw: { ...by(ipv4), requires: "ip" },
      ip6: by(ipv6Config),
      gw6: { ...by(ipv6), requires: "ip6" },
    },
  },
  hostpci: {
    parts: {
      host: { ...matching(`${PCI_ADDRESS}(?:;${PCI_ADDRESS})*`), defaultKey: true },
      mapping: by(configId),
      rombar: boolean,
      romfile: matching("[^,;]+"),
      mdev: matching("[^/.:]+"),
      pcie: boolean,
      "x-vga": boolean,
      "legacy-igd": boolean,
      driver: oneOf("vfio", "keep"),
      "vendor-id": HEX_ID,
      "device-id": HEX_ID,
      "sub-vendor-id": HEX_ID,
      "sub-device-id": HEX_ID,
    },
  },
  usb: {
    parts: { host: { ...matching(USB_DEVICE), defaultKey: true }, mapping: by(configId), usb3: boolean },
  },
  rng: {
    parts: {
      source: { ...oneOf("/dev/urandom", "/dev/random", "/dev/hwrng"), required: true, defaultKey: true },
      max_bytes: { type: "integer" },
      period: { type: "integer" },
    },
  },
  watchdog: {
    parts: {
      model: { ...oneOf("i6300esb", "ib700"), defaultKey: true },
      action: oneOf("reset", "shutdown", "poweroff", "pause", "debug", "none"),
    },
  },
  audio: {
    parts: {
      device: { ...oneOf("ich9-intel-hda", "intel-hda", "AC97"), required: true },
      driver: oneOf("spice", "none"),
    },
  },
  boot: { parts: { legacy: { ...matching("[acdn]{1,4}"), defaultKey: true }, order: by(bootDevices) } },
  numaNode: {
    parts: {
      cpus: { ...matching(NUMBER_RANGES), required: true },
      memory: { type: "number" },
      hostnodes: matching(NUMBER_RANGES),
      policy: oneOf("preferred", "bind", "interleave"),
    },
  },
  smbios: {
    parts: {
      uuid: matching("[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}"),
      ...{ version: smbiosText, serial: smbiosText, manufacturer: smbiosText, product: smbiosText },
      ...{ sku: smbiosText, family: smbiosText, base64: boolean },
    },
  },
  ivshmem: {
    parts: { size: { ...integer(1), required: true }, name: matching("[a-zA-Z0-9\\-]+") },
  },
  spiceEnhancements: {
    parts: { foldersharing: boolean, videostreaming: oneOf("off", "all", "filter") },
  },
  virtiofs: {
    parts: {
      dirid: { ...by(configId), required: true, defaultKey: true },
      cache: oneOf("auto", "always", "metadata", "never"),
      "direct-io": boolean,
      "expose-acl": boolean,
      "expose-xattr": boolean,
    },
  },
  cicustom: {
    parts: { meta: by(volumeId), network: by(volumeId), user: by(volumeId), vendor: by(volumeId) },
  },
} as const satisfies Readonly<Record<string, PropertyFormat>>;

export const DEVICE_FORMATS: Readonly<Record<keyof typeof FORMATS, PropertyFormat>> = FORMATS;

/** `order=1,up=30,down=60`, or the order alone. */
export const startupOrder: NamedFormat = (text) => {
  const isPart = (part: string) => /^(?:(?:order=)?\d+|up=\d+|down=\d+)$/.test(part.trim());
  return text.split(",").every(isPart) ? undefined : "unable to parse startup options";
};

/** `network,disk,usb`, or 0 and 1 for none and the default. */
export const hotplugFeatures: NamedFormat = (text) =>
  /^[01]$/.test(text) ||
  text.split(",").every((each) => /^(?:network|disk|cpu|memory|usb|cloudinit)$/.test(each.trim()))
    ? undefined
    : "unable to parse hotplug option";

export const cpuSet: NamedFormat = (text) =>
  /^\s*\d+(?:-\d+)?(?:\s*,\s*\d+(?:-\d+)?)*\s*$/.test(text) ? undefined : "invalid cpuset";
