import { type RunningProxmox, startProxmox } from "../../../stand-ins/proxmox";
import { ApiClient, type Form } from "./support/api-client";
import { requestsOf900, vm } from "./support/requests-of-900";

/* Answers of a real Proxmox VE 9.2, one request a test, where the stand-in once gave another: those about VMs. */

let proxmox: RunningProxmox;
let api: ApiClient;

beforeEach(async () => {
  proxmox = await startProxmox();
  api = new ApiClient(proxmox);
});
afterEach(() => proxmox.stop());

const { create, power, running, download } = requestsOf900(() => api);
const update = (form: Form) => api.put(`${vm(900)}/config`, form);
const config = () => api.ok(api.get(`${vm(900)}/config`));
const current = () => api.ok(api.get(`${vm(900)}/config`, { current: 1 }));
const pending = async () => {
  const entries = (await api.ok(api.get(`${vm(900)}/pending`))) as readonly Record<string, unknown>[];
  return entries.filter((entry) => "pending" in entry || "delete" in entry);
};

describe("power", () => {
  test("a start of a running VM is a task that fails", async () => {
    await running({});
    expect(await power("start")).toBe("VM 900 already running");
  });

  test("a start on the wrong node is a task that fails", async () => {
    await api.task(create());
    expect(await api.task(api.post(`${vm(900, "pve2")}/status/start`))).toBe(
      "Configuration file 'nodes/pve2/qemu-server/900.conf' does not exist",
    );
  });

  test("a guest that does not answer is not shut down, unless it is forced", async () => {
    await running({});
    const fault = await proxmox.control.addFault({ kind: "shutdown-timeout", vmid: 900 });
    expect(await power("shutdown", { timeout: 5 })).toBe("VM quit/powerdown failed - got timeout");
    expect(await power("reboot")).toBe("VM quit/powerdown failed - got timeout");
    expect((await api.ok(api.get(`${vm(900)}/status/current`))).status).toBe("running");
    expect(await power("shutdown", { forceStop: 1 })).toBe("OK");
    expect((await api.ok(api.get(`${vm(900)}/status/current`))).status).toBe("stopped");
    await power("start");
    await proxmox.control.removeFault(fault);
    expect(await power("shutdown")).toBe("OK");
  });

  test("a guest without an operating system has no agent", async () => {
    await running({ agent: "1", scsi0: "ceph:1" });
    expect(await api.post(`${vm(900)}/agent/ping`)).toMatchObject({
      status: 500,
      reason: "QEMU guest agent is not running",
    });
    await power("stop");
    await api.task(download({}, "nfs"));
    await api.ok(update({ ide2: "nfs:iso/x.iso,media=cdrom" }));
    await power("start");
    expect((await api.post(`${vm(900)}/agent/ping`)).status).toBe(200);
  });
});

