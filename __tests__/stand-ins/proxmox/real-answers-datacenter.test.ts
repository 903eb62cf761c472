import { createHash } from "node:crypto";
import { type RunningProxmox, startProxmox } from "../../../stand-ins/proxmox";
import { ApiClient, type Form } from "./support/api-client";
import { requestsOf900, URL_OF_ISO, vm } from "./support/requests-of-900";

/* As real-answers.test.ts, for pools, access, storage, HA, lists and tasks. */

let proxmox: RunningProxmox;
let api: ApiClient;

beforeEach(async () => {
  proxmox = await startProxmox();
  api = new ApiClient(proxmox);
});
afterEach(() => proxmox.stop());

const { create, running, download } = requestsOf900(() => api);

describe("pools and access", () => {
  test("a pool takes the id of a VM that does not exist yet", async () => {
    await api.ok(api.post("/pools", { poolid: "talos" }));
    expect(await api.put("/pools", { poolid: "talos", vms: "900" })).toMatchObject({ status: 200 });
    expect((await api.delete("/pools", { poolid: "talos" })).reason).toBe(
      "delete pool failed: pool 'talos' is not empty (contains VMs: 900)",
    );
    await api.task(create({ name: "later" }));
    expect((await api.ok(api.get("/pools", { poolid: "talos" })))[0].members).toMatchObject([{ vmid: 900 }]);
  });

  test("GET /pools/{id}", async () => {
    await api.ok(api.post("/pools", { poolid: "talos", comment: "x" }));
    expect(await api.ok(api.get("/pools/talos"))).toEqual({ comment: "x", members: [] });
  });

  test("a role with a privilege that does not exist", async () => {
    const errors = { privs: "invalid format - invalid privilege 'VM.Monitor'" };
    expect(await api.post("/access/roles", { roleid: "r", privs: "VM.Monitor" })).toMatchObject({
      status: 400,
      errors,
    });
    await api.ok(api.post("/access/roles", { roleid: "r", privs: "VM.Audit" }));
    expect(await api.put("/access/roles/r", { privs: "VM.Monitor" })).toMatchObject({ status: 400, errors });
  });

  test("a role with the prefix of the built-in ones", async () => {
    expect(await api.post("/access/roles", { roleid: "PVEx" })).toMatchObject({
      status: 400,
      errors: { roleid: "cannot use role ID starting with the (case-insensitive) 'PVE' namespace" },
    });
  });

  test("an ACL path that leads to nothing", async () => {
    const acl = { roles: "PVEAuditor", users: "tofu@pve" };
    expect(await api.put("/access/acl", { path: "/foo", ...acl })).toMatchObject({
      status: 400,
      errors: { path: "invalid ACL path '/foo'" },
    });
    for (const path of ["/", "/vms/100", "/storage/a-b", "/pool/a/b", "/sdn/zones/localnetwork/vmbr0/5"]) {
      expect(await api.put("/access/acl", { path, ...acl })).toMatchObject({ status: 200 });
    }
  });

  test.each([
    ["POST /access/roles", { roleid: "Some" }, "create role failed: role 'Some' already exists"],
    ["DELETE /access/roles/none", {}, "delete role failed: role 'none' does not exist"],
    ["DELETE /pools", { poolid: "none" }, "delete pool failed: pool 'none' does not exist"],
    [
      "PUT /cluster/ha/resources/vm:1",
      { comment: "x" },
      "update resources config failed: no such resource 'vm:1'",
    ],
  ])("%s: the prefix of its error", async (call, form: Form, reason) => {
    await api.ok(api.post("/access/roles", { roleid: "Some" }));
    const [method = "", path = ""] = call.split(" ");
    const send = { POST: api.post, PUT: api.put, DELETE: api.delete }[method];
    expect(await send?.(path, form)).toMatchObject({ status: 500, reason });
  });

  test("a new token", async () => {
    const path = "/access/users/tofu@pve/token";
    expect(await api.ok(api.post(`${path}/one`, { privsep: 0 }))).toEqual({
      "full-tokenid": "tofu@pve!one",
      info: { privsep: "0" },
      value: expect.any(String),
    });
    const { info } = await api.ok(api.post(`${path}/two`, { expire: 2_000_000_000, comment: "c" }));
    expect(info).toEqual({ privsep: "1", expire: "2000000000", comment: "c" });
  });

  test("a user's tokens", async () => {
    await api.ok(api.post("/access/users", { userid: "some@pve" }));
    expect((await api.ok(api.get("/access/users/some@pve"))).tokens).toBeNull();
  });

  test("privileges that are not propagated are 0", async () => {
    await api.ok(api.post("/access/roles", { roleid: "Some", privs: "Sys.Audit" }));
    await api.ok(api.post("/access/users", { userid: "some@pve" }));
    const { value } = await api.ok(api.post("/access/users/some@pve/token/ci", { privsep: 0 }));
    await api.ok(api.put("/access/acl", { path: "/vms", roles: "Some", users: "some@pve", propagate: 0 }));
    await api.ok(api.put("/access/acl", { path: "/nodes", roles: "Some", users: "some@pve" }));
    const some = new ApiClient(proxmox, `some@pve!ci=${value}`);
    expect(await some.ok(some.get("/access/permissions"))).toMatchObject({
      "/vms": { "Sys.Audit": 0 },
      "/nodes": { "Sys.Audit": 1 },
    });
  });

  test("401 has an empty body", async () => {
    const { status, reason, body } = await new ApiClient(proxmox, "tofu@pve!ci=wrong").get("/version");
    expect({ status, reason, body }).toEqual({ status: 401, reason: "Authentication failed!", body: "" });
  });

  test("501 names the call", async () => {
    expect(await api.get("/nope")).toMatchObject({
      status: 501,
      reason: "Method 'GET /nope' not implemented",
    });
  });
});

