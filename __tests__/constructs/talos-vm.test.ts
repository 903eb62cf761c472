import type { TerraformStack } from "cdktf";
import { TalosImage, type TalosImageProps } from "../../constructs/talos-image";
import { TalosVm } from "../../constructs/talos-vm";
import type { TalosVmProps } from "../../constructs/talos-vm-props";
import { LEFT_ALONE } from "../../plan/strayed-settings";
import schemas from "../../schemas/proxmox@0.111.1.json";
import { synth } from "../support/synth";

const [provider] = Object.values(schemas.provider_schemas);
const pinnedVm = provider?.resource_schemas.proxmox_virtual_environment_vm.block as {
  attributes: Record<string, { optional?: boolean }>;
  block_types: object;
};

const image = (stack: TerraformStack, more: Partial<TalosImageProps> = {}) =>
  new TalosImage(stack, "image", { host: "pve1", storage: "local", talosVersion: "v1.13.0", ...more });

interface Options {
  readonly id?: string;
  readonly image?: Partial<TalosImageProps>;
}

function vm(props: Partial<TalosVmProps> = {}, options: Options = {}) {
  return Object.values(program(props, options).resource.proxmox_virtual_environment_vm ?? {})[0] ?? {};
}

/** What the guard of the id knows of the VM. */
function guarded(props: Partial<TalosVmProps> = {}, options: Options = {}) {
  const { locals } = program(props, options) as unknown as {
    locals: { guarded_vms: Record<string, object> };
  };
  return locals.guarded_vms["cp-1"];
}

function program(props: Partial<TalosVmProps>, options: Options) {
  const id = options.id ?? "cp-1";
  return synth((stack) => {
    new TalosVm(stack, id, {
      vmId: 100,
      host: "pve1",
      image: image(stack, options.image),
      disks: [{ storage: "local-lvm", sizeGiB: 10 }],
      networkInterfaces: [{}],
      ...props,
    });
  });
}

test("minimal", () => {
  expect(vm()).toMatchObject({
    name: "cp-1",
    vm_id: 100,
    bios: "ovmf",
    machine: "q35",
    boot_order: ["scsi0"],
    cpu: { cores: 4, sockets: 1, type: "host", numa: true },
    memory: { dedicated: 8192, floating: 0 },
    efi_disk: { pre_enrolled_keys: false, type: "4m" },
    disk: [
      { interface: "scsi0", size: 10, iothread: true, import_from: expect.stringMatching(/^\$\{.*\.id\}$/) },
    ],
    agent: { enabled: false, wait_for_ip: { disabled: true } },
    migrate: true,
    reboot_after_update: false,
    stop_on_destroy: true,
    delete_unreferenced_disks_on_destroy: false,
    tags: '${local.vm_id_answers["cp-1"].tags}',
    lifecycle: {
      precondition: [
        {
          condition: '${local.vm_id_answers["cp-1"].refusal == ""}',
          error_message: '${local.vm_id_answers["cp-1"].refusal}',
        },
      ],
      prevent_destroy: true,
      ignore_changes: expect.arrayContaining(["started", "disk[0].import_from", "disk[0].interface"]),
    },
  });
});

const ignored = (props: Partial<TalosVmProps> = {}, options: Options = {}) =>
  (vm(props, options).lifecycle as { ignore_changes: string[] }).ignore_changes;