describe("hot-unplug", () => {
  const BOOT_DISK = { scsi0: "hotplug problem - can't unplug bootdisk 'scsi0'" };
  const BUSY = "hotplug problem - error on hot-unplugging device 'net0' - still busy in guest?";

  test("the boot disk of a running VM stays, and waits to be removed", async () => {
    await running({ scsi0: "ceph:1" });
    expect(await update({ delete: "scsi0" })).toMatchObject({ status: 400, errors: BOOT_DISK });
    expect((await current()).scsi0).toBe("ceph:vm-900-disk-0,size=1G");
    expect(await pending()).toContainEqual(expect.objectContaining({ key: "scsi0", delete: 1 }));
  });

  test("a boot disk that moves to another bus stays on the old one too", async () => {
    await running({ virtio0: "ceph:1" });
    const answer = await update({ delete: "virtio0", scsi0: "ceph:vm-900-disk-0" });
    expect(answer.errors).toEqual({ virtio0: "hotplug problem - can't unplug bootdisk 'virtio0'" });
    expect(await current()).toMatchObject({
      scsi0: "ceph:vm-900-disk-0,size=1G",
      virtio0: "ceph:vm-900-disk-0,size=1G",
    });
  });

  test("a device that the guest does not let go waits for the next start", async () => {
    await running({ net0: "virtio=BC:24:11:00:00:01,bridge=vmbr0", scsi1: "ceph:1", boot: "order=net0" });
    const fault = await proxmox.control.addFault({ kind: "hot-unplug", vmid: 900 });
    expect(await update({ delete: "net0", description: "x" })).toMatchObject({
      status: 400,
      errors: { net0: BUSY },
    });
    // The rest of the change is made.
    expect(await current()).toMatchObject({ net0: expect.any(String), description: "x" });
    expect(await pending()).toContainEqual(expect.objectContaining({ key: "net0", delete: 1 }));
    expect((await config()).net0).toBeUndefined();
    expect((await update({ delete: "scsi1" })).status).toBe(400);
    await power("stop");
    await power("start");
    expect(await pending()).toEqual([]);
    expect((await current()).net0).toBeUndefined();
    await proxmox.control.removeFault(fault);
  });

  test("one device is busy and another is not", async () => {
    const nics = { net0: "virtio=BC:24:11:00:00:01", net1: "virtio=BC:24:11:00:00:02" };
    await running({ ...nics, scsi0: "ceph:1" });
    await proxmox.control.addFault({ kind: "hot-unplug", vmid: 900, device: "net0" });
    expect((await update({ delete: "net0,net1" })).errors).toEqual({ net0: BUSY });
    expect((await current()).net1).toBeUndefined();
  });

  test("a MAC address in another case is another NIC", async () => {
    await running({ net0: "virtio=bc:24:11:00:00:01,bridge=vmbr0" });
    await proxmox.control.addFault({ kind: "hot-unplug", vmid: 900 });
    expect((await update({ net0: "virtio=BC:24:11:00:00:01,bridge=vmbr0" })).errors).toEqual({ net0: BUSY });
    expect(await pending()).toContainEqual({
      key: "net0",
      value: "virtio=bc:24:11:00:00:01,bridge=vmbr0",
      pending: "virtio=BC:24:11:00:00:01,bridge=vmbr0",
    });
    // Another bridge or VLAN needs no unplugging.
    await api.ok(update({ revert: "net0" }));
    await api.ok(update({ net0: "virtio=bc:24:11:00:00:01,bridge=vmbr1,tag=5" }));
    expect(await pending()).toEqual([]);
  });
});

describe("creation", () => {
  test("a balloon without memory", async () => {
    expect(await api.task(create({ balloon: 600 }))).toBe("OK");
  });

  test("an unknown pool", async () => {
    expect(await create({ pool: "nopool" })).toMatchObject({
      status: 403,
      reason: "Permission check failed (pool 'nopool' does not exist)",
    });
  });

  test("a description loses the newline at its end", async () => {
    await api.task(create({ description: "one\ntwo\n" }));
    expect((await config()).description).toBe("one\ntwo");
  });

  test("the default boot order is the first disk, the first CD drive and the first NIC", async () => {
    const disks = { scsi1: "ceph:1", scsi0: "ceph:1", efidisk0: "ceph:1", ide2: "none,media=cdrom" };
    await api.task(create({ ...disks, net1: "virtio", net2: "virtio" }));
    expect((await config()).boot).toBe("order=scsi0;ide2;net1");
  });

  test("without devices, the boot order is a blank", async () => {
    await api.task(create());
    expect((await config()).boot).toBe(" ");
  });

  test("a volume that does not exist is quoted", async () => {
    expect(await api.task(create({ ide2: "nfs:iso/no.iso,media=cdrom" }))).toBe(
      "unable to create VM 900 - volume 'nfs:iso/no.iso' does not exist",
    );
  });

  test("devices that only root may attach", async () => {
    expect((await create({ usb0: "host=1234:5678" })).reason).toBe(
      "only root can set 'usb0' config for real devices",
    );
  });
});
