import { type RunningProxmox, startProxmox } from "../../../stand-ins/proxmox";
import { ApiClient, type Form } from "./support/api-client";

let proxmox: RunningProxmox;
let api: ApiClient;

beforeEach(async () => {
  proxmox = await startProxmox();
  api = new ApiClient(proxmox);
});
afterEach(() => proxmox.stop());

const create = (form: Form, node = "pve1") => api.post(`/nodes/${node}/qemu`, form);
const vm = (vmid: number, node = "pve1") => `/nodes/${node}/qemu/${vmid}`;
const config = async (vmid: number, query: Form = {}, node = "pve1") =>
  api.ok(api.get(`${vm(vmid, node)}/config`, query));
const volumes = async () => (await proxmox.control.listVolumes()).map(({ id }) => id).sort();
const download = (form: Form = {}) =>
  api.task(
    api.post("/nodes/pve1/storage/nfs/download-url", {
      url: "https://images.example/talos.qcow2",
      content: "import",
      filename: "talos.qcow2",
      ...form,
    }),
  );

describe("creation", () => {
  test("minimal", async () => {
    expect(await api.task(create({ vmid: 100 }))).toBe("OK");
    expect(await config(100)).toEqual({
      boot: " ",
      digest: expect.stringMatching(/^[0-9a-f]{40}$/),
      meta: expect.stringMatching(/^creation-qemu=[\d.]+,ctime=\d+$/),
      smbios1: expect.stringMatching(/^uuid=[0-9a-f-]{36}$/),
      vmgenid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test("disks get Proxmox' names and sizes, on files and on blocks", async () => {
    await api.task(
      create({
        vmid: 201,
        bios: "ovmf",
        efidisk0: "local-lvm:1,efitype=4m,pre-enrolled-keys=0,format=raw",
        tpmstate0: "ceph:1,version=v2.0",
        scsi0: "file=local-lvm:20,iothread=1,discard=on,",
        scsi1: "nfs:8,format=qcow2",
        ide2: "nfs:cloudinit",
        ide0: "none,media=cdrom",
      }),
    );
    expect(await config(201)).toMatchObject({
      efidisk0: "local-lvm:vm-201-disk-0,efitype=4m,pre-enrolled-keys=0,size=4M",
      ide0: "none,media=cdrom",
      ide2: "nfs:201/vm-201-cloudinit.qcow2,media=cdrom",
      scsi0: "local-lvm:vm-201-disk-1,discard=on,iothread=1,size=20G",
      scsi1: "nfs:201/vm-201-disk-0.qcow2,size=8G",
      tpmstate0: "ceph:vm-201-disk-0,size=4M,version=v2.0",
    });
    expect(await volumes()).toEqual([
      "ceph:vm-201-disk-0",
      "local-lvm:vm-201-disk-0",
      "local-lvm:vm-201-disk-1",
      "nfs:201/vm-201-cloudinit.qcow2",
      "nfs:201/vm-201-disk-0.qcow2",
    ]);
  });

  test("integers stay integers, memory is text, tags are sorted, a NIC gets an address", async () => {
    const form = {
      vmid: 100,
      cores: 4,
      memory: 2048,
      onboot: 1,
      tags: "talos,A,talos",
      net0: "virtio,bridge=vmbr0",
    };
    await api.task(create({ ...form, net1: "model=virtio,macaddr=bc:24:11:00:00:01,tag=5" }));
    expect(await config(100)).toMatchObject({
      cores: 4,
      memory: "2048",
      onboot: 1,
      tags: "a;talos",
      net0: expect.stringMatching(/^virtio=BC:24:11(:[0-9A-F]{2}){3},bridge=vmbr0$/),
      net1: "virtio=bc:24:11:00:00:01,tag=5",
    });
  });

  test("a copy of an image needs the image, and gets its size", async () => {
    const disk = { vmid: 100, scsi0: "ceph:0,import-from=nfs:import/talos.qcow2" };
    expect(await api.task(create(disk))).toBe(
      "unable to create VM 100 - cannot import from 'nfs:import/talos.qcow2' - volume 'nfs:import/talos.qcow2' does not exist",
    );
    expect(await proxmox.control.listGuests()).toEqual([]);
    expect(await download()).toBe("OK");
    expect(await api.task(create(disk))).toBe("OK");
    expect((await config(100)).scsi0).toBe("ceph:vm-100-disk-0,size=1246M");
  });

  test.each<[string, Form, number, string]>([
    ["an unknown parameter", { bogus: 1 }, 400, "bogus"],
    ["no number", { cores: "four" }, 400, "cores"],
    ["a number out of range", { cores: 0 }, 400, "cores"],
    ["a value that is not among the known", { bios: "efi" }, 400, "bios"],
    ["a storage without disks", { scsi0: "local:10" }, 400, "storage"],
    ["an ISO as a disk", { scsi0: "nfs:iso/talos.iso" }, 400, "scsi0"],
    ["a copy into a disk of a size", { scsi0: "ceph:10,import-from=nfs:import/talos.qcow2" }, 400, "scsi0"],
  ])("%s is refused", async (_, form, status, parameter) => {
    const answer = await create({ vmid: 100, ...form });
    expect(answer.status).toBe(status);
    expect(Object.keys(answer.errors ?? {})).toEqual([parameter]);
    expect(await proxmox.control.listGuests()).toEqual([]);
  });

  test.each<[string, Form, string]>([
    ["a format that the storage lacks", { scsi0: "ceph:10,format=qcow2" }, "unsupported format 'qcow2'"],
    [
      "a volume that is not there",
      { ide2: "nfs:iso/no.iso,media=cdrom" },
      "volume 'nfs:iso/no.iso' does not exist",
    ],
    [
      "two cloud-init drives",
      { ide2: "ceph:cloudinit", ide0: "nfs:cloudinit" },
      "ide2 - cloud-init drive is already attached at 'ide0'",
    ],
  ])("%s fails the task and leaves nothing", async (_, form, text) => {
    const exit = await api.task(create({ vmid: 100, scsi1: "ceph:1", ...form }));
    expect(exit).toBe(`unable to create VM 100 - ${text}`);
    expect(await proxmox.control.listGuests()).toEqual([]);
    expect(await volumes()).toEqual([]);
  });

  test("an id is unique in the cluster, containers included", async () => {
    await proxmox.control.addForeignGuest({ vmid: 750, node: "pve2", type: "lxc" });
    await proxmox.control.addForeignGuest({ vmid: 751, node: "pve3" });
    expect(await create({ vmid: 750 })).toMatchObject({
      status: 500,
      reason: "unable to create VM 750 - CT 750 already exists on node 'pve2'",
    });
    expect((await create({ vmid: 751 })).reason).toBe(
      "unable to create VM 751 - VM 751 already exists on node 'pve3'",
    );
    expect((await api.get("/cluster/nextid", { vmid: 750 })).reason).toBe("VM 750 already exists");
    expect(await api.ok(api.get("/cluster/nextid"))).toBe("100");
    expect(await api.ok(api.get("/nodes/pve2/lxc"))).toMatchObject([{ vmid: 750, status: "running" }]);
  });

  test("balloon above memory", async () => {
    expect((await create({ vmid: 100, memory: 1024, balloon: 2048 })).reason).toMatch(
      /balloon value too large/,
    );
  });
});

describe("changes", () => {
  beforeEach(async () => {
    const form = { vmid: 100, cores: 2, memory: 2048, balloon: 0, scsi0: "ceph:10", tags: "talos" };
    await api.task(create({ ...form, net0: "virtio=BC:24:11:00:00:01,bridge=vmbr0", boot: "order=scsi0" }));
  });
  const start = () => api.task(api.post(`${vm(100)}/status/start`));
  const stop = () => api.task(api.post(`${vm(100)}/status/stop`));
  const update = (form: Form) => api.ok(api.put(`${vm(100)}/config`, form));

  test("memory and cores of a running VM wait for its next start", async () => {
    await start();
    await update({ memory: 4096, cores: 4, tags: "z,a" });
    expect(await config(100)).toMatchObject({ memory: "4096", cores: 4, tags: "a;z" });
    expect(await config(100, { current: 1 })).toMatchObject({ memory: "2048", cores: 2, tags: "a;z" });
    const pending = await api.ok(api.get(`${vm(100)}/pending`));
    expect(pending).toContainEqual({ key: "cores", value: 2, pending: 4 });
    expect((await api.ok(api.get(`${vm(100)}/status/current`))).maxmem).toBe(2 ** 31);
    await api.task(api.post(`${vm(100)}/status/reboot`));
    expect(await config(100, { current: 1 })).toMatchObject({ memory: "4096", cores: 4 });
    expect((await api.ok(api.get(`${vm(100)}/status/current`))).maxmem).toBe(2 ** 32);
  });

  test("all changes of a stopped VM take effect at once", async () => {
    await update({ cores: 8 });
    expect(await config(100, { current: 1 })).toMatchObject({ cores: 8 });
  });

  test("disks and NICs are hotplugged, a disk on IDE is not", async () => {
    await start();
    await update({ scsi1: "ceph:5", net1: "virtio,bridge=vmbr1", ide0: "ceph:1" });
    const current = await config(100, { current: 1 });
    expect(current).toMatchObject({ scsi1: "ceph:vm-100-disk-2,size=5G" });
    expect(current.net1).toMatch(/bridge=vmbr1$/);
    expect(current.ide0).toBeUndefined();
    expect((await config(100)).ide0).toBe("ceph:vm-100-disk-1,size=1G");
    await stop();
    await start();
    expect((await config(100, { current: 1 })).ide0).toBe("ceph:vm-100-disk-1,size=1G");
  });

  test("a removed disk is kept as unused, until the unused disk is removed too", async () => {
    await update({ scsi1: "ceph:5" });
    await update({ delete: "scsi1,net0" });
    const after = await config(100);
    expect(after).toMatchObject({ unused0: "ceph:vm-100-disk-1" });
    expect(after.scsi1 ?? after.net0).toBeUndefined();
    await update({ delete: "unused0" });
    expect(await volumes()).toEqual(["ceph:vm-100-disk-0"]);
  });

  test("removing the boot disk removes it from the boot order", async () => {
    await update({ delete: "scsi0" });
    expect((await config(100)).boot).toBe(" ");
  });

  test("a disk grows and never shrinks", async () => {
    const resize = (size: string) => api.task(api.put(`${vm(100)}/resize`, { disk: "scsi0", size }));
    expect(await resize("12G")).toBe("OK");
    expect(await resize("+512M")).toBe("OK");
    expect((await config(100)).scsi0).toBe("ceph:vm-100-disk-0,size=12800M");
    expect(await resize("10G")).toBe("shrinking disks is not supported");
    expect(await api.task(api.put(`${vm(100)}/resize`, { disk: "scsi9", size: "1G" }))).toBe(
      "disk 'scsi9' does not exist",
    );
  });

  test("a disk moves to another storage", async () => {
    const move = (storage: string) => api.post(`${vm(100)}/move_disk`, { disk: "scsi0", storage, delete: 1 });
    expect((await move("ceph")).reason).toBe("you can't move to the same storage with same format");
    expect(await api.task(move("local-lvm"))).toBe("OK");
    expect((await config(100)).scsi0).toBe("local-lvm:vm-100-disk-0,size=10G");
    expect(await volumes()).toEqual(["local-lvm:vm-100-disk-0"]);
  });

  test("disks and options must exist", async () => {
    expect((await api.put(`${vm(100)}/config`, { delete: "bogus" })).errors).toEqual({
      delete: "unknown option 'bogus'",
    });
    expect((await api.put(`${vm(100)}/config`, { boot: "order=scsi7" })).reason).toMatch(
      /device 'scsi7' does not exist/,
    );
    expect((await api.put(`${vm(100)}/config`)).reason).toBe("no options specified");
  });

  test("a digest that is not the current one", async () => {
    const { digest } = await config(100);
    await api.ok(api.put(`${vm(100)}/config`, { cores: 3, digest }));
    expect((await api.put(`${vm(100)}/config`, { cores: 4, digest })).reason).toMatch(/checksum mismatch/);
  });

  test("locks refuse changes", async () => {
    await proxmox.control.changeGuest(100, { lock: "backup" });
    expect((await api.put(`${vm(100)}/config`, { cores: 3 })).reason).toBe("VM is locked (backup)");
    expect((await api.ok(api.get(`${vm(100)}/status/current`))).lock).toBe("backup");
    await proxmox.control.changeGuest(100, { lock: null });
    const fault = await proxmox.control.addFault({ kind: "config-lock", vmid: 100 });
    expect((await api.put(`${vm(100)}/config`, { cores: 3 })).reason).toBe(
      "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout",
    );
    await proxmox.control.removeFault(fault);
    await update({ cores: 3 });
  });
});

describe("power", () => {
  test("a VM whose ISO is gone does not start", async () => {
    const iso = { content: "iso", filename: "talos.iso", url: "https://images.example/talos.iso" };
    expect(await download(iso)).toBe("OK");
    await api.task(create({ vmid: 100, ide2: "nfs:iso/talos.iso,media=cdrom" }));
    await proxmox.control.removeVolume("nfs:iso/talos.iso");
    expect(await api.task(api.post(`${vm(100)}/status/start`))).toBe(
      "volume 'nfs:iso/talos.iso' does not exist",
    );
  });

  test("a VM needs its mapped card on its host", async () => {
    await api.ok(
      api.post("/cluster/mapping/pci", { id: "gpu", map: ["node=pve2,path=0000:01:00.0,id=10de:1b80"] }),
    );
    await api.task(create({ vmid: 100, hostpci0: "mapping=gpu,pcie=1" }));
    expect(await api.task(api.post(`${vm(100)}/status/start`))).toMatch(/no mapping found on node 'pve1'/);
    expect(await api.task(api.post(`${vm(100)}/migrate`, { target: "pve2" }))).toBe("OK");
    expect(await api.task(api.post(`${vm(100, "pve2")}/status/start`))).toBe("OK");
  });

  test("the agent answers with the addresses of the cloud-init configuration, or not at all", async () => {
    await download();
    const disk = { scsi0: "nfs:0,import-from=nfs:import/talos.qcow2" };
    const form = { vmid: 100, agent: "enabled=1", ipconfig0: "ip=192.0.2.11/24,gw=192.0.2.1", ...disk };
    await api.task(create({ ...form, net0: "virtio=BC:24:11:00:00:01,bridge=vmbr0" }));
    const ask = () => api.get(`${vm(100)}/agent/network-get-interfaces`);
    expect((await ask()).reason).toBe("VM 100 is not running");
    await api.task(api.post(`${vm(100)}/status/start`));
    const { result } = await api.ok(ask());
    expect(result[1]).toEqual({
      name: "eth0",
      "hardware-address": "bc:24:11:00:00:01",
      "ip-addresses": [{ "ip-address": "192.0.2.11", "ip-address-type": "ipv4", prefix: 24 }],
    });
    await proxmox.control.changeGuest(100, { agentAddresses: ["2001:db8::5/64"] });
    expect((await api.ok(ask())).result[1]["ip-addresses"][0]["ip-address"]).toBe("2001:db8::5");
    await proxmox.control.changeGuest(100, { agentSilent: true });
    expect((await api.post(`${vm(100)}/agent/ping`)).reason).toBe("QEMU guest agent is not running");
  });
});

describe("migration", () => {
  beforeEach(() => api.task(create({ vmid: 100, scsi0: "local-lvm:10", scsi1: "ceph:5" })));
  const migrate = (form: Form) => api.post(`${vm(100)}/migrate`, { target: "pve3", ...form });

  test("offline moves the local disks too", async () => {
    expect(await api.task(migrate({}))).toBe("OK");
    expect(await config(100, {}, "pve3")).toMatchObject({ scsi0: "local-lvm:vm-100-disk-0,size=10G" });
    const local = (await proxmox.control.listVolumes()).find(({ id }) => id === "local-lvm:vm-100-disk-0");
    expect(local?.node).toBe("pve3");
    expect((await api.get(`${vm(100)}/config`)).reason).toBe(
      "Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist",
    );
  });

  test("online needs to be asked for, with its local disks", async () => {
    await api.task(api.post(`${vm(100)}/status/start`));
    expect((await migrate({})).reason).toBe("can't migrate running VM without --online");
    expect(await api.task(migrate({ online: 1 }))).toMatch(/can't migrate VM - check log/);
    expect(await api.task(migrate({ online: 1, "with-local-disks": 1 }))).toBe("OK");
    expect((await api.ok(api.get(`${vm(100, "pve3")}/status/current`))).status).toBe("running");
  });

  test("a name that is taken on the other host is not reused", async () => {
    // Left behind by a VM of the same id.
    await api.task(create({ vmid: 101, scsi0: "local-lvm:1" }, "pve3"));
    await proxmox.control.changeGuest(101, { config: { scsi0: null } });
    await api.task(api.delete(vm(101, "pve3")));
    await api.task(create({ vmid: 101, scsi0: "local-lvm:2" }));
    await api.task(api.post(`${vm(101)}/migrate`, { target: "pve3" }));
    expect((await config(101, {}, "pve3")).scsi0).toBe("local-lvm:vm-101-disk-1,size=2G");
  });

  test("to the same host, to an unknown host, and to an offline host is refused", async () => {
    expect((await migrate({ target: "pve1" })).errors).toEqual({ target: "target is local node." });
    expect((await migrate({ target: "pve9" })).reason).toBe("no such cluster node 'pve9'");
    await proxmox.control.setHostOnline("pve3", false);
    expect((await migrate({})).status).toBe(595);
  });
});

describe("removal", () => {
  const remove = (form: Form = {}) => api.delete(`${vm(100)}/`, form);

  test("frees the disks; unreferenced ones only on request", async () => {
    await api.task(create({ vmid: 100, scsi0: "ceph:10", ide2: "nfs:cloudinit" }));
    await proxmox.control.changeGuest(100, { config: { scsi0: null } });
    expect(await api.task(remove({ purge: 1, "destroy-unreferenced-disks": 0 }))).toBe("OK");
    expect(await volumes()).toEqual(["ceph:vm-100-disk-0"]);
    await api.task(create({ vmid: 100 }));
    await api.task(remove({ "destroy-unreferenced-disks": 1 }));
    expect(await volumes()).toEqual([]);
  });

  test("is refused for a VM that runs, is protected or is managed by HA", async () => {
    await api.task(create({ vmid: 100, protection: 1 }));
    expect((await remove()).reason).toBe("can't remove VM 100 - protection mode enabled");
    await api.ok(api.put(`${vm(100)}/config`, { protection: 0 }));
    await api.task(api.post(`${vm(100)}/status/start`));
    expect((await remove()).reason).toBe("VM 100 is running - destroy failed");
    await api.ok(api.post("/cluster/ha/resources", { sid: "vm:100", state: "stopped" }));
    expect((await remove()).reason).toBe(
      "unable to remove VM 100 - used in HA resources and purge parameter not set.",
    );
    expect(await api.task(remove({ purge: 1 }))).toBe("OK");
    expect(await api.ok(api.get("/cluster/ha/resources"))).toEqual([]);
  });
});
