import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { inventoryOf } from "../../ansible/inventory";
import { loadCluster } from "../../config";
import { append, edit, parse, replace, WITH_AGENT } from "../config/support/cluster";
import { ROOT, startProgram } from "../support/running-program";

const inventory = (text: string) => inventoryOf(parse(text).config, "talos").all;
/** The variables of worker-1, the last node of the file. */
const worker = (...lines: readonly string[]) => {
  const { hosts } = inventory(edit(append(...lines))).children.workers;
  const { "worker-1": variables } = hosts;
  if (variables === undefined) throw new Error("the inventory has no worker-1");
  return variables as typeof variables & { readonly vm: Readonly<Record<string, unknown>> };
};

test("the command prints it, and names on the other stream what the playbooks leave out", async () => {
  const clusterFile = join(ROOT, "examples/six-nodes/cluster.yaml");
  const env = { ...process.env, CLUSTER_CONFIG: clusterFile, STATE_BACKEND: "local" };
  const { ended, lines, said } = startProgram("cli/config.ts", ["inventory"], { env });
  expect(await ended).toBe(0);
  const nodesFile = join(ROOT, "examples/six-nodes/nodes.yaml");
  const { config } = loadCluster({ clusterFile, nodesFile, env: { STATE_BACKEND: "local" } });
  expect(JSON.parse(lines().join("\n"))).toEqual(JSON.parse(JSON.stringify(inventoryOf(config, "talos"))));
  expect(said()).toContain(
    "left to npm run deploy, since the playbooks make VMs only: talos: machine configs",
  );
});

test("each role is a group, and an image on shared storage is downloaded by one host", () => {
  const { vars, children } = inventory(
    edit(
      replace(
        "proxmox_node: pve1",
        "proxmox_node: pve1\nproxmox_iso_storage: nfs\nproxmox_shared_storages: [nfs]",
      ),
      append("    proxmox_node: pve2"),
    ),
  );
  expect(vars).toEqual({
    cluster_name: "talos",
    proxmox_api_url: "https://pve.example.com:8006",
    proxmox_insecure: false,
    tag_required: true,
  });
  expect(Object.keys(children.control_planes.hosts)).toEqual(["cp-1", "cp-2", "cp-3"]);
  expect(children.workers.hosts["worker-1"]).toMatchObject({ proxmox_host: "pve2", image: { node: "pve1" } });
  const local = worker("    proxmox_node: pve2").image;
  expect(local).toMatchObject({ node: "pve2", storage: "local", content_type: "iso" });
});

describe("a new VM", () => {
  test("boots from an ISO, and has an address of its own where Talos is configured", () => {
    const image = `local:iso/talos-v1.13.0-${WITH_AGENT.slice(0, 12)}-nocloud-amd64.iso,media=cdrom`;
    expect(worker().vm).toMatchObject({
      boot: "order=scsi0;ide2",
      ide: { ide2: image },
      ipconfig: undefined,
    });
    expect(worker("talos: { kubernetes_version: v1.35.2 }").vm).toMatchObject({
      ide: { ide2: image, ide0: "local-lvm:cloudinit" },
      citype: "nocloud",
      ipconfig: { ipconfig0: "ip=10.0.0.21/24,gw=10.0.0.1" },
    });
  });

  test("boots from a disk that is imported, and grown after that", () => {
    const { vm, imported } = worker("    vm_disk_size: 80", "boot_mode: disk-image");
    const image = `local:import/talos-v1.13.0-${WITH_AGENT.slice(0, 12)}-nocloud-amd64.qcow2`;
    expect(vm).toMatchObject({
      boot: "order=scsi0",
      scsi: { scsi0: `local-lvm:0,import-from=${image},discard=on,ssd=1,backup=0,replicate=0` },
      ide: { ide2: "local-lvm:cloudinit" },
    });
    expect(imported).toEqual({ disk: "scsi0", size: "80G" });
  });

  test("has every device of its node", () => {
    const { vm } = worker(
      "    tpm: true",
      "    firewall: false",
      "    pool: talos",
      '    networks: [{ mac_addr: "bc:24:11:00:00:07", vlan: 7, bridge: vmbr1 }]',
      "    data_disks: [{ slot: 3, size: 10, storage: ceph, serial: data }]",
      "    pci: [{ mapping: gpu }]",
      "    usb: [{ mapping: stick }]",
      "    vm_shutdown_delay: 9",
      "proxmox_firewall: { cni: flannel }",
      "proxmox_vm_advanced: { bios: seabios, scsi_hw: virtio-scsi-single }",
    );
    expect(vm).toMatchObject({
      efidisk0: undefined,
      tpmstate0: { storage: "local-lvm", version: "2.0" },
      pool: "talos",
      startup: "down=9",
      agent: "enabled=1,fstrim_cloned_disks=0,type=virtio",
      scsi: { scsi3: "ceph:10,discard=on,ssd=1,backup=0,replicate=0,serial=data,iothread=1" },
      net: {
        net0: "virtio,bridge=vmbr0,queues=4,firewall=0",
        net1: "virtio=bc:24:11:00:00:07,bridge=vmbr1,tag=7,queues=4",
      },
      hostpci: { hostpci0: "mapping=gpu,pcie=1,rombar=1" },
      usb: { usb0: "mapping=stick,usb3=0" },
      tags: ["kubernetes", "linux", "talos"],
    });
    expect(worker("proxmox_firewall: { cni: flannel }").vm).toMatchObject({
      net: { net0: "virtio,bridge=vmbr0,queues=4,firewall=1" },
    });
  });
});

