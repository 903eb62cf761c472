import { type RunningProxmox, startProxmox } from "../../../stand-ins/proxmox";
import { ApiClient, type Form } from "./support/api-client";
import { Program } from "./support/program";

/** What fixtures/vm.tf needs, and nothing more. */
const PRIVILEGES = [
  "Datastore.Allocate",
  "Datastore.AllocateSpace",
  "Datastore.AllocateTemplate",
  "Datastore.Audit",
  "SDN.Use",
  "Sys.AccessNetwork",
  "Sys.Audit",
  "VM.Allocate",
  "VM.Audit",
  "VM.Config.CPU",
  "VM.Config.Disk",
  "VM.Config.HWType",
  "VM.Config.Memory",
  "VM.Config.Network",
  "VM.Config.Options",
  "VM.PowerMgmt",
] as const;

let proxmox: RunningProxmox;
let admin: ApiClient;
const programs: Program[] = [];

beforeEach(async () => {
  proxmox = await startProxmox();
  admin = new ApiClient(proxmox);
});
afterEach(async () => {
  for (const program of programs.splice(0)) program.project.remove();
  await proxmox.stop();
});

async function programWith(token: string): Promise<Program> {
  const program = new Program("vm", proxmox, { PROXMOX_VE_API_TOKEN: token });
  programs.push(program);
  await program.init();
  return program;
}

async function tokenWith(privileges: readonly string[], settings: Form = { privsep: 0 }): Promise<string> {
  await admin.ok(admin.post("/access/roles", { roleid: "Provisioner", privs: privileges.join(",") }));
  await admin.ok(admin.post("/access/users", { userid: "tofu-user@pve" }));
  const { value } = await admin.ok(admin.post("/access/users/tofu-user@pve/token/ci", settings));
  await admin.ok(admin.put("/access/acl", { path: "/", roles: "Provisioner", users: "tofu-user@pve" }));
  return `tofu-user@pve!ci=${value}`;
}

test("the least privileges are enough for a whole life", async () => {
  const program = await programWith(await tokenWith(PRIVILEGES));
  await program.apply();
  expect(await program.project.plannedActions()).toEqual({});
  await program.apply({ cores: 4 });
  await program.project.ok("destroy", "-input=false", "-auto-approve");
  expect(await proxmox.control.listGuests()).toEqual([]);
});

test.each([
  "Datastore.AllocateSpace",
  "Datastore.AllocateTemplate",
  "SDN.Use",
  "Sys.AccessNetwork",
  "VM.Config.CPU",
  "VM.PowerMgmt",
])("without %s the apply says which privilege is missing", async (missing) => {
  const program = await programWith(await tokenWith(PRIVILEGES.filter((each) => each !== missing)));
  const { exitCode, said } = await program.project.apply();
  expect([exitCode, said]).toEqual([
    1,
    expect.stringMatching(new RegExp(`403 response - Reason: Permission check failed \\(.*${missing}`)),
  ]);
});

test("an expired token, and one with rights of its own that it was not given", async () => {
  const program = await programWith(await tokenWith(PRIVILEGES, { privsep: 1, expire: 1 }));
  expect((await program.project.plan()).exitCode).toBe(2);
  const { said } = await program.project.apply();
  expect(said).toMatch(/401 response - Reason: Authentication failed!/);
  await admin.ok(admin.put("/access/users/tofu-user@pve/token/ci", { expire: 0 }));
  expect((await program.project.apply()).output).toMatch(/403/);
});
