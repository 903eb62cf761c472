import type { ClusterStackProps } from "../../stacks/cluster-stack-props";
import type { FaultInput } from "../../stand-ins/proxmox";
import { Deployment } from "../support/deployment";
import { cluster, controlPlane, worker } from "../support/nodes";

const small = { disk: { storage: "local-lvm", sizeGiB: 10 } };
const props = cluster([controlPlane(1, small), worker(1, small)], { bootMode: "iso" });
const CREATE = { method: "POST", path: "/nodes/{node}/qemu" } as const;
const CONFIG = { method: "PUT", path: "/nodes/{node}/qemu/{vmid}/config" } as const;
const bigger: ClusterStackProps = {
  ...props,
  nodes: props.nodes.map((node) => ({ ...node, memoryMiB: 4096 })),
};

let deployment: Deployment;
beforeEach(async () => {
  deployment = await Deployment.start();
});
afterEach(() => deployment.stop());

/** Applies, and expects each of the two VMs once, running, and an empty plan. */
async function expectWhole(): Promise<void> {
  await deployment.project.ok("apply", "-auto-approve");
  const guests = await deployment.control.listGuests();
  expect(guests.map(({ vmid, status }) => [vmid, status])).toEqual([
    [7011, "running"],
    [7021, "running"],
  ]);
  expect(await deployment.project.plannedActions()).toEqual({});
}

test.each<[string, FaultInput, RegExp]>([
  [
    "answers 500 to every create",
    { kind: "status", status: 500, message: "cluster not ready - no quorum?", times: null, ...CREATE },
    /no quorum/,
  ],
  [
    "fails a create's task",
    { kind: "task", type: "qmcreate", message: "no space left on device" },
    /no space left/,
  ],
  [
    "answers 403 to a create",
    { kind: "status", status: 403, message: "Permission check failed", ...CREATE },
    /403.*Permission check failed/,
  ],
  [
    "fails a download",
    { kind: "task", type: "download", message: "connection reset by peer" },
    /connection reset by peer/,
  ],
  [
    "cuts every connection of a create",
    { kind: "drop", when: "before", times: null, ...CREATE },
    /EOF|connection reset|broken pipe/i,
  ],
])("when Proxmox %s, the error says so and an apply finishes the job", async (_, fault, message) => {
  deployment.write(props);
  await deployment.project.ok("init");
  await deployment.control.addFault(fault);
  const { exitCode, said } = await deployment.project.apply();
  expect([exitCode, said]).toEqual([1, expect.stringMatching(message)]);
  await deployment.control.removeFault();
  await expectWhole();
});

test("a create whose answer is lost makes no second VM", async () => {
  await deployment.control.addFault({ kind: "drop", when: "after", times: 1, ...CREATE });
  deployment.write(props);
  await deployment.project.ok("init");
  await deployment.project.apply();
  await expectWhole();
});

test.each<[string, FaultInput, RegExp]>([
  [
    "holds a VM's configuration lock",
    { kind: "config-lock", vmid: 7011 },
    /can't lock file '\/var\/lock\/qemu-server\/lock-7011\.conf' - got timeout/,
  ],
  [
    "answers 500 to every change",
    { kind: "status", status: 500, message: "got timeout", times: null, ...CONFIG },
    /got timeout/,
  ],
])(
  "when Proxmox %s, an update fails, runs no VM down, and works the next time",
  async (_, fault, message) => {
    await deployment.deploy(props);
    deployment.write(bigger);
    await deployment.control.addFault(fault);
    const { exitCode, said } = await deployment.project.apply();
    expect([exitCode, said]).toEqual([1, expect.stringMatching(message)]);
    await deployment.control.removeFault();
    await expectWhole();
  },
);

test("a token with a wrong secret is reported, and nothing changes", async () => {
  await deployment.deploy(props);
  const before = await deployment.control.listGuests();
  const valid = deployment.env.PROXMOX_VE_API_TOKEN ?? "";
  deployment.env.PROXMOX_VE_API_TOKEN = valid.replace(/=.*/, "=00000000-0000-0000-0000-000000000000");
  const { exitCode, said } = await deployment.project.plan();
  expect([exitCode, said]).toEqual([1, expect.stringMatching(/401/)]);
  expect(said).not.toContain(valid.split("=")[1] ?? "");
  deployment.env.PROXMOX_VE_API_TOKEN = valid;
  expect((await deployment.project.plan()).exitCode).toBe(0);
  expect(await deployment.control.listGuests()).toEqual(before);
});

test("a storage that does not accept imports is named before anything is written", async () => {
  deployment.write({ ...props, bootMode: "disk-image" });
  await deployment.project.ok("init");
  const { exitCode, said } = await deployment.project.apply();
  expect(exitCode).toBe(1);
  expect(said).toContain(
    'storage "local" on "pve1" does not take content of type "import"; allow it under Datacenter > Storage > local > Content',
  );
  expect(await deployment.control.listGuests()).toEqual([]);

  await deployment.control.setStorageContent("local", ["iso", "vztmpl", "backup", "import"]);
  await expectWhole();
});

test("a delete that fails keeps the VM in state, and the next destroy leaves nothing", async () => {
  await deployment.deploy(props);
  deployment.write({ ...props, allowReplace: "all" });
  await deployment.control.addFault({
    kind: "task",
    type: "qmdestroy",
    id: "7011",
    message: "storage is offline",
  });
  const { exitCode, said } = await deployment.project.destroy();
  expect([exitCode, said]).toEqual([1, expect.stringContaining("storage is offline")]);
  expect((await deployment.project.ok("state", "list")).output).toContain(
    "proxmox_virtual_environment_vm.cp-1",
  );

  await deployment.project.ok("destroy", "-auto-approve");
  expect(await deployment.control.listGuests()).toEqual([]);
  expect(await deployment.control.listVolumes()).toEqual([]);
});