describe("a VM that exists", () => {
  test("keeps everything that no prop is for, and each attribute of which a plan has nothing to say", () => {
    const { attributes, block_types } = pinnedVm;
    const optional = Object.entries(attributes).flatMap(([name, { optional }]) => (optional ? [name] : []));
    const named = new Set(ignored().map((path) => path.split("[")[0]));
    const decided = [
      // Settings of the provider, which no VM has.
      ...["delete_unreferenced_disks_on_destroy", "id", "migrate", "purge_on_destroy", "reboot"],
      ...[
        "reboot_after_update",
        "stop_on_destroy",
        ...optional.filter((name) => name.startsWith("timeout_")),
      ],
      // What a VM is, and what is left to Proxmox as long as we say nothing.
      ...["clone", "hotplug", "mac_addresses", "name", "tags", "template", "vm_id"],
      // The content of the drive goes with the image.
      "cdrom",
    ];
    expect([...named, ...decided].sort()).toEqual([...optional, ...Object.keys(block_types)].sort());
  });

  test.each<[Partial<TalosVmProps>, string]>([
    [{ cores: 2 }, "cpu[0].cores"],
    [{ memoryMiB: 2048 }, "memory[0].dedicated"],
    [{ balloonMiB: 0 }, "memory[0].floating"],
    [{ bios: "ovmf" }, "bios"],
    [{ osType: "l26" }, "operating_system"],
    [{ agent: true }, "agent"],
    [{ tpm: true }, "tpm_state"],
    [{ pciDevices: [] }, "hostpci"],
    [{ pool: "talos" }, "pool_id"],
    [{ protection: false }, "protection"],
    [{ startup: { order: 1 } }, "startup"],
    [{ address: { cidr: "10.20.1.11/22", gateway: "10.20.0.1" } }, "initialization"],
    [{ disks: [{ storage: "ssd", sizeGiB: 10, discard: true }] }, "disk[0].discard"],
    [{ networkInterfaces: [{ vlan: 7 }] }, "network_device[0].vlan_id"],
  ])("gets %j, but keeps it if the prop is left out or for new VMs alone", (props, attribute) => {
    expect(ignored(props)).not.toContain(attribute);
    expect(ignored()).toContain(attribute);
    const [name = ""] = Object.keys(props);
    const list = props[name as "disks"];
    const ofNew =
      Array.isArray(list) && list.length > 0
        ? { [name]: list.map((each) => ({ ...each, onlyForNew: ["discard", "vlan"] })) }
        : { ...props, onlyForNew: [name] };
    expect(ignored(ofNew as Partial<TalosVmProps>)).toContain(attribute);
  });

  test("the guard of plans knows each attribute that a disk keeps; a data disk always has a size", () => {
    const disk = { storage: "local-lvm", sizeGiB: 10, onlyForNew: ["storage"] } as const;
    const kept = ignored({ disks: [disk, { ...disk, slot: 1 }] }).filter((path) =>
      path.startsWith("disk[1]."),
    );
    expect(kept.sort()).toEqual(
      Object.keys(LEFT_ALONE)
        .map((name) => `disk[1].${name}`)
        .sort(),
    );
  });

  test("keeps the parts of a startup that are left out, and a TPM of any version", () => {
    expect(ignored({ startup: { order: 1 } })).toEqual(
      expect.arrayContaining(["startup[0].up_delay", "startup[0].down_delay"]),
    );
    expect(ignored({ tpm: true })).toContain("tpm_state[0].version");
  });

  test("keeps all its disks and NICs while it is adopted, and says where they differ", () => {
    const adoptFrom = 'proxmox_virtual_environment_vm.node["cp-1"]';
    expect(ignored({ adoptFrom })).toEqual(expect.arrayContaining(["disk", "network_device"]));
    expect(ignored({ adoptFrom }).filter((path) => /^(disk|network_device)\[/.test(path))).toEqual([]);
    const template = synth((stack) => {
      new TalosVm(stack, "cp-1", {
        vmId: 100,
        host: "pve1",
        image: image(stack),
        disks: [{ storage: "local-lvm", sizeGiB: 10 }],
        networkInterfaces: [{ vlan: 7 }],
        adoptFrom,
      });
    });
    const { check } = template as unknown as { check: Record<string, unknown> };
    expect(JSON.stringify(check["devices_of_cp-1"])).toContain("net0 VLAN");
  });
});

describe("an ISO that is taken out", () => {
  const iso = { image: { format: "iso" } } as const;
  test("leaves the drive, which a plan would otherwise want back, and needs a VM that exists", () => {
    const made = vm({ ejectIso: true }, iso);
    expect(made).toMatchObject({
      cdrom: { file_id: "none", interface: "ide2" },
      boot_order: ["scsi0", "ide2"],
      lifecycle: { ignore_changes: expect.not.arrayContaining(["cdrom"]) },
    });
    expect(guarded({ ejectIso: true }, iso)).toMatchObject({ must_exist: true });
    expect(guarded({}, iso)).toMatchObject({ must_exist: false });
  });

  test("is back in a VM that may be replaced, since its successor boots from it", () => {
    const made = vm({ ejectIso: true, allowReplace: true }, iso);
    expect(made).toMatchObject({
      cdrom: { file_id: expect.stringContaining("proxmox_download_file.image") },
    });
    expect(guarded({ ejectIso: true, allowReplace: true }, iso)).toMatchObject({ must_exist: false });
  });

  test("is refused with a disk image, which leaves none behind", () => {
    expect(() => vm({ ejectIso: true })).toThrow('VM "cp-1": ejectIso true needs an image of format iso');
  });
});

test.each([
  ["iso", "cdrom"],
  ["disk-image", "disk[0].import_from"],
] as const)("an image that is left as it is (%s) is neither referred to nor exchanged", (format, ignored) => {
  const made = vm({}, { image: { format, leftAsIs: true } });
  expect(made).toMatchObject({ lifecycle: { ignore_changes: expect.arrayContaining([ignored]) } });
  expect(JSON.stringify(made)).not.toContain("proxmox_download_file");
});

test("an ISO stays in the drive and its first disk is empty", () => {
  const booted = vm({}, { image: { format: "iso" } });
  expect(booted).toMatchObject({ boot_order: ["scsi0", "ide2"], cdrom: { interface: "ide2" } });
  expect(booted).toMatchObject({
    lifecycle: { ignore_changes: expect.arrayContaining(["disk[0].interface"]) },
  });
  expect(JSON.stringify(booted)).not.toContain("import_from");
});

test("the first disk on virtio, as a VM was made elsewhere, starts the VM and has no SSD flag", () => {
  const disks = [
    { storage: "ssd", sizeGiB: 10 },
    { storage: "ssd", sizeGiB: 5, ssd: true },
  ] as const;
  const made = vm({ diskInterface: "virtio", disks }, { image: { format: "iso" } });
  expect(made).toMatchObject({
    boot_order: ["virtio0", "ide2"],
    disk: [{ interface: "virtio0" }, { interface: "scsi1", ssd: true }],
  });
  expect((made.disk as object[])[0]).not.toHaveProperty("ssd");
});

test("Secure Boot brings a TPM unless told otherwise", () => {
  expect(vm({}, { image: { secureBoot: true } })).toMatchObject({ tpm_state: { version: "v2.0" } });
  expect(vm({ tpm: false }, { image: { secureBoot: true } })).not.toHaveProperty("tpm_state");
  expect(vm()).not.toHaveProperty("tpm_state");
});

test.each([
  ["10.20.1.11/22", "10.20.0.1", "ipv4"],
  ["fd00::11/64", "fd00::1", "ipv6"],
])("address %s goes to the nocloud drive", (cidr, gateway, family) => {
  expect(vm({ address: { cidr, gateway, dnsServers: ["1.1.1.1"] } }).initialization).toMatchObject({
    type: "nocloud",
    dns: { servers: ["1.1.1.1"] },
    ip_config: [{ [family]: { address: cidr, gateway } }],
  });
});

test("network interfaces have every key, MAC addresses the case that was given", () => {
  const unset = { enabled: null, mtu: null, queues: null, rate_limit: null, trunks: null };
  expect(
    vm({ networkInterfaces: [{ macAddress: "bc:24:11:0a:00:01", vlan: 7 }, { bridge: "vmbr1" }] }),
  ).toMatchObject({
    network_device: [
      { ...unset, bridge: "vmbr0", mac_address: "bc:24:11:0a:00:01", vlan_id: 7 },
      { ...unset, bridge: "vmbr1", mac_address: null, vlan_id: null },
    ],
  });
});

test("what is not named is left to Proxmox; what is named is set, an empty list too", () => {
  const ignored = (props: Partial<TalosVmProps>) =>
    (vm(props).lifecycle as { ignore_changes: string[] }).ignore_changes;
  expect(ignored({ networkInterfaces: [{}, {}] })).toEqual(
    expect.arrayContaining(["hostpci", "usb", "network_device[0].firewall", "network_device[1].firewall"]),
  );
  const named = { pciDevices: [], usbDevices: [], networkInterfaces: [{ firewall: false }] } as const;
  expect(ignored(named).filter((each) => /hostpci|usb|firewall/.test(each))).toEqual([]);
  expect(
    vm({ usbDevices: [{ mapping: "zigbee" }], networkInterfaces: [{ firewall: true }, {}] }),
  ).toMatchObject({
    usb: [{ mapping: "zigbee", usb3: false }],
    network_device: [{ firewall: true }, { firewall: false }],
  });
});

test("a protected VM may not be destroyed or replaced, whatever is allowed, and says what to do", () => {
  expect(vm({ protection: true })).toMatchObject({
    timeout_stop_vm: 0,
    lifecycle: { prevent_destroy: true },
  });
  expect(vm()).not.toHaveProperty("timeout_stop_vm");
  expect(vm({ protection: true, rebootAfterUpdate: true })).not.toHaveProperty("timeout_stop_vm");

  const allowed = (props: Partial<TalosVmProps>) => {
    const warnings: unknown[] = [];
    const template = synth((stack) => {
      const { node } = new TalosVm(stack, "cp-1", {
        vmId: 100,
        host: "pve1",
        image: image(stack),
        disks: [{ storage: "local-lvm", sizeGiB: 10 }],
        networkInterfaces: [{}],
        allowReplace: true,
        ...props,
      });
      warnings.push(...node.metadata.map(({ data }) => data));
    });
    expect(template.resource.proxmox_virtual_environment_vm?.["cp-1"]).toMatchObject({
      lifecycle: { prevent_destroy: props.protection ?? false },
    });
    return warnings;
  };
  expect(allowed({})).toEqual([]);
  expect(allowed({ protection: true })).toEqual([
    'VM "cp-1" is protected, so a plan that destroys or replaces it is refused. to do so, set protection: false, deploy, and try again',
  ]);
});

test("a new VM has the tags that are named and ours, and one that exists keeps its own beside them", () => {
  const tags = ["zone-b", "talos", "kubernetes"];
  const named = ["kubernetes", "talos", "zone-b"];
  expect(guarded({ tags })).toMatchObject({ tags: named, tags_of_existing: named });
  expect(guarded({ tags, onlyForNew: ["tags"] })).toMatchObject({ tags: named, tags_of_existing: ["talos"] });
});

test("a name that starts with a digit is still an address", () => {
  const template = synth((stack) => {
    new TalosVm(stack, "1st", {
      vmId: 100,
      host: "pve1",
      image: image(stack),
      disks: [{ storage: "ssd", sizeGiB: 10 }],
      networkInterfaces: [{}],
    });
  });
  expect(Object.keys(template.resource.proxmox_virtual_environment_vm ?? {})).toEqual(["_1st"]);
});

test("without a VM id guard of the stack it has one of its own", () => {
  expect(guarded({ renamedFrom: "old" })).toMatchObject({ vm_id: 100, names: ["cp-1", "old"] });
});

test.each<[Partial<TalosVmProps>, Options, string]>([
  [{}, { id: "CP_1" }, 'VM "CP_1": name "CP_1" is not an RFC 1123 name'],
  [{ vmId: 99 }, {}, 'VM "cp-1": vmId 99 is not a whole number from 100 to 999999999'],
  [{ memoryMiB: 1023 }, {}, "memoryMiB 1023 is not a whole number from 1024"],
  [{ cores: 1.5 }, {}, "cores 1.5 is not a whole number"],
  [{ disks: [{ storage: "ssd", sizeGiB: 9 }] }, {}, "disks[0].sizeGiB 9 is not a whole number from 10"],
  [
    { networkInterfaces: [{ vlan: 4095 }] },
    {},
    "networkInterfaces[0].vlan 4095 is not a whole number from 1 to 4094",
  ],
  [{ networkInterfaces: [{}, { mtu: 500 }] }, {}, "networkInterfaces[1].mtu 500"],
  [{ networkInterfaces: [{ queues: 65 }] }, {}, "networkInterfaces[0].queues 65"],
  [
    {
      disks: [
        { storage: "ssd", sizeGiB: 10 },
        { storage: "ssd", sizeGiB: 5, slot: 2 },
        { storage: "ssd", sizeGiB: 5 },
      ],
    },
    {},
    "slot 2 is used twice; give each disk its own",
  ],
  [
    { disks: [{ storage: "ssd", sizeGiB: 10, slot: 1 }] },
    {},
    "disks[0].slot 1 is not a whole number from 0 to 0",
  ],
  [{ tags: ["Rack"] }, {}, 'tag "Rack" is not a Proxmox tag'],
  [
    { usbDevices: [{ mapping: "1-2" }] },
    {},
    'usbDevices[0].mapping "1-2" is not the name of a resource mapping',
  ],
  [
    { usbDevices: Array.from("abcde", (letter) => ({ mapping: `usb-${letter}` })) },
    {},
    "5 USB devices are too many; the provider takes at most 4",
  ],
  [
    { usbDevices: [{ mapping: "zigbee" }, { mapping: "zigbee" }] },
    {},
    "mapping zigbee is used twice; a mapping has one USB device for each host",
  ],
  [{ bios: "seabios" }, { image: { secureBoot: true } }, "Secure Boot needs bios ovmf"],
  [
    {},
    { image: { talosVersion: "1.13" } },
    'talosVersion "1.13" is not a Talos release; write it like v1.13.0',
  ],
  [
    {},
    { image: { secureBoot: true, schematic: { bootloader: "grub" } } },
    'image "image": no Secure Boot image exists for this schematic: bootloader "grub" is not signed',
  ],
])("refuses %j %j", (props, options, message) => {
  expect(() => vm(props, options)).toThrow(message);
});

test("the checks of a VM read it twice, because OpenTofu decodes it again for each `self` that it finds", () => {
  const nics = ["bc:24:11:00:00:01", "bc:24:11:00:00:02"].map((macAddress) => ({ macAddress }));
  const { lifecycle } = vm({ networkInterfaces: [nics[0] ?? {}, nics[1] ?? {}] });
  expect(JSON.stringify(lifecycle).match(/\bself\b/g)).toHaveLength(2);
});
