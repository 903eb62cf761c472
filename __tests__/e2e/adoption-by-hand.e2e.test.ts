import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseCluster } from "../../config";
import { DISK_INTERFACES, type DiskInterface, FIRST_DEVICE } from "../../domain/disk";
import { PRIVILEGES } from "../../domain/proxmox-privileges";
import type { Guest } from "../../stand-ins/proxmox";
import { ApiClient } from "../stand-ins/proxmox/support/api-client";
import { Deployment } from "../support/deployment";
import { TofuProject } from "../support/tofu-project";

const INPUT = join(__dirname, "../config/field/adopt-default-startup");
const HOME_LAB = readFileSync(join(__dirname, "fixtures/home-lab.tf"), "utf8");

/** The files of the input, for a first disk on either bus. */
function files(bus: DiskInterface) {
  const read = (name: string) => readFileSync(join(INPUT, name), "utf8");
  const advanced = bus === "virtio" ? "proxmox_vm_advanced: { disk_interface: virtio }\n" : "";
  return {
    cluster: read("cluster.yaml") + advanced,
    nodes: read("nodes.yaml").replaceAll("/dev/sda", FIRST_DEVICE[bus]),
  };
}

function config(bus: DiskInterface, more = "") {
  const { cluster, nodes } = files(bus);
  return parseCluster({
    cluster: { file: "cluster.yaml", bytes: Buffer.from(cluster + more) },
    nodes: { file: "nodes.yaml", bytes: Buffer.from(nodes) },
    env: { STATE_BACKEND: "local" },
  }).config;
}

/** What somebody with root on the host can set, beside disks: everything that the provider has an attribute for. */
const BY_HAND = {
  acpi: 0,
  affinity: "0-3",
  agent: "enabled=1,fstrim_cloned_disks=1,freeze-fs-on-backup=0",
  args: "-no-hpet",
  audio0: "device=intel-hda,driver=spice",
  balloon: 1024,
  boot: "order=ROOT",
  cores: 6,
  cpu: "x86-64-v3,flags=+aes",
  cpulimit: 3,
  cpuunits: 512,
  description: "do not touch, Anna",
  hookscript: "local:snippets/hook.pl",
  hostpci0: "0000:01:00.0,pcie=1",
  hotplug: "network,disk",
  ide2: "none,media=cdrom",
  keyboard: "de",
  localtime: 1,
  machine: "pc-q35-9.2",
  memory: "12288",
  net1: "virtio=BC:24:11:AA:00:01,bridge=vmbr1,firewall=1,tag=9",
  numa0: "cpus=0-1,hostnodes=0,memory=1024,policy=preferred",
  onboot: 0,
  ostype: "other",
  protection: 1,
  rng0: "source=/dev/urandom",
  scsihw: "virtio-scsi-single",
  serial1: "socket",
  smbios1: "uuid=7b10dcd4-4d0a-4b39-a0a5-4a1e7f0d8f52,serial=QUJD,base64=1",
  startup: "order=9,up=1,down=2",
  tablet: 0,
  tags: "anna;prod",
  usb0: "host=1-1",
  vga: "qxl,memory=32",
  virtiofs0: "dirid=shared",
  watchdog: "model=i6300esb,action=reset",
};

/** Settings of the program itself, which no VM has. */
const NOT_OF_THE_VM = [
  "delete_unreferenced_disks_on_destroy",
  "migrate",
  "reboot_after_update",
  "stop_on_destroy",
];

async function setByHand(deployment: Deployment, bus: DiskInterface, vmid: number): Promise<void> {
  const { control, proxmox } = deployment;
  const guest = (await deployment.guests()).get(vmid);
  const admin = new ApiClient(proxmox);
  const vm = `/nodes/${guest?.node}/qemu/${vmid}/config`;
  await admin.ok(admin.put(vm, { scsi1: "local-lvm:5", ide0: "local-lvm:cloudinit", ciuser: "anna" }));
  await control.changeGuest(vmid, {
    config: {
      ...BY_HAND,
      boot: BY_HAND.boot.replace("ROOT", `${bus}0`),
      net0: `${guest?.config.net0},firewall=1,rate=10`,
      [`${bus}0`]: `${guest?.config[`${bus}0`]},cache=writeback,aio=threads,mbps_rd=100`,
    },
  });
}

/** A token with the privileges of `proxmox-access` for the new files, and no more. */
async function leastToken(deployment: Deployment): Promise<string> {
  const admin = new ApiClient(deployment.proxmox);
  await admin.ok(admin.post("/access/roles", { roleid: "Provisioner", privs: PRIVILEGES.join(",") }));
  await admin.ok(admin.post("/access/users", { userid: "cdktf@pve" }));
  const { value } = await admin.ok(admin.post("/access/users/cdktf@pve/token/talos", { privsep: 0 }));
  await admin.ok(admin.put("/access/acl", { path: "/", roles: "Provisioner", users: "cdktf@pve" }));
  return `cdktf@pve!talos=${value}`;
}

