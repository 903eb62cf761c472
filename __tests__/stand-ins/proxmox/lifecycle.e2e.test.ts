import { type Guest, type RunningProxmox, startProxmox } from "../../../stand-ins/proxmox";
import { ApiClient } from "./support/api-client";
import { Program } from "./support/program";

let proxmox: RunningProxmox;
let program: Program;

beforeAll(async () => {
  proxmox = await startProxmox();
  program = new Program("cluster", proxmox);
  await program.init();
});
afterAll(async () => {
  program.project.remove();
  await proxmox.stop();
});

const guest = async (vmid: number): Promise<Guest> => {
  const found = (await proxmox.control.listGuests()).find((each) => each.vmid === vmid);
  if (!found) throw new Error(`no VM ${vmid}`);
  return found;
};
const changed = (...nodes: string[]) =>
  Object.fromEntries(nodes.map((node) => [`proxmox_virtual_environment_vm.node["${node}"]`, ["update"]]));

/** Each test continues from the state that the previous one has left. */
describe("the real provider against the stand-in", () => {
  test("an apply creates everything, running", async () => {
    await program.apply();
    const guests = await proxmox.control.listGuests();
    expect(guests.map(({ vmid, node, status, pool }) => [vmid, node, status, pool])).toEqual([
      [201, "pve1", "running", "talos"],
      [202, "pve2", "running", "talos"],
      [203, "pve2", "running", undefined],
    ]);
  });

  test("a second plan is empty", async () => {
    expect(await program.project.plannedActions()).toEqual({});
  });

  test("memory and cores change in place and take effect", async () => {
    expect(await program.set({ memory: 6144, cores: 4 }).project.plannedActions()).toEqual(changed("a", "b"));
    await program.apply();
    expect(await guest(201)).toMatchObject({
      status: "running",
      config: { memory: "6144", cores: 4 },
      pending: {},
    });
    expect(await program.project.plannedActions()).toEqual({});
  });

  test("disks grow, come and go; NICs come; tags are sorted", async () => {
    await program.apply({
      boot_disk: 30,
      data_disks: { scsi1: 60, scsi2: 10 },
      bridges: ["vmbr0", "vmbr1"],
      tags: ["worker", "talos", "a"],
    });
    expect((await guest(202)).config).toMatchObject({
      scsi0: expect.stringMatching(/^local-lvm:vm-202-disk-1,.*size=30G/),
      scsi1: expect.stringMatching(/size=60G/),
      scsi2: expect.stringMatching(/size=10G/),
      net1: "virtio=BC:24:11:00:01:02,bridge=vmbr1,firewall=0,mtu=1450,queues=4,tag=100",
      tags: "a;talos;worker",
    });
    expect(await program.project.plannedActions()).toEqual({});

    await program.apply({ data_disks: { scsi1: 60 }, bridges: ["vmbr0"] });
    const { config } = await guest(202);
    expect([config.scsi2, config.net1]).toEqual([undefined, undefined]);
    expect(config.unused0).toMatch(/^local-lvm:vm-202-disk-\d$/);
    expect(await program.project.plannedActions()).toEqual({});
  });

  test("a disk that would shrink is refused", async () => {
    const { exitCode, output } = await program.set({ boot_disk: 20 }).project.apply();
    expect([exitCode, output]).toEqual([1, expect.stringContaining("Cannot shrink")]);
    program.set({ boot_disk: 30 });
  });

  test.each([
    ["a managed VM", true, "pve3"],
    ["a VM that is not managed", false, "pve1"],
  ])("%s moves to another host with its disks", async (_, ha, host) => {
    await program.apply({ ha });
    expect(await program.set({ host_of_b: host }).project.plannedActions()).toEqual(changed("b"));
    await program.apply();
    expect(await guest(202)).toMatchObject({ node: host, status: "running" });
    const disks = (await proxmox.control.listVolumes()).filter(({ vmid }) => vmid === 202);
    expect(new Set(disks.map(({ node }) => node))).toEqual(new Set([host]));
    expect(await program.project.plannedActions()).toEqual({});
  });

  test("a VM that somebody stopped or destroyed comes back", async () => {
    await proxmox.control.changeGuest(201, { power: "stop" });
    await proxmox.control.removeGuest(202);
    expect(await program.project.plannedActions()).toMatchObject({
      ...changed("a"),
      'proxmox_virtual_environment_vm.node["b"]': ["create"],
    });
    await program.apply();
    expect((await proxmox.control.listGuests()).map(({ status }) => status)).toEqual(
      Array(3).fill("running"),
    );
  });

  test("a destroy leaves nothing", async () => {
    await program.apply({ ha: true, host_of_b: "pve2" });
    await program.project.ok("destroy", "-input=false", "-auto-approve");
    expect(await proxmox.control.listGuests()).toEqual([]);
    expect(await proxmox.control.listVolumes()).toEqual([]);
    const api = new ApiClient(proxmox);
    for (const path of ["/pools", "/cluster/ha/resources", "/cluster/ha/rules", "/cluster/mapping/pci"]) {
      expect([path, await api.ok(api.get(path))]).toEqual([path, []]);
    }
    expect(JSON.stringify(await api.ok(api.get("/access/users")))).not.toContain("provisioner");
    expect(JSON.stringify(await api.ok(api.get("/access/roles")))).not.toContain("Provisioner");
  });
});
