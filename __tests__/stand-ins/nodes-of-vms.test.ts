import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runNodesOnVms } from "../../stand-ins/nodes-of-vms";
import { type RunningProxmox, startProxmox } from "../../stand-ins/proxmox";
import { waitUntil } from "../support/wait-until";
import { ApiClient, type Form } from "./proxmox/support/api-client";
import { TestCluster } from "./talos/support/cluster";

/** A VM and its node, told in order: each test goes on where the one before ended. */

const NODES = [
  { name: "cp-1", address: "10.20.1.11" },
  { name: "w-1", address: "10.20.1.21" },
];
const VM = "/nodes/pve1/qemu";

let folder: string;
let proxmox: RunningProxmox;
let api: ApiClient;
let cluster: TestCluster;
let end: () => void;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "nodes-of-vms-"));
  await start();
  await api.task(
    api.post("/nodes/pve1/storage/nfs/download-url", {
      ...{ url: "https://images.example/talos.qcow2", content: "import", filename: "talos.qcow2" },
    }),
  );
});
afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  proxmox = await startProxmox({ dataDir: join(folder, "proxmox") });
  api = new ApiClient(proxmox);
  cluster = await TestCluster.start(
    { nodes: NODES, platform: "nocloud", poweredOn: false, folder: join(folder, "talos") },
    cluster?.secrets,
  );
  end = runNodesOnVms(proxmox, cluster.talos);
}

async function stop(): Promise<void> {
  end();
  await cluster.stop();
  await proxmox.stop();
}

const disk = { scsi0: "local-lvm:0,import-from=nfs:import/talos.qcow2" };
const create = (vmid: number, form: Form) => api.task(api.post(VM, { vmid, ...disk, start: 1, ...form }));
const power = (vmid: number, state: string) => api.task(api.post(`${VM}/${vmid}/status/${state}`));
const destroy = async (vmid: number) => {
  await power(vmid, "stop");
  await api.task(api.delete(`${VM}/${vmid}`));
};
const reached = (index: number, condition: string) =>
  cluster.until(index, (node) => node.condition === condition && node.reachable === (condition !== "OFF"));

test("a node is off as long as there is no VM, and boots with it", async () => {
  expect(cluster.talos.control.listNodes().map(({ condition }) => condition)).toEqual(["OFF", "OFF"]);
  await create(201, { name: "cp-1" });
  await reached(0, "MAINTENANCE");
  expect(cluster.node(1).condition).toBe("OFF");
});

test("the address of cloud-init decides, before the name", async () => {
  await create(202, { name: "other", ide2: "local-lvm:cloudinit", ipconfig0: "ip=10.20.1.21/24" });
  await reached(1, "MAINTENANCE");
});

test("a VM without an operating system is no node", async () => {
  await destroy(202);
  await create(202, { name: "w-1", scsi0: "local-lvm:8" });
  expect((await proxmox.control.listGuests()).find(({ vmid }) => vmid === 202)?.status).toBe("running");
  await reached(1, "OFF");
  await destroy(202);
});

test("a node keeps its disks when its VM is stopped, and when the host of the VM is down", async () => {
  await cluster.configureControlPlane(0);
  await cluster.secure(0).unary("Bootstrap");
  const { bootId, etcdMember } = cluster.node(0);
  await power(201, "stop");
  await reached(0, "OFF");
  await power(201, "start");
  await reached(0, "RUNNING");
  expect(cluster.node(0)).toMatchObject({ etcdMember, hostname: "cp-0" });
  expect(cluster.node(0).bootId).not.toBe(bootId);
  await proxmox.control.setHostOnline("pve1", false);
  await reached(0, "OFF");
  await proxmox.control.setHostOnline("pve1", true);
  await reached(0, "RUNNING");
});

test("a reboot of the VM is one of the node", async () => {
  const { bootId } = cluster.node(0);
  await power(201, "reboot");
  await cluster.until(0, (node) => node.bootId !== bootId && node.condition === "RUNNING" && node.reachable);
});

test("a node that shuts itself down stops its VM", async () => {
  await cluster.secure(0).unary("Shutdown");
  const status = async () => (await proxmox.control.listGuests()).find(({ vmid }) => vmid === 201)?.status;
  await waitUntil(async () => (await status()) === "stopped");
  expect(cluster.node(0).condition).toBe("OFF");
  await power(201, "start");
  await reached(0, "RUNNING");
});

test("both go on where they were", async () => {
  await stop();
  await start();
  await reached(0, "RUNNING");
  const { bootId } = cluster.node(0);
  await api.task(api.post(`${VM}`, { vmid: 300 }));
  expect(cluster.node(0).bootId).toBe(bootId);
});

test("a VM that is made anew is in maintenance", async () => {
  await destroy(201);
  await reached(0, "OFF");
  await create(201, { name: "cp-1" });
  await reached(0, "MAINTENANCE");
  expect(cluster.node(0).etcdMember).toBeUndefined();
});
