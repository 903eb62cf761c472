import { rmSync } from "node:fs";
import { inventoryOf } from "../../ansible/inventory";
import { type ClusterConfig, parseCluster } from "../../config";
import { DATACENTER_PRIVILEGES, PRIVILEGES } from "../../domain/proxmox-privileges";
import { vmAddress } from "../../domain/virtual-machine";
import { ApiClient } from "../stand-ins/proxmox/support/api-client";
import { Deployment } from "../support/deployment";
import { WatchedArguments } from "../support/watched-arguments";
import { AnsibleMachine, type Played } from "./support/ansible";

/* One cluster, told in order: made by Ansible, adopted by the program, destroyed by Ansible. */

const SCHEMATIC = "ce4c980550dd2ab1b17bbf2b08801c7eb59418eafe8f279833297925d67c7515";
const CLUSTER = `
cluster_name: home
node_cidr: 10.20.0.0/22
node_default_gateway: 10.20.0.1
node_dns_servers: [10.20.0.1, 1.1.1.1]
cluster_api_addr: 10.20.1.10
proxmox_api_url: https://pve.example.internal:8006
proxmox_node: pve1
proxmox_iso_storage: nfs
proxmox_disk_storage: local-lvm
proxmox_shared_storages: [nfs]
boot_mode: disk-image
proxmox_vm_advanced: { scsi_hw: virtio-scsi-single }
state: { backend: local, path: home.tfstate, encryption: { provider: pbkdf2 } }
nodes:
  - { name: cp-1, address: 10.20.1.11, controller: true, disk: /dev/sda, mac_addr: "bc:24:11:20:00:11", schematic_id: ${SCHEMATIC}, secureboot: true, vm_id: 7001, vm_cores: 2, vm_startup_order: 1, vm_startup_delay: 15 }
  - { name: worker-1, address: 10.20.1.21, controller: false, disk: /dev/sda, schematic_id: ${SCHEMATIC}, secureboot: true, vm_id: 7011, proxmox_node: pve2, vm_disk_size: 20, data_disks: [{ slot: 1, size: 50 }] }
`;
/** What is different where VMs boot from an ISO. */
const ISO = `
cluster_name: iso
node_cidr: 10.20.0.0/22
node_default_gateway: 10.20.0.1
cluster_api_addr: 10.20.1.10
proxmox_api_url: https://pve.example.internal:8006
proxmox_node: pve1
proxmox_vm_advanced: { disk_interface: virtio }
state: { backend: local, path: iso.tfstate, encryption: { provider: pbkdf2 } }
nodes:
  - { name: cp-9, address: 10.20.1.19, controller: true, disk: /dev/vda, schematic_id: ${SCHEMATIC}, vm_id: 7009, networks: [{ vlan: 5 }] }
`;
const PLAYBOOK = (name: string) => `ansible-playbook -i inventory.json ansible/${name}.yml`;

const configOf = (text: string): ClusterConfig =>
  parseCluster({ cluster: { file: "cluster.yaml", bytes: Buffer.from(text) } }).config;

let deployment: Deployment;
let machine: AnsibleMachine;
let token: string;

beforeAll(async () => {
  deployment = await Deployment.start();
  token = await leastToken();
  machine = await AnsibleMachine.start({ ...deployment.proxmox.env, PROXMOX_VE_API_TOKEN: token });
});
afterAll(async () => {
  machine?.remove();
  await deployment?.stop();
});

/** A token with the privileges of `proxmox-access`, and no more. */
async function leastToken(): Promise<string> {
  const admin = new ApiClient(deployment.proxmox);
  const roles = { Provisioner: PRIVILEGES.join(","), StartOrder: DATACENTER_PRIVILEGES.startupOrder };
  for (const [roleid, privs] of Object.entries(roles))
    await admin.ok(admin.post("/access/roles", { roleid, privs }));
  await admin.ok(admin.post("/access/users", { userid: "cdktf@pve" }));
  const { value } = await admin.ok(admin.post("/access/users/cdktf@pve/token/talos", { privsep: 0 }));
  const all = { path: "/", users: "cdktf@pve" };
  await admin.ok(admin.put("/access/acl", { ...all, roles: "Provisioner" }));
  await admin.ok(admin.put("/access/acl", { ...all, roles: "StartOrder", propagate: 0 }));
  return `cdktf@pve!talos=${value}`;
}

/** Plays, and wants success. */
async function played(command: string, limit?: string): Promise<Played> {
  const result = await machine.play(command, limit);
  if (result.exitCode !== 0) throw new Error(`${command}: ${result.exitCode}\n${result.output}`);
  return result;
}

/** Plays, and wants a refusal that says this, with nothing written. */
async function refused(command: string, text: string, limit?: string): Promise<void> {
  const before = [await deployment.control.listGuests(), await deployment.control.listVolumes()];
  await deployment.control.clearRequests();
  const { exitCode, said } = await machine.play(command, limit);
  expect([exitCode, said]).toEqual([2, expect.stringContaining(text)]);
  expect(await writes()).toEqual([]);
  expect([await deployment.control.listGuests(), await deployment.control.listVolumes()]).toEqual(before);
}

const writes = async () =>
  (await deployment.control.listRequests())
    .filter(({ method }) => method !== "GET")
    .map(({ method, path }) => `${method} ${path}`);

test("an inventory that is not there is no success", async () => {
  const { exitCode, said } = await machine.play(PLAYBOOK("verify"));
  expect([exitCode, said]).toEqual([1, expect.stringContaining("Completely failed to parse inventory")]);
});