test("what is wanted of a VM is what the files name, and nothing of its devices while it is adopted", () => {
  const lines = [
    "    vm_cores: 6",
    "    protection: true",
    "    tags: [anna]",
    "    data_disks: [{ slot: 1, size: 9 }]",
  ];
  const { values, tags } = worker(...lines).wanted;
  expect(values).toEqual({
    name: "worker-1",
    host: "pve1",
    cores: "6",
    protection: "1",
    ide2: expect.stringMatching(/^local:iso\//),
    "scsi1.size": "9G",
  });
  expect(tags).toEqual(["anna", "talos"]);
  const adopted = worker(
    ...lines,
    "proxmox_eject_iso: true",
    "adopt: { vms: proxmox_virtual_environment_vm.none }",
  );
  expect(adopted).toMatchObject({ eject_iso: true, wanted: { values: { ide2: "none" } } });
  expect(adopted.wanted.values).not.toHaveProperty(["scsi1.size"]);
  expect(worker("proxmox_ha: true").wanted.values).not.toHaveProperty("host");
});

test("a VM is compared as Proxmox reads it: defaults, sizes, and MAC addresses in either case", () => {
  const cases: readonly (readonly [
    config: object,
    wanted: Record<string, string>,
    lines: readonly string[],
  ])[] = [
    [{ cpu: "x86-64-v3,flags=+aes" }, { cpu: "x86-64-v3" }, []],
    [{ cpu: "cputype=host" }, { cpu: "host" }, []],
    [{ agent: "1" }, { agent: "0" }, ["agent is 1, and 0 in cluster.yaml"]],
    [{ agent: "enabled=1,type=virtio" }, { agent: "1" }, []],
    [{ memory: "current=8192" }, { memory: "8192" }, []],
    [{}, { protection: "0", bios: "ovmf" }, ["bios is seabios, and ovmf in cluster.yaml"]],
    [
      { scsi0: "ceph:vm-1-disk-0,size=1T" },
      { "scsi0.size": "1024G", "scsi0.storage": "ceph", "scsi0.backup": "1" },
      [],
    ],
    [{ scsi0: "ceph:vm-1-disk-0,size=9G" }, { "scsi0.ssd": "1" }, ["scsi0.ssd is 0, and 1 in cluster.yaml"]],
    [{}, { "scsi1.size": "9G" }, ["scsi1.size is not set, and 9G in cluster.yaml"]],
    [
      { net0: "e1000=BC:24:11:00:00:07,bridge=vmbr0,tag=5" },
      { "net0.mac": "bc:24:11:00:00:07", "net0.tag": "5" },
      [],
    ],
    [{ ide2: "none,media=cdrom" }, { ide2: "none" }, []],
    [{ tpmstate0: "ceph:vm-1-disk-1,size=4M,version=v2.0" }, { "tpmstate0.version": "v2.0" }, []],
    [{}, { host: "pve2" }, ["host is pve1, and pve2 in cluster.yaml"]],
    [{}, { pool: "talos" }, ["pool is not set, and talos in cluster.yaml"]],
  ];
  const guests = cases.map(([config, values]) => [
    { config, node: "pve1", name: "cp-1", status: "running", tags: "a;talos" },
    { values, tags: ["talos"] },
  ]);
  const stopped = [
    { config: {}, node: "pve1", name: "cp-1", status: "stopped" },
    { values: {}, tags: ["talos"] },
  ];
  const script = `import json, sys
from vm_differences import vm_differences
print(json.dumps([vm_differences(*each) for each in json.load(sys.stdin)]))`;
  const { stdout, stderr } = spawnSync("python3", ["-B", "-c", script], {
    cwd: join(ROOT, "ansible/filter_plugins"),
    input: JSON.stringify([...guests, stopped, [{}, { values: {}, tags: [] }]]),
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual([
    ...cases.map(([, , lines]) => lines),
    ["tag talos is missing", "it is stopped"],
    ["there is no VM"],
  ]);
});
