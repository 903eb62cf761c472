import { type FaultInput, type RunningProxmox, startProxmox } from "../../../stand-ins/proxmox";
import { Program } from "./support/program";

let proxmox: RunningProxmox;
let program: Program;

beforeAll(async () => {
  proxmox = await startProxmox();
  program = new Program("vm", proxmox);
  await program.init();
});
afterEach(async () => {
  await proxmox.control.removeFault();
  await program.set({ cores: 2 }).project.ok("destroy", "-input=false", "-auto-approve");
  expect(await proxmox.control.listGuests()).toEqual([]);
  expect(await proxmox.control.listVolumes()).toEqual([]);
});
afterAll(async () => {
  program.project.remove();
  await proxmox.stop();
});

const add = (fault: FaultInput) => proxmox.control.addFault(fault);
const QEMU = "/nodes/{node}/qemu";
const VM = "/nodes/{node}/qemu/{vmid}";

/** Applies, and expects one VM and an empty plan. */
async function applyFinishes(): Promise<void> {
  await program.apply();
  expect((await proxmox.control.listGuests()).map(({ vmid, status }) => [vmid, status])).toEqual([
    [500, "running"],
  ]);
  expect(await program.project.plannedActions()).toEqual({});
}

test.each<[string, FaultInput, RegExp]>([
  [
    "403",
    { kind: "status", method: "POST", path: QEMU, status: 403, message: "Permission check failed" },
    /403.*Permission check failed/,
  ],
  [
    "401",
    { kind: "status", status: 401, message: "Authentication failed!", path: QEMU },
    /401.*Authentication failed!/,
  ],
  [
    "a task that fails",
    { kind: "task", type: "qmcreate", message: "no space left on device" },
    /no space left on device/,
  ],
  [
    "a download that fails",
    { kind: "task", type: "download", message: "download failed - 404" },
    /download failed - 404/,
  ],
  [
    "a start that fails",
    { kind: "task", type: "qmstart", message: "start failed: QEMU exited with code 1" },
    /QEMU exited with code 1/,
  ],
  [
    "a resize that fails",
    { kind: "status", method: "PUT", path: `${VM}/resize`, status: 500, message: "got no luck" },
    /got no luck/,
  ],
])("creation: %s is an error, and applying again finishes", async (_, fault, text) => {
  await add(fault);
  const { exitCode, said } = await program.project.apply();
  expect([exitCode, said]).toEqual([1, expect.stringMatching(text)]);
  await applyFinishes();
});

test("creation: the provider retries after one 500", async () => {
  await add({ kind: "status", method: "POST", path: QEMU, status: 500, message: "busy" });
  await applyFinishes();
});

test.each([500, 502])("a plan during a %i fails, and nothing is lost", async (status) => {
  await program.apply();
  await add({ kind: "status", path: `${VM}/config`, status, message: "proxy error" });
  const { exitCode, said } = await program.project.plan();
  expect([exitCode, said]).toEqual([1, expect.stringMatching(/proxy error/)]);
  expect(await program.project.plannedActions()).toEqual({});
});

test("an update that meets a lock fails, and works once the lock is gone", async () => {
  await program.apply();
  program.set({ cores: 4 });
  const lock = await add({ kind: "config-lock", vmid: 500 });
  expect((await program.project.apply()).said).toMatch(/can't lock file/);
  await proxmox.control.removeFault(lock);
  await proxmox.control.changeGuest(500, { lock: "backup" });
  expect((await program.project.apply()).said).toMatch(/VM is locked \(backup\)/);
  await proxmox.control.changeGuest(500, { lock: null });
  await applyFinishes();
});

test("a removal that fails leaves the VM in the state", async () => {
  await program.apply();
  await add({ kind: "task", type: "qmdestroy", message: "rbd: image has watchers" });
  const { exitCode, said } = await program.project.destroy();
  expect([exitCode, said]).toEqual([1, expect.stringMatching(/image has watchers/)]);
  expect(await proxmox.control.listGuests()).toHaveLength(1);
});

test("a host that is offline is an error, and nothing is created again", async () => {
  await program.apply();
  await proxmox.control.setHostOnline("pve1", false);
  const { exitCode, said } = await program.project.plan();
  expect([exitCode, said]).toEqual([1, expect.stringMatching(/595.*No route to host/)]);
  await proxmox.control.setHostOnline("pve1", true);
  expect(await program.project.plannedActions()).toEqual({});
});

test("slow answers and cut reads only take longer", async () => {
  await add({ kind: "delay", delayMs: 100, times: null });
  await add({ kind: "drop", method: "GET", skip: 3, times: 1 });
  await applyFinishes();
});

test("an answer that is lost after the VM was created", async () => {
  await add({ kind: "drop", method: "POST", path: QEMU, when: "after" });
  expect((await program.project.apply()).exitCode).toBe(1);
  expect(await proxmox.control.listGuests()).toHaveLength(1);
  // The provider takes the VM that is there for its own on its second try.
  await program.apply();
  expect(await proxmox.control.listGuests()).toHaveLength(1);
});