describe("storage", () => {
  test("an unknown storage in the list of a node", async () => {
    expect(await api.get("/nodes/pve1/storage", { storage: "nope" })).toMatchObject({
      status: 400,
      errors: { storage: "No such storage." },
    });
  });

  test("a volume with a slash that is not escaped", async () => {
    await api.task(download());
    const path = "/nodes/pve1/storage/local/content/local:iso/x.iso";
    expect((await api.ok(api.get(path))).path).toBe("/var/lib/vz/template/iso/x.iso");
    expect(await api.task(api.delete(path))).toBe("OK");
    expect(await api.task(api.delete(path))).toBe("OK");
  });

  test("a wrong checksum, and the right one", async () => {
    const sha256 = createHash("sha256").update(URL_OF_ISO).digest("hex");
    const checked = (checksum: string) => api.task(download({ checksum, "checksum-algorithm": "sha256" }));
    expect(await checked("aa")).toBe(`checksum mismatch: got '${sha256}' != expect 'aa'`);
    expect(await proxmox.control.listVolumes()).toEqual([]);
    expect(await checked(sha256)).toBe("OK");
  });

  test("a compression that Proxmox cannot undo", async () => {
    expect(await api.task(download({ compression: "xz" }))).toBe("no decompression method found");
  });

  test("only the end of a file name is kept", async () => {
    expect(await api.task(download({ filename: "a b/c d.iso" }))).toBe("OK");
    expect((await proxmox.control.listVolumes()).map(({ id }) => id)).toEqual(["local:iso/c_d.iso"]);
  });

  test("an existing file is named by its path", async () => {
    await api.task(download());
    expect(await api.task(download())).toBe(
      "refusing to override existing file '/var/lib/vz/template/iso/x.iso'",
    );
  });
});

