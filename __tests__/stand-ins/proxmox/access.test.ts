import { type RunningProxmox, startProxmox } from "../../../stand-ins/proxmox";
import { ApiClient, type Form } from "./support/api-client";

let proxmox: RunningProxmox;
let admin: ApiClient;

beforeEach(async () => {
  proxmox = await startProxmox();
  admin = new ApiClient(proxmox);
});
afterEach(() => proxmox.stop());

/** A user with one role at the paths given, and a token of theirs. */
async function tokenWith(
  privileges: readonly string[],
  paths: readonly string[],
  settings: Form = { privsep: 0 },
): Promise<ApiClient> {
  await admin.ok(admin.post("/access/roles", { roleid: "Some", privs: privileges.join(",") }));
  await admin.ok(admin.post("/access/users", { userid: "some@pve" }));
  const { value } = await admin.ok(admin.post("/access/users/some@pve/token/ci", settings));
  for (const path of paths)
    await admin.ok(admin.put("/access/acl", { path, roles: "Some", users: "some@pve" }));
  return new ApiClient(proxmox, `some@pve!ci=${value}`);
}

describe("tokens", () => {
  test.each([
    ["no token", ""],
    ["a wrong secret", "tofu@pve!ci=11111111-2222-3333-4444-555555555555"],
    ["an unknown user", "nobody@pve!ci=11111111-2222-3333-4444-555555555555"],
    ["no secret", "tofu@pve!ci"],
  ])("%s", async (_, token) => {
    expect(await new ApiClient(proxmox, token).get("/version")).toMatchObject({
      status: 401,
      reason: "Authentication failed!",
    });
  });

  test("are not accepted by the control API", async () => {
    expect(await admin.get("/../../_control/guests")).toMatchObject({
      status: 401,
      reason: expect.stringMatching("the control API needs"),
    });
  });

  test("an expired token, a disabled user", async () => {
    const some = await tokenWith(["VM.Audit"], ["/"], { privsep: 0, expire: 1 });
    expect((await some.get("/version")).status).toBe(401);
    await admin.ok(admin.put("/access/users/some@pve/token/ci", { expire: 0 }));
    expect((await some.get("/version")).status).toBe(200);
    await admin.ok(admin.put("/access/users/some@pve", { enable: 0 }));
    expect((await some.get("/version")).status).toBe(401);
  });

  test("a token with privilege separation has the privileges that both it and its user have", async () => {
    const some = await tokenWith(["Sys.Audit", "Sys.Console"], ["/"], { privsep: 1 });
    expect((await some.get("/cluster/status")).reason).toBe("Permission check failed (/, Sys.Audit)");
    const acl = { path: "/", roles: "PVEAuditor", tokens: "some@pve!ci" };
    await admin.ok(admin.put("/access/acl", acl));
    expect((await some.get("/cluster/status")).status).toBe(200);
    expect((await some.post("/cluster/ha/resources", { sid: "vm:1" })).status).toBe(403);
    await admin.ok(admin.put("/access/acl", { ...acl, delete: 1 }));
    expect((await some.get("/cluster/status")).status).toBe(403);
  });
});

