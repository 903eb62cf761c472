import { DATACENTER_PRIVILEGES, PRIVILEGES } from "../../domain/proxmox-privileges";
import { type RunningProxmox, startProxmox } from "../../stand-ins/proxmox";
import { ApiClient } from "../stand-ins/proxmox/support/api-client";
import { linesOf, removeSites, site } from "./support/site";

/* The check of the token's privileges, on a cluster that needs all that there are. */

const ALL = [...PRIVILEGES, ...Object.values(DATACENTER_PRIVILEGES)];
const OF_NODE = "pci: [{ mapping: gpu }]\n    pool: talos\n    vm_startup_order: 1\n    name: worker-1";
const yaml = (valid: string) => `${valid.replace("name: worker-1", OF_NODE)}proxmox_ha: true
proxmox_shared_storages: [nfs, ceph]
proxmox_iso_storage: nfs
proxmox_disk_storage: ceph
`;

let proxmox: RunningProxmox;
let admin: ApiClient;
let token: string;

beforeAll(async () => {
  proxmox = await startProxmox();
  admin = new ApiClient(proxmox);
  await admin.ok(admin.post("/access/roles", { roleid: "Some", privs: ALL.join(",") }));
  await admin.ok(admin.post("/access/users", { userid: "some@pve" }));
  const { value } = await admin.ok(admin.post("/access/users/some@pve/token/t1", { privsep: 0 }));
  token = `some@pve!t1=${value}`;
});
beforeEach(() => grantOnRoot(1));
afterAll(async () => {
  removeSites();
  await proxmox.stop();
});

const grantOnRoot = (propagate: number) =>
  admin.ok(admin.put("/access/acl", { path: "/", roles: "Some", users: "some@pve", propagate }));
const setPrivileges = (privileges: readonly string[]) =>
  admin.ok(admin.put("/access/roles/Some", { privs: privileges.join(",") }));
const check = () =>
  linesOf("privileges", site({ yaml, env: { ...proxmox.env, PROXMOX_VE_API_TOKEN: token } }));

test("passes with all", async () => {
  await setPrivileges(ALL);
  expect(await check()).toEqual([`pass the token has ${ALL.length} of ${ALL.length} privileges`]);
});

test.each(ALL)("fails without %s, by its name", async (privilege) => {
  await setPrivileges(ALL.filter((each) => each !== privilege));
  const lines = await check();
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain(`fail the token lacks ${privilege} on /`);
  expect(lines[1]).toContain("→ deploy proxmox-access again as an administrator");
});

test("fails where they are not propagated", async () => {
  await setPrivileges(ALL);
  await grantOnRoot(0);
  const lines = await check();
  expect(lines).toContainEqual(expect.stringContaining("the token lacks VM.Allocate on /vms/101, /vms/102"));
  // What holds on / itself needs no propagation.
  expect(lines.join()).not.toMatch(/Sys\.Console|Sys\.Modify/);
});

test("looks at what holds on the paths of this cluster", async () => {
  await setPrivileges(ALL);
  const acl = { path: "/storage/ceph", roles: "NoAccess", users: "some@pve", propagate: 1 };
  await admin.ok(admin.put("/access/acl", acl));
  const [, ...missing] = await check();
  expect(missing).toEqual([
    expect.stringMatching(/^fail the token lacks Datastore\.AllocateSpace on \/storage\/ceph →/),
  ]);
});

test("asks for no more than the cluster needs", async () => {
  const needless = ["Mapping.Use", "Pool.Allocate", "Pool.Audit", ...Object.values(DATACENTER_PRIVILEGES)];
  await setPrivileges(ALL.filter((each) => !needless.includes(each)));
  const plain = site({ env: { ...proxmox.env, PROXMOX_VE_API_TOKEN: token } });
  const count = ALL.length - needless.length;
  expect(await linesOf("privileges", plain)).toEqual([`pass the token has ${count} of ${count} privileges`]);
});
