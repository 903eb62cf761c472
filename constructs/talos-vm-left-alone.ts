import type { DiskSetting, NetworkInterfaceSetting, VmSetting } from "../domain/vm-settings";
import type { TalosDisk, TalosNetworkInterface, TalosVmProps } from "./talos-vm-props";

/*
 * What a plan leaves alone on a VM that exists: all that the props do not name. Whatever people have set by hand stays, be it
 * before an adoption or later. OpenTofu does it: `ignore_changes` puts the value in Proxmox in the place of ours, and has no
 * effect on a VM that is being created.
 */

/** What no prop is for. */
const NO_PROP = [
  "acpi",
  "amd_sev",
  "audio_device",
  "boot_order",
  "cpu[0].affinity",
  "cpu[0].architecture",
  "cpu[0].flags",
  "cpu[0].hotplugged",
  "cpu[0].limit",
  "cpu[0].units",
  "description",
  "hook_script_file_id",
  "keyboard_layout",
  "kvm_arguments",
  "memory[0].hugepages",
  "memory[0].keep_hugepages",
  "memory[0].shared",
  "numa",
  "on_boot",
  "rng",
  "serial_device",
  "smbios",
  "tablet_device",
  "vga",
  "virtiofs",
  "watchdog",
];

interface Attributes {
  /** What the setting is in the provider's resource: left alone if the props do not name it. */
  readonly own: string;
  /** Parts of it that no prop is for: left alone in any case. */
  readonly parts?: readonly string[];
}

/** `tags` is not among them: the VM keeps those that it has, and gets ours. */
const SETTINGS: Readonly<Record<Exclude<VmSetting, "tags">, Attributes>> = {
  cores: { own: "cpu[0].cores" },
  sockets: { own: "cpu[0].sockets" },
  cpuType: { own: "cpu[0].type" },
  numa: { own: "cpu[0].numa" },
  memoryMiB: { own: "memory[0].dedicated" },
  balloonMiB: { own: "memory[0].floating" },
  bios: { own: "bios" },
  machine: { own: "machine" },
  scsiHardware: { own: "scsi_hardware" },
  osType: { own: "operating_system" },
  // Another version would replace the VM.
  tpm: { own: "tpm_state", parts: ["version"] },
  agent: { own: "agent", parts: ["timeout", "trim", "type"] },
  pciDevices: { own: "hostpci" },
  usbDevices: { own: "usb" },
  pool: { own: "pool_id" },
  startup: { own: "startup" },
  protection: { own: "protection" },
  // Another type would replace the VM.
  address: { own: "initialization", parts: ["interface", "type", "upgrade", "user_account"] },
};

const DISK_SETTINGS: Readonly<Record<DiskSetting, string>> = {
  storage: "datastore_id",
  sizeGiB: "size",
  discard: "discard",
  ssd: "ssd",
  backup: "backup",
  replicate: "replicate",
  serial: "serial",
};
const DISK_NO_PROP = ["aio", "cache", "iothread", "queues", "speed"];

const NIC_SETTINGS: Readonly<Record<NetworkInterfaceSetting, string>> = {
  bridge: "bridge",
  vlan: "vlan_id",
  mtu: "mtu",
  queues: "queues",
  firewall: "firewall",
};
const NIC_NO_PROP = ["disconnected", "model", "rate_limit", "trunks"];

/** Props with a list of those among them that are defaults. */
type WithDefaults<Setting extends string> = { readonly onlyForNew?: readonly Setting[] } & {
  readonly [Key in Setting]?: unknown;
};

/** Whether a prop has a value that a VM that exists must get too. */
export function isNamed<Setting extends string>(props: WithDefaults<Setting>, setting: Setting): boolean {
  return props[setting] !== undefined && !props.onlyForNew?.includes(setting);
}

/** The attributes that a plan leaves alone on a VM that exists. */
export function leftAlone(props: TalosVmProps): string[] {
  return [...NO_PROP, ...settings(props), ...efiDisk(props), ...cdrom(props), ...devices(props)];
}

function settings(props: TalosVmProps): string[] {
  const names = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];
  const ofStartup = { order: "order", upDelaySeconds: "up_delay", downDelaySeconds: "down_delay" } as const;
  const unset = Object.entries(ofStartup).filter(
    ([key]) => props.startup?.[key as keyof typeof ofStartup] === undefined,
  );
  return names.flatMap((name) => {
    const { own, parts = [] } = SETTINGS[name];
    if (!isNamed(props, name)) return [own];
    const alone = name === "startup" ? unset.map(([, attribute]) => attribute) : parts;
    return alone.map((part) => `${own}[0].${part}`);
  });
}

/** It is on the storage of the first disk. Everything else about it is decided when it is created. */
function efiDisk({ bios, disks: [root] }: TalosVmProps): string[] {
  if (bios === "seabios" || !isNamed(root, "storage")) return ["efi_disk"];
  return ["file_format", "pre_enrolled_keys", "type"].map((part) => `efi_disk[0].${part}`);
}

/** An adopted ISO, and one on a host that is down, is not replaced by another, so the drive needs no change. */
function cdrom(props: TalosVmProps): string[] {
  const { format, isAdopted, isLeftAsIs } = props.image;
  return format === "iso" && (isAdopted || isLeftAsIs) && !hasNoIso(props) ? ["cdrom"] : [];
}

/** Whether its drive is empty. What replaces a VM boots from the ISO. */
export function hasNoIso({ ejectIso, allowReplace }: TalosVmProps): boolean {
  return (ejectIso ?? false) && !allowReplace;
}

/**
 * The lists of disks and NICs cannot be compared one by one: the provider removes what is not in them. So an adopted VM keeps
 * them as they are.
 */
function devices({ adoptFrom, disks, networkInterfaces }: TalosVmProps): string[] {
  if (adoptFrom !== undefined) return ["disk", "network_device"];
  // A place in the list, but for the first, may be another disk's next time, and no disk may get the serial of another one.
  const hasSerials = disks.some((disk) => isNamed(disk, "serial"));
  return [
    ...disks.flatMap((disk, index) =>
      ofDisk(disk)
        .filter((attribute) => index === 0 || !hasSerials || attribute !== DISK_SETTINGS.serial)
        .map((attribute) => `disk[${index}].${attribute}`),
    ),
    ...networkInterfaces.flatMap((nic, index) =>
      ofNic(nic).map((attribute) => `network_device[${index}].${attribute}`),
    ),
  ];
}

function ofDisk(disk: TalosDisk): string[] {
  return [...DISK_NO_PROP, ...unnamed(disk, DISK_SETTINGS)];
}

function ofNic(nic: TalosNetworkInterface): string[] {
  return [...NIC_NO_PROP, ...unnamed(nic, NIC_SETTINGS)];
}

function unnamed<Setting extends string>(
  props: WithDefaults<Setting>,
  attributes: Readonly<Record<Setting, string>>,
): string[] {
  return (Object.keys(attributes) as Setting[])
    .filter((setting) => !isNamed(props, setting))
    .map((setting) => attributes[setting]);
}