describe("HA", () => {
  beforeEach(async () => {
    for (const vmid of [901, 902, 903]) {
      await proxmox.control.addForeignGuest({ vmid, node: "pve1" });
      await api.ok(api.post("/cluster/ha/resources", { sid: `vm:${vmid}` }));
    }
  });
  const addRule = (form: Form) => api.post("/cluster/ha/rules", { type: "resource-affinity", ...form });
  const affinity = { affinity: "negative", resources: "vm:901,vm:902" };

  test("a rule with one resource is refused, and says why in the message", async () => {
    const { status, reason, message, errors } = await addRule({
      rule: "r3",
      ...affinity,
      resources: "vm:901",
    });
    expect({ status, reason, errors }).toEqual({
      status: 500,
      reason: "create ha rule failed: 400 Rule 'r3' is invalid.",
      errors: undefined,
    });
    expect(message).toContain("resources: rule is ineffective as there are less than two resources");
  });

  test("several priorities for a resource that others must be near or far from", async () => {
    const text =
      "resources are in a resource affinity rule and cannot be in a node affinity rule with multiple priorities";
    await api.ok(addRule({ rule: "apart", ...affinity }));
    const home = { rule: "home", type: "node-affinity", resources: "vm:901", nodes: "pve1:2,pve2:1" };
    const { status, message } = await addRule(home);
    expect(status).toBe(500);
    expect(message).toContain(text);
    await api.ok(addRule({ ...home, nodes: "pve1:2,pve2:2" }));
  });

  test("the type of a rule cannot be changed", async () => {
    await api.ok(addRule({ rule: "apart", ...affinity }));
    expect(
      await api.put("/cluster/ha/rules/apart", { type: "node-affinity", nodes: "pve1", resources: "vm:901" }),
    ).toMatchObject({ status: 500, reason: "update HA rules failed: unexpected property 'nodes'" });
  });

  test("a rule that is left with one resource says that it is ineffective", async () => {
    await api.ok(addRule({ rule: "apart", ...affinity }));
    expect((await api.ok(api.get("/cluster/ha/rules/apart"))).errors).toBeUndefined();
    await api.ok(api.delete("/cluster/ha/resources/vm:902"));
    expect((await api.ok(api.get("/cluster/ha/rules/apart"))).errors).toEqual({
      resources: ["rule is ineffective as there are less than two resources"],
    });
  });

  test("the state of a resource is null until the manager acts, ten seconds later on a real cluster", async () => {
    const ha = async () => (await api.ok(api.get(`${vm(904)}/status/current`))).ha;
    await proxmox.control.setTimeScale(1000);
    await proxmox.control.addForeignGuest({ vmid: 904, node: "pve1" });
    await api.ok(api.post("/cluster/ha/resources", { sid: "vm:904" }));
    expect(await ha()).toEqual({ managed: 1, state: null });
    await proxmox.control.setTimeScale(0);
    expect(await ha()).toEqual({ managed: 1, state: "started" });
  });
});

describe("lists and tasks", () => {
  test("an unknown task", async () => {
    const upid = "UPID:pve1:0000C3A1:0012D687:66A1F0B2:qmstart:900:root@pam:";
    expect(await api.get(`/nodes/pve1/tasks/${upid}/status`)).toMatchObject({
      status: 400,
      errors: { upid: "no such task" },
    });
    expect((await api.get("/nodes/pve1/tasks/nonsense/status")).reason).toBe(
      "unable to parse worker upid 'nonsense'",
    );
  });

  test("the status of a task has user and token apart, and no end", async () => {
    const upid = await api.ok(create());
    const status = await api.ok(api.get(`/nodes/pve1/tasks/${upid}/status`));
    expect(status).toMatchObject({ user: "tofu@pve", tokenid: "ci", status: "stopped", exitstatus: "OK" });
    expect(status).not.toHaveProperty("endtime");
  });

  test("GET …/qemu/{id}/migrate", async () => {
    await api.task(create({ scsi0: "local-lvm:1", scsi1: "ceph:1" }));
    expect(await api.ok(api.get(`${vm(900)}/migrate`))).toMatchObject({
      running: 0,
      allowed_nodes: ["pve2", "pve3"],
      not_allowed_nodes: {},
      local_disks: [{ volid: "local-lvm:vm-900-disk-0", drivename: "scsi0", cdrom: 0 }],
      local_resources: [],
    });
  });

  test("the guests of the cluster", async () => {
    await running({});
    const [guest] = await api.ok(api.get("/cluster/resources", { type: "vm" }));
    expect(guest).not.toHaveProperty("pid");
    expect(guest).toMatchObject({
      netin: 0,
      netout: 0,
      diskread: 0,
      diskwrite: 0,
      memhost: expect.any(Number),
    });
  });

  test("a PCI mapping has no id in it, and keeps the order of its parts", async () => {
    const map = "path=0000:01:00.0,node=pve2,id=10de:1b80";
    await api.ok(api.post("/cluster/mapping/pci", { id: "gpu", map }));
    const mapping = await api.ok(api.get("/cluster/mapping/pci/gpu"));
    expect(mapping).not.toHaveProperty("id");
    expect(mapping.map).toEqual([map]);
    expect(await api.ok(api.get("/cluster/mapping/pci"))).toMatchObject([{ id: "gpu", map: [map] }]);
  });
});
