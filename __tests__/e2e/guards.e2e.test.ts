import { once } from "node:events";
import { rmSync } from "node:fs";
import { reviewPlan } from "../../plan";
import { Deployment } from "../support/deployment";
import { cluster, controlPlane, worker } from "../support/nodes";
import { waitUntil } from "../support/wait-until";

const small = { disk: { storage: "local-lvm", sizeGiB: 10 } };
const iso = { bootMode: "iso" as const };
const VM = "/nodes/{node}/qemu";

let deployment: Deployment;
beforeEach(async () => {
  deployment = await Deployment.start();
});
afterEach(() => deployment.stop());

/** The requests to Proxmox that change something. */
const writes = async () =>
  (await deployment.control.listRequests()).filter(({ method }) => method !== "GET").map((r) => r.path);

describe("a VM id that is taken", () => {
  const props = cluster([controlPlane(1, small)], iso);

  test.each([
    ["by a VM", "qemu" as const, "web-1"],
    ["by a VM with our node's name but without our tag", "qemu" as const, "cp-1"],
    ["by a container", "lxc" as const, "dns"],
    ["by a container that is called like our node", "lxc" as const, "cp-1"],
  ])("%s is refused before any write, and the guest lives on", async (_, type, name) => {
    const config: Record<string, string> = type === "lxc" ? { hostname: name } : { name };
    const foreign = await deployment.control.addForeignGuest({ vmid: 7011, node: "pve2", type, config });
    deployment.write(props);
    await deployment.project.ok("init");

    const { exitCode, said } = await deployment.project.apply();
    expect(exitCode).toBe(1);
    expect(said).toContain(
      `vm_id 7011 of node "cp-1" is taken by a guest that is not ours: "${type === "lxc" ? "container " : ""}${name}" on pve2.`,
    );
    expect(await writes()).toEqual([]);

    deployment.write({ ...props, allowReplace: "all" });
    await deployment.project.ok("destroy", "-auto-approve");
    expect(await deployment.control.listGuests()).toEqual([foreign]);
  });

  test("by the same node under its old name is refused with the advice to set renamed_from", async () => {
    await deployment.deploy(props);
    deployment.write(cluster([{ ...controlPlane(1, small), name: "control-1" }], iso));
    const { exitCode, said } = await deployment.project.plan();
    expect([exitCode, said]).toEqual([1, expect.stringContaining("set renamed_from")]);
  });
});

test("another vm_id would be another VM, so it is refused until the node is named in ALLOW_REPLACE", async () => {
  const props = cluster([controlPlane(1, small)], iso);
  await deployment.deploy(props);
  const changed = cluster([controlPlane(1, { ...small, vmId: 7099 })], iso);
  deployment.write(changed);
  const refused = await deployment.project.apply();
  expect([refused.exitCode, refused.said]).toEqual([1, expect.stringContaining("cannot be destroyed")]);
  expect([...(await deployment.guests()).keys()]).toEqual([7011]);

  await deployment.deploy({ ...changed, allowReplace: ["cp-1"] });
  expect([...(await deployment.guests()).keys()]).toEqual([7099]);

  // The precondition lets our own VM pass, so only the review sees that the state is lost.
  rmSync(deployment.project.stateFile);
  expect(await deployment.replan(changed)).toMatchObject({
    "proxmox_virtual_environment_vm.cp-1": ["create"],
  });
  const { refused: losses } = reviewPlan(await deployment.project.planJson());
  expect(losses).toMatchObject([{ allow: "new-state", address: "proxmox_virtual_environment_vm.cp-1" }]);
});