test("create with --check says what it would make, and makes nothing", async () => {
  machine.writeInventory(inventoryOf(configOf(CLUSTER), "talos"));
  await deployment.control.clearRequests();
  const { changed, said } = await played(`${PLAYBOOK("create")} --check`);
  expect(changed).toBe(2);
  expect(said).toContain("msg: VM 7011 on pve2");
  expect(await writes()).toEqual([]);
});

test("nothing is made where an id belongs to another guest, or while a host is down", async () => {
  await deployment.control.addForeignGuest({ vmid: 7011, node: "pve3" });
  await deployment.control.changeGuest(7011, { config: { name: "worker-1" } });
  await refused(
    PLAYBOOK("create"),
    'vm_id 7011 of node "worker-1" is taken by a guest that is not ours',
    "worker-1",
  );
  await deployment.control.removeGuest(7011);

  await deployment.control.setHostOnline("pve3", false);
  await refused(PLAYBOOK("create"), "none can be made while pve3 is down", "worker-1");
  await deployment.control.setHostOnline("pve3", true);
});

test("create makes the VMs, start starts them, verify finds no difference, and a second run changes nothing", async () => {
  const all = "ansible-playbook -i inventory.json ansible/create.yml ansible/start.yml ansible/verify.yml";
  const watched = new WatchedArguments();
  const { changed, said } = await played(all);
  watched.stop();
  // The image once, since its storage is shared; then making, growing and starting each VM.
  expect([changed, said]).toEqual([7, expect.stringContaining("as in cluster.yaml")]);
  const made = await deployment.control.listGuests();
  expect(made.map(({ vmid, node, status }) => [vmid, node, status])).toEqual([
    [7001, "pve1", "running"],
    [7011, "pve2", "running"],
  ]);

  const [, secret = ""] = token.split("=");
  expect(watched.with(["ansible"])).not.toEqual([]);
  expect(watched.with([secret])).toEqual([]);

  await deployment.control.clearRequests();
  expect((await played(all)).changed).toBe(0);
  expect(await writes()).toEqual([]);
  expect(await deployment.control.listGuests()).toEqual(made);
});

test("the program adopts the VMs of the cluster", () => adopt(configOf(CLUSTER)));

/** Imports the VMs, wants a plan that changes what is in no VM, and after its apply one that is empty. */
async function adopt(config: ClusterConfig, notKnown: readonly string[] = []): Promise<void> {
  const { project, control } = deployment;
  const disks = async () => (await control.listVolumes()).filter(({ content }) => content === "images");
  const before = [await control.listGuests(), await disks()];
  deployment.write({
    ...config,
    state: { backend: "local", encryption: { provider: "off", reason: "its plan is looked into" } },
  });
  const ids = config.nodes.map(({ name, host, vmId }) => ({ to: vmAddress(name), id: `${host}/${vmId}` }));
  project.write({ import: ids }, "imports.tf.json");
  await project.ok("init");

  const { exitCode, output } = await project.plan();
  if (exitCode !== 2) throw new Error(output);
  const { resource_changes } = JSON.parse(await project.planJson()) as {
    resource_changes: readonly { address: string; change: Change }[];
  };
  for (const { name } of config.nodes) {
    const planned = resource_changes.find(({ address }) => address === vmAddress(name));
    expect(planned && changedKeys(planned.change)).toEqual([...notKnown, ...OF_THE_PROGRAM]);
  }
  await project.ok("apply", project.planFile);
  expect(await project.plannedActions()).toEqual({});
  expect([await control.listGuests(), await disks()]).toEqual(before);
}

/** Settings of the program itself, which no VM has. */
const OF_THE_PROGRAM = [
  "delete_unreferenced_disks_on_destroy",
  "migrate",
  "reboot_after_update",
  "stop_on_destroy",
];

interface Change {
  readonly before: Record<string, unknown>;
  readonly after: Record<string, unknown>;
}
const changedKeys = ({ before, after }: Change) =>
  Object.keys({ ...before, ...after })
    .filter((key) => JSON.stringify(after[key]) !== JSON.stringify(before[key]))
    .sort();

test("stop shuts down what runs, and verify lists what differs", async () => {
  expect((await played(PLAYBOOK("stop"), "worker-1")).changed).toBe(1);
  await deployment.control.changeGuest(7001, { config: { cores: 6, memory: "2048" } });
  const { exitCode, said } = await machine.play(PLAYBOOK("verify"));
  expect(exitCode).toBe(2);
  expect(said).toContain("cores is 6, and 2 in cluster.yaml");
  // Its memory is not in the file.
  expect(said).not.toContain("memory");
  expect(said).toContain("it is stopped");
});

test("destroy wants the name of the cluster, stops nothing if a VM is protected, and leaves nothing", async () => {
  await refused(PLAYBOOK("destroy"), 'the name of the cluster is "home", and that was not typed', "worker-1");
  await deployment.control.changeGuest(7001, { config: { protection: 1 } });
  await refused(`${PLAYBOOK("destroy")} -e confirm=home`, 'VM 7001 of node "cp-1" is protected. nothing was');
  await deployment.control.changeGuest(7001, { config: { protection: 0 } });

  const { said } = await played(`${PLAYBOOK("destroy")} -e confirm=home`);
  expect(said).toContain("- 'cp-1: VM 7001 on pve1, running' - 'worker-1: VM 7011 on pve2, stopped'");
  expect(await deployment.control.listGuests()).toEqual([]);
  // The image stays.
  const left = (await deployment.control.listVolumes()).map(({ content }) => content);
  expect(left).toEqual(["import"]);
});

test("a VM that boots from an ISO is adopted the same way", async () => {
  rmSync(deployment.project.stateFile);
  machine.writeInventory(inventoryOf(configOf(ISO), "talos"));
  await played(PLAYBOOK("create"));
  // The image is to be downloaded again, so its name in the drive is not known.
  await adopt(configOf(ISO), ["cdrom"]);
});
