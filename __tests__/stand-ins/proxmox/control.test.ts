import {
  type FaultInput,
  ProxmoxControl,
  type RunningProxmox,
  startProxmox,
} from "../../../stand-ins/proxmox";
import { ApiClient } from "./support/api-client";

let proxmox: RunningProxmox;
let api: ApiClient;

beforeEach(async () => {
  proxmox = await startProxmox();
  api = new ApiClient(proxmox);
});
afterEach(() => proxmox.stop());

const add = (fault: FaultInput) => proxmox.control.addFault(fault);

describe("faults", () => {
  test.each([401, 403, 500, 502, 595])("an answer of %i, once, on one call only", async (status) => {
    await add({ kind: "status", status, message: "no luck", method: "GET", path: "/nodes/{node}/qemu" });
    expect((await api.get("/nodes")).status).toBe(200);
    expect(await api.get("/nodes/pve1/qemu")).toMatchObject({ status, reason: "no luck" });
    expect((await api.get("/nodes/pve1/qemu")).status).toBe(200);
    expect(await proxmox.control.listFaults()).toMatchObject([{ struck: 1 }]);
  });

  test("after some calls, some times, where the path says so", async () => {
    const where = { node: "pve2" };
    await add({
      kind: "status",
      status: 500,
      message: "x",
      path: "/nodes/{node}/qemu",
      where,
      skip: 1,
      times: 2,
    });
    const statuses = async (node: string) => {
      const answers = [];
      for (let index = 0; index < 4; index += 1) answers.push((await api.get(`/nodes/${node}/qemu`)).status);
      return answers;
    };
    expect(await statuses("pve1")).toEqual([200, 200, 200, 200]);
    expect(await statuses("pve2")).toEqual([200, 500, 500, 200]);
  });

  test("for ever, until it is removed", async () => {
    const id = await add({ kind: "status", status: 500, message: "x", times: null });
    for (let index = 0; index < 3; index += 1) expect((await api.get("/version")).status).toBe(500);
    await proxmox.control.removeFault(id);
    expect((await api.get("/version")).status).toBe(200);
  });

  test("a task that fails does nothing", async () => {
    await add({ kind: "task", type: "qmcreate", id: "100", message: "no space left on device" });
    expect(await api.task(api.post("/nodes/pve1/qemu", { vmid: 101 }))).toBe("OK");
    const create = () => api.task(api.post("/nodes/pve1/qemu", { vmid: 100, scsi0: "ceph:1" }));
    expect(await create()).toBe("no space left on device");
    expect(await proxmox.control.listVolumes()).toEqual([]);
    expect(await create()).toBe("OK");
  });

  test("a cut connection, before or after the call is carried out", async () => {
    const call = { kind: "drop", method: "POST", path: "/nodes/{node}/qemu" } as const;
    await add({ ...call, when: "before" });
    await expect(api.post("/nodes/pve1/qemu", { vmid: 100 })).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(await proxmox.control.listGuests()).toEqual([]);
    await add({ ...call, when: "after" });
    await expect(api.post("/nodes/pve1/qemu", { vmid: 100 })).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(await proxmox.control.listGuests()).toHaveLength(1);
  });

  test("a fault affects the next call only, unless it says otherwise", async () => {
    await proxmox.control.addFault({ kind: "drop" });
    expect(await proxmox.control.listFaults()).toEqual([
      { id: expect.any(String), fault: { kind: "drop", when: "before", skip: 0, times: 1 }, struck: 0 },
    ]);
  });

  test("a slow answer", async () => {
    await add({ kind: "delay", delayMs: 300 });
    const begin = Date.now();
    await api.get("/version");
    expect(Date.now() - begin).toBeGreaterThanOrEqual(295);
  });

  test("a host can be silent while the cluster takes it for online", async () => {
    await proxmox.control.addForeignGuest({ vmid: 100, node: "pve2" });
    await proxmox.control.setHostAnswering("pve2", false);
    expect((await api.get("/nodes/pve2/qemu")).status).toBe(595);
    expect(await api.ok(api.get("/nodes"))).toContainEqual(
      expect.objectContaining({ node: "pve2", status: "online" }),
    );
    await proxmox.control.changeGuest(100, { node: "pve3" });
    expect(await api.ok(api.get("/nodes/pve3/qemu"))).toMatchObject([{ vmid: 100 }]);
    await expect(proxmox.control.changeGuest(100, { node: "pve9" })).rejects.toThrow("no such host 'pve9'");
    await proxmox.control.setHostAnswering("pve2", true);
    expect((await api.get("/nodes/pve2/qemu")).status).toBe(200);
  });

  test("a host that is offline, and a cluster without a majority", async () => {
    await proxmox.control.addForeignGuest({ vmid: 100, node: "pve2" });
    await proxmox.control.setHostOnline("pve2", false);
    expect(await api.get("/nodes/pve2/qemu/100/config")).toMatchObject({
      status: 595,
      reason: "No route to host",
    });
    expect(await api.ok(api.get("/cluster/resources", { type: "vm" }))).toMatchObject([
      { status: "unknown" },
    ]);
    expect((await api.post("/pools", { poolid: "a" })).status).toBe(200);
    await proxmox.control.setHostOnline("pve3", false);
    expect((await api.post("/pools", { poolid: "b" })).reason).toBe("cluster not ready - no quorum?");
    await proxmox.control.setHostOnline("pve2", true);
    expect((await api.post("/pools", { poolid: "b" })).status).toBe(200);
  });
});

test("a fault that makes no sense is refused with the reason", async () => {
  await expect(add({ kind: "status", status: 200, message: "x" })).rejects.toThrow(/400 .*status/);
});

test("foreign guests can be added, stopped and removed", async () => {
  await proxmox.control.addForeignGuest({ vmid: 750, node: "pve2", config: { name: "theirs" } });
  expect(await api.ok(api.get("/nodes/pve2/qemu"))).toMatchObject([{ name: "theirs", status: "running" }]);
  await proxmox.control.changeGuest(750, { power: "stop" });
  expect((await api.ok(api.get("/nodes/pve2/qemu/750/status/current"))).status).toBe("stopped");
  await proxmox.control.removeGuest(750);
  expect(await api.ok(api.get("/nodes/pve2/qemu"))).toEqual([]);
  await expect(proxmox.control.changeGuest(750, { power: "start" })).rejects.toThrow("404 no guest 750");
});

test("the log has every call, and no secret", async () => {
  await api.post("/access/users", { userid: "a@pve", password: "hunter22hunter22" });
  await api.get("/nowhere?x=1");
  const [first, second] = await proxmox.control.listRequests();
  expect(first).toEqual({
    method: "POST",
    path: "/access/users",
    template: "/access/users",
    parameters: { userid: "a@pve", password: "redacted" },
    status: 200,
  });
  expect(second).toMatchObject({ path: "/nowhere", parameters: { x: "1" }, status: 501 });
  await proxmox.control.clearRequests();
  expect(await proxmox.control.listRequests()).toEqual([]);
});

test("the control API requires its own token", async () => {
  const { controlUrl: url, caFile } = proxmox;
  const stranger = new ProxmoxControl({ url, caFile, token: "guess" });
  await expect(stranger.listGuests()).rejects.toThrow(/401/);
  await stranger.close();
});