test.each([
  ["scsi", "virtio"],
  ["virtio", "scsi"],
] as const)(
  "no plan moves the disk that a VM starts from: from %s to %s is refused",
  async (made, wanted) => {
    const onBus = (diskInterface: "scsi" | "virtio") =>
      cluster([controlPlane(1, { ...small, diskInterface, dataDisks: [{ ...small.disk, slot: 1 }] })], iso);
    await deployment.deploy(onBus(made));
    expect(await deployment.replan(onBus(made))).toEqual({});
    const before = await deployment.guests();
    expect(before.get(7011)?.config).toMatchObject({
      boot: `order=${made}0;ide2`,
      [`${made}0`]: expect.any(String),
    });

    deployment.write(onBus(wanted));
    const { exitCode, said } = await deployment.project.apply();
    expect([exitCode, said.replace(/[│╷╵] ?/g, "")]).toEqual([
      1,
      expect.stringContaining(
        `the first disk of "cp-1" is ${made}0, not ${wanted}0, and no plan moves the disk that a VM starts from. nothing was changed. set disk_interface: ${made}`,
      ),
    ]);
    expect(await deployment.guests()).toEqual(before);
  },
);

test("a first start that fails says so and keeps the disks; untaint keeps them, and the VM is started by hand", async () => {
  await deployment.control.addFault({ kind: "task", type: "qmstart", message: "no space left on device" });
  const props = cluster([controlPlane(1, small)], iso);
  deployment.write(props);
  await deployment.project.ok("init");
  const failed = await deployment.project.apply();
  expect([failed.exitCode, failed.said]).toEqual([1, expect.stringContaining("no space left on device")]);
  const disks = (await deployment.control.listVolumes()).filter(({ vmid }) => vmid === 7011);

  const again = await deployment.project.apply();
  expect([again.exitCode, again.said]).toEqual([1, expect.stringContaining("cannot be destroyed")]);
  expect(again.said).toContain("proxmox_virtual_environment_vm.cp-1");

  await deployment.project.ok("untaint", "proxmox_virtual_environment_vm.cp-1");
  await deployment.project.ok("apply", "-auto-approve");
  expect((await deployment.control.listVolumes()).filter(({ vmid }) => vmid === 7011)).toEqual(disks);
  expect((await deployment.guests()).get(7011)?.status).toBe("stopped");
  await deployment.control.changeGuest(7011, { power: "start" });
  expect((await deployment.project.plan()).exitCode).toBe(0);
});

test.each([
  ["memory", { memoryMiB: 4096 }],
  ["cores", { cores: 2 }],
])("a disk that grows together with %s takes two applies on a running VM", async (_, more) => {
  const props = cluster([controlPlane(1, small)], iso);
  await deployment.deploy(props);
  deployment.write(cluster([controlPlane(1, { ...more, disk: { storage: "local-lvm", sizeGiB: 12 } })], iso));
  const { exitCode, said } = await deployment.project.apply();
  expect([exitCode, said]).toEqual([1, expect.stringContaining("cannot resize disks")]);
  await deployment.project.ok("apply", "-auto-approve");
  expect((await deployment.guests()).get(7011)).toMatchObject({
    status: "running",
    config: { scsi0: expect.stringContaining("size=12G") },
  });
  expect((await deployment.project.plan()).exitCode).toBe(0);
});

test("kill -9 in the middle of a create leaves no second VM, and the next apply continues", async () => {
  const props = cluster([controlPlane(1, small), worker(1, small)], iso);
  deployment.write(props);
  await deployment.project.ok("init");
  // The start is delayed, so that the VM exists but is not in the state yet.
  await deployment.control.addFault({
    kind: "delay",
    delayMs: 60_000,
    method: "POST",
    path: `${VM}/{vmid}/status/start`,
    times: null,
  });
  const child = deployment.project.start(["apply", "-input=false", "-auto-approve"]);
  const closed = once(child, "close");
  await waitUntil(async () => (await deployment.control.listGuests()).length === 2);
  process.kill(-(child.pid ?? 0), "SIGKILL");
  await closed;
  await deployment.control.removeFault();

  expect(await deployment.project.plan()).toMatchObject({ exitCode: 2 });
  await deployment.project.ok("apply", "-auto-approve");
  const guests = await deployment.control.listGuests();
  expect(guests.map(({ vmid, status }) => [vmid, status])).toEqual([
    [7011, "running"],
    [7021, "running"],
  ]);
  expect(await deployment.project.plannedActions()).toEqual({});
});