describe("privileges", () => {
  test("each path is checked on its own", async () => {
    const some = await tokenWith(["VM.Allocate", "VM.Audit"], ["/vms/100"]);
    expect((await some.post("/nodes/pve1/qemu", { vmid: 100 })).status).toBe(200);
    expect((await some.post("/nodes/pve1/qemu", { vmid: 101 })).reason).toBe("Permission check failed");
    await admin.task(admin.post("/nodes/pve1/qemu", { vmid: 101 }));
    expect(await some.ok(some.get("/cluster/resources", { type: "vm" }))).toMatchObject([{ vmid: 100 }]);
    expect((await some.get("/nodes/pve1/qemu/101/config")).reason).toBe(
      "Permission check failed (/vms/101, VM.Audit)",
    );
    expect((await some.delete("/nodes/pve1/qemu/101")).reason).toBe(
      "Permission check failed (/vms/101, VM.Allocate)",
    );
  });

  test("the privileges on a pool apply to its VMs", async () => {
    await admin.ok(admin.post("/pools", { poolid: "talos" }));
    const some = await tokenWith(["VM.Allocate", "VM.Config.Options"], ["/pool/talos"]);
    expect((await some.post("/nodes/pve1/qemu", { vmid: 100, name: "a" })).status).toBe(403);
    expect((await some.post("/nodes/pve1/qemu", { vmid: 100, name: "a", pool: "talos" })).status).toBe(200);
    expect((await some.put("/nodes/pve1/qemu/100/config", { name: "b" })).status).toBe(200);
    expect((await some.delete("/nodes/pve1/qemu/100")).status).toBe(200);
  });

  test("an entry further down replaces those above, and NoAccess overrides all", async () => {
    const some = await tokenWith(["Sys.Audit"], ["/"]);
    expect((await some.get("/nodes/pve1/status")).status).toBe(200);
    await admin.ok(admin.put("/access/acl", { path: "/nodes/pve1", roles: "NoAccess", users: "some@pve" }));
    expect((await some.get("/nodes/pve1/status")).status).toBe(403);
    expect((await some.get("/nodes/pve2/status")).status).toBe(200);
  });

  test("an entry without propagation applies only to its own path", async () => {
    const some = await tokenWith(["Sys.Audit"], []);
    await admin.ok(admin.put("/access/acl", { path: "/", roles: "Some", users: "some@pve", propagate: 0 }));
    expect((await some.get("/cluster/status")).status).toBe(200);
    expect((await some.get("/nodes/pve1/status")).status).toBe(403);
  });

  test.each<[string, Form, string]>([
    ["disks need space", { scsi0: "ceph:10" }, "/storage/ceph, Datastore.AllocateSpace"],
    ["CPUs", { cores: 2 }, "/vms/100, VM.Config.CPU"],
    ["memory", { memory: 1024 }, "/vms/100, VM.Config.Memory"],
    ["NICs", { net0: "virtio,bridge=vmbr0,tag=5" }, "/vms/100, VM.Config.Network"],
    ["a serial port", { serial0: "socket" }, "/vms/100, VM.Config.HWType"],
    ["a CD drive", { ide2: "none,media=cdrom" }, "/vms/100, VM.Config.CDROM"],
    ["cloud-init", { ciuser: "x" }, "/vms/100, VM.Config.Cloudinit|VM.Config.Network"],
    [
      "an image",
      { scsi0: "ceph:0,import-from=nfs:import/x.qcow2" },
      "/storage/ceph, Datastore.AllocateSpace",
    ],
  ])("%s ask for a privilege of their own", async (_, form, what) => {
    const some = await tokenWith(["VM.Allocate"], ["/"]);
    expect(await some.post("/nodes/pve1/qemu", { vmid: 100, ...form })).toMatchObject({
      status: 403,
      reason: `Permission check failed (${what})`,
    });
  });

  test("some things reach beyond the VM", async () => {
    const some = await tokenWith(
      ["VM.Allocate", "VM.Config.Network", "VM.Config.HWType", "VM.Config.Options"],
      ["/vms"],
    );
    const refusal = async (form: Form) =>
      (await some.post("/nodes/pve1/qemu", { vmid: 100, ...form })).reason;
    expect(await refusal({ net0: "virtio,bridge=vmbr0,tag=5" })).toMatch(
      "(/sdn/zones/localnetwork/vmbr0/5, SDN.Use)",
    );
    expect(await refusal({ hostpci0: "mapping=gpu" })).toMatch("(/mapping/pci/gpu, Mapping.Use)");
    expect(await refusal({ startup: "order=1" })).toMatch("(/, Sys.Modify)");
    expect(await refusal({ hostpci0: "0000:01:00.0" })).toMatch("only root can set 'hostpci0'");
    expect(await refusal({ args: "-s" })).toBe("only root can set 'args' config");
  });

  test("downloads and their removal", async () => {
    const some = await tokenWith(["Datastore.AllocateTemplate", "Datastore.Audit"], ["/"]);
    const file = { url: "https://images.example/a.iso", content: "iso", filename: "a.iso" };
    expect((await some.post("/nodes/pve1/storage/nfs/download-url", file)).reason).toBe(
      "Permission check failed (/nodes/pve1, Sys.AccessNetwork)",
    );
    expect((await some.delete("/nodes/pve1/storage/nfs/content/nfs%3Aiso%2Fa.iso")).reason).toBe(
      "Permission check failed (/storage/nfs, Datastore.Allocate)",
    );
  });
});

describe("users, roles and the list", () => {
  test("what exists cannot be created again, and what does not exist cannot be used", async () => {
    await tokenWith(["VM.Audit"], []);
    expect((await admin.post("/access/users", { userid: "some@pve" })).reason).toMatch(/already exists/);
    expect((await admin.post("/access/roles", { roleid: "Some" })).reason).toBe(
      "create role failed: role 'Some' already exists",
    );
    expect((await admin.put("/access/roles/PVEAdmin", { privs: "VM.Audit" })).reason).toMatch(
      /auto-generated/,
    );
    expect((await admin.put("/access/roles/Some", { privs: "VM.Monitor" })).errors).toEqual({
      privs: "invalid format - invalid privilege 'VM.Monitor'",
    });
    expect((await admin.post("/access/users/some@pve/token/ci")).errors).toEqual({
      tokenid: "Token already exists.",
    });
    expect((await admin.put("/access/acl", { path: "/", roles: "No", users: "some@pve" })).reason).toMatch(
      "role 'No' does not exist",
    );
  });

  test("deleting a user deletes its tokens and permissions", async () => {
    const some = await tokenWith(["VM.Audit"], ["/"]);
    await admin.ok(admin.delete("/access/users/some@pve"));
    expect((await some.get("/version")).status).toBe(401);
    expect(JSON.stringify(await admin.ok(admin.get("/access/acl")))).not.toContain("some@pve");
  });
});