async function grant({ proxmox }: Deployment, privileges: readonly string[]): Promise<void> {
  const admin = new ApiClient(proxmox);
  await admin.ok(admin.put("/access/roles/Provisioner", { privs: privileges.join(",") }));
}

interface Change {
  readonly address: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before: Record<string, unknown> | null;
    readonly after: Record<string, unknown> | null;
    readonly after_unknown: Record<string, unknown>;
  };
}

/** For each resource, what of it a plan would change. */
async function plannedChanges(project: TofuProject): Promise<Record<string, string[]>> {
  const { exitCode, output } = await project.plan();
  if (exitCode === 1) throw new Error(output);
  const { resource_changes } = JSON.parse((await project.ok("show", "-json", project.planFile)).output) as {
    resource_changes: readonly Change[];
  };
  const attributes = ({ actions, before, after, after_unknown }: Change["change"]) => {
    if (actions.join() !== "update") return [actions.join()];
    return Object.keys({ ...before, ...after, ...after_unknown }).filter(
      (key) => after_unknown[key] === true || JSON.stringify(before?.[key]) !== JSON.stringify(after?.[key]),
    );
  };
  const changed = resource_changes.filter(({ change }) => change.actions.join() !== "no-op");
  return Object.fromEntries(changed.map(({ address, change }) => [address, attributes(change).sort()]));
}

const withTag = (guest: Guest) => {
  const tags = [...String(guest.config.tags).split(";"), "talos"];
  return { ...guest, config: { ...guest.config, tags: [...new Set(tags)].sort().join(";") } };
};

test.each(DISK_INTERFACES)(
  "adoption on %s changes nothing but the tag of ours, whatever was set by hand, and needs no right for it",
  async (bus) => {
    const deployment = await Deployment.start();
    const { project, control } = deployment;
    const homeLab = new TofuProject(deployment.env);
    try {
      const { cluster, nodes } = files(bus);
      writeFileSync(join(homeLab.folder, "cluster.yaml"), cluster);
      writeFileSync(join(homeLab.folder, "nodes.yaml"), nodes);
      const onBus = HOME_LAB.replaceAll('"scsi0"', `"${bus}0"`);
      writeFileSync(
        join(homeLab.folder, "home-lab.tf"),
        bus === "scsi" ? onBus : onBus.replace(/ssd +=.*/, ""),
      );
      await homeLab.ok("init");
      await homeLab.ok("apply", "-auto-approve");
      await setByHand(deployment, bus, 7001);
      for (const vmid of [7001, 7011]) await control.changeGuest(vmid, { agentAddresses: ["10.20.1.9/22"] });
      const before = await control.listGuests();
      const volumes = await control.listVolumes();

      deployment.env.PROXMOX_VE_API_TOKEN = await leastToken(deployment);
      copyFileSync(join(homeLab.folder, "terraform.tfstate"), project.stateFile);
      deployment.write({ ...config(bus), state: { backend: "local", encryption: OFF } });
      await project.ok("init");
      const planned = await plannedChanges(project);
      const { "proxmox_virtual_environment_vm.cp-1": first, ...others } = planned;
      expect(first?.filter((each) => !NOT_OF_THE_VM.includes(each))).toEqual(["tags"]);
      expect(Object.keys(others)).toEqual([
        expect.stringContaining("proxmox_download_file."),
        "proxmox_virtual_environment_vm.worker-1",
      ]);

      await project.ok("apply", project.planFile);
      expect(await control.listGuests()).toEqual(before.map(withTag));
      expect(await control.listVolumes()).toEqual(volumes);
      expect(await plannedChanges(project)).toEqual({});

      const more = await project.plan();
      expect(more.said).toContain(
        `disks or NICs of "cp-1" are not as in the files: net1 is not in them. they are left as they are while adopt.vms is set`,
      );
      // The agent of an adopted VM is left alone, so the provider asks it as it did before.
      expect(more.said).not.toContain("QEMU agent");
      await grant(
        deployment,
        PRIVILEGES.filter((each) => each !== "VM.GuestAgent.Audit"),
      );
      expect((await project.plan()).said).toContain("waiting for network interfaces from QEMU agent");
    } finally {
      homeLab.remove();
      await deployment.stop();
    }
  },
);

const OFF = { provider: "off", reason: "the state of the old program is in plain text" } as const;
