import type { TerraformStack } from "cdktf";
import { TalosImage, type TalosImageProps } from "../../constructs/talos-image";
import { TalosVm } from "../../constructs/talos-vm";
import type { TalosVmProps } from "../../constructs/talos-vm-props";
import { synth } from "../support/synth";

const image = (stack: TerraformStack, more: Partial<TalosImageProps> = {}) =>
  new TalosImage(stack, "image", { host: "pve1", storage: "local", talosVersion: "v1.13.0", ...more });

interface Options {
  readonly id?: string;
  readonly image?: Partial<TalosImageProps>;
}

function vm(props: Partial<TalosVmProps> = {}, options: Options = {}) {
  const id = options.id ?? "cp-1";
  const template = synth((stack) => {
    new TalosVm(stack, id, {
      vmId: 100,
      host: "pve1",
      image: image(stack, options.image),
      disks: [{ storage: "local-lvm", sizeGiB: 10 }],
      networkInterfaces: [{}],
      ...props,
    });
  });
  return Object.values(template.resource.proxmox_virtual_environment_vm ?? {})[0] ?? {};
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
    tags: ["talos"],
    lifecycle: {
      prevent_destroy: true,
      ignore_changes: ["started", "disk[0].import_from", "disk[0].interface"],
    },
  });
});

describe("an ISO that is taken out", () => {
  const iso = { image: { format: "iso" } } as const;
  const conditions = (made: Record<string, unknown>) =>
    (made.lifecycle as { precondition: { error_message: string }[] }).precondition.map(
      (each) => each.error_message,
    );

  test("leaves the drive, which a plan would otherwise want back, and needs a VM that exists", () => {
    const made = vm({ ejectIso: true }, iso);
    expect(made).toMatchObject({
      cdrom: { file_id: "none", interface: "ide2" },
      boot_order: ["scsi0", "ide2"],
      lifecycle: { ignore_changes: ["started", "disk[0].interface"] },
    });
    expect(conditions(made)).toContainEqual(expect.stringContaining("nothing to boot from without the ISO"));
    expect(conditions(vm({}, iso))).not.toContainEqual(expect.stringContaining("nothing to boot from"));
  });

  test("is back in a VM that may be replaced, since its successor boots from it", () => {
    const made = vm({ ejectIso: true, allowReplace: true }, iso);
    expect(made).toMatchObject({
      cdrom: { file_id: expect.stringContaining("proxmox_download_file.image") },
    });
    expect(conditions(made)).not.toContainEqual(expect.stringContaining("nothing to boot from"));
  });

  test("is refused with a disk image, which leaves none behind", () => {
    expect(() => vm({ ejectIso: true })).toThrow('VM "cp-1": ejectIso true needs an image of format iso');
  });
});

test.each([
  ["iso", ["started", "cdrom", "disk[0].interface"]],
  ["disk-image", ["started", "disk[0].import_from", "disk[0].interface"]],
] as const)("an image that is left as it is (%s) is neither referred to nor exchanged", (format, ignored) => {
  const made = vm({}, { image: { format, leftAsIs: true } });
  expect(made).toMatchObject({ lifecycle: { ignore_changes: ignored } });
  expect(JSON.stringify(made)).not.toContain("proxmox_download_file");
});

test("an ISO stays in the drive and its first disk is empty", () => {
  const booted = vm({}, { image: { format: "iso" } });
  expect(booted).toMatchObject({ boot_order: ["scsi0", "ide2"], cdrom: { interface: "ide2" } });
  expect(booted).toMatchObject({ lifecycle: { ignore_changes: ["started", "disk[0].interface"] } });
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

test("tags are sorted as Proxmox gives them back, and ours is among them once", () => {
  expect(vm({ tags: ["zone-b", "talos", "kubernetes"] }).tags).toEqual(["kubernetes", "talos", "zone-b"]);
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
  expect(JSON.stringify(vm().lifecycle)).toContain("vm_id 100 of node");
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
