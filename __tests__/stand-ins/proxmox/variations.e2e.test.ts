import { type RunningProxmox, startProxmox } from "../../../stand-ins/proxmox";
import { Program } from "./support/program";

let proxmox: RunningProxmox;
let program: Program;

beforeAll(async () => {
  proxmox = await startProxmox();
  program = new Program("variations", proxmox);
  await program.init();
});
afterAll(async () => {
  program.project.remove();
  await proxmox.stop();
});

test("every kind of VM is read as it was written, and is destroyed completely", async () => {
  await program.apply();
  expect(await program.project.plannedActions()).toEqual({});
  expect((await proxmox.control.listGuests()).map(({ vmid, status }) => [vmid, status])).toEqual([
    [100, "running"],
    [401, "stopped"],
    [402, "running"],
    [403, "running"],
    [404, "running"],
    [405, "running"],
  ]);
  await program.project.ok("destroy", "-input=false", "-auto-approve");
  expect(await proxmox.control.listGuests()).toEqual([]);
  expect(await proxmox.control.listVolumes()).toEqual([]);
});
