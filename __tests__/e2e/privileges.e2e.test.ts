import { DATACENTER_PRIVILEGES, PRIVILEGES } from "../../domain/proxmox-privileges";
import type { ClusterNodeProps, ClusterStackProps } from "../../stacks/cluster-stack-props";
import { ApiClient } from "../stand-ins/proxmox/support/api-client";
import { Deployment } from "../support/deployment";
import { cluster, controlPlane, worker } from "../support/nodes";

const disk = { storage: "ceph", sizeGiB: 10 };
const on = (host: string): Partial<ClusterNodeProps> => ({ host, disk, startup: { order: 1 } });
const proxmox = { imageStorage: "nfs", sharedStorages: ["nfs", "ceph"], ha: true };

/** Uses every right that the program can need. */
const everything = cluster(
  [
    controlPlane(1, { ...on("pve1"), pool: "talos", agent: true }),
    controlPlane(2, on("pve2")),
    worker(1, { ...on("pve1"), pciDevices: [{ mapping: "gpu" }] }),
  ],
  { proxmox },
);

/** The cluster with another first node. */
const withFirst = (
  more: Partial<ClusterNodeProps>,
  of: Partial<ClusterStackProps> = {},
): ClusterStackProps => {
  const [first, ...others] = everything.nodes;
  return { ...everything, ...of, nodes: [{ ...(first as ClusterNodeProps), ...more }, ...others] };
};
const newNode: ClusterStackProps = { ...everything, nodes: [...everything.nodes, worker(2, on("pve2"))] };
const newRelease: ClusterStackProps = { ...everything, talosVersion: "v1.13.1" };
const otherNic = withFirst({ networkInterfaces: [{ vlan: 9 }] });

/** For each privilege a change that fails without it, and what is said then if it does not name the privilege. */
const NEEDED_FOR: Readonly<Record<string, readonly [change: ClusterStackProps, said?: RegExp]>> = {
  "Mapping.Use": [withFirst({ pciDevices: [{ mapping: "gpu" }] })],
  "Pool.Allocate": [withFirst({ pool: "other" })],
  "Pool.Audit": [everything, /already a pool member/],
  "SDN.Use": [otherNic],
  "Sys.Audit": [everything],
  "Sys.Console": [{ ...everything, proxmox: { ...proxmox, ha: false } }],
  "Sys.Modify": [withFirst({ startup: { order: 2 } })],
  "VM.Audit": [everything, /no guest at all.*lacks the privilege VM\.Audit/],
  "VM.Config.CPU": [withFirst({ cores: 2 })],
  "VM.Config.Cloudinit": [withFirst({}, { network: { ...everything.network, gateway: "10.20.0.2" } })],
  "VM.Config.Disk": [withFirst({ disk: { ...disk, sizeGiB: 11 } })],
  "VM.Config.HWType": [withFirst({ machine: "pc-q35-9.2" })],
  "VM.Config.Memory": [withFirst({ memoryMiB: 4096 })],
  "VM.Config.Network": [otherNic],
  "VM.Config.Options": [withFirst({ tags: ["more"] })],
  // Of a VM that HA does not manage.
  "VM.Migrate": [
    {
      ...everything,
      nodes: everything.nodes.map((each) => (each.role === "worker" ? { ...each, host: "pve2" } : each)),
    },
  ],
  "VM.Allocate": [newNode, /403.*Permission check failed/],
  "VM.Config.CDROM": [newNode],
  "Datastore.AllocateSpace": [newNode],
  "Datastore.AllocateTemplate": [newRelease],
  "Sys.AccessNetwork": [newRelease],
  // With it, a disk can be read without Datastore.Audit.
  "Datastore.Allocate": [newRelease, /403.*Datastore/],
  "VM.PowerMgmt": [{ ...everything, nodes: everything.nodes.slice(0, 2) }],
};
const GRANTED = [...PRIVILEGES, ...Object.values(DATACENTER_PRIVILEGES)];

let deployment: Deployment;
let admin: ApiClient;
const grant = (privileges: readonly string[]) =>
  admin.ok(admin.put("/access/roles/Provisioner", { privs: privileges.join(",") }));

beforeAll(async () => {
  deployment = await Deployment.start();
  admin = new ApiClient(deployment.proxmox);
  for (const poolid of ["talos", "other"]) await admin.ok(admin.post("/pools", { poolid }));
  const map = ["pve1", "pve2"].map((node) => `node=${node},path=0000:01:00.0,id=10de:1b80`);
  await admin.ok(admin.post("/cluster/mapping/pci", { id: "gpu", map }));
  await admin.ok(admin.post("/access/roles", { roleid: "Provisioner", privs: GRANTED.join(",") }));
  await admin.ok(admin.post("/access/users", { userid: "cdktf@pve" }));
  const { value } = await admin.ok(admin.post("/access/users/cdktf@pve/token/talos", { privsep: 0 }));
  await admin.ok(admin.put("/access/acl", { path: "/", roles: "Provisioner", users: "cdktf@pve" }));
  deployment.env.PROXMOX_VE_API_TOKEN = `cdktf@pve!talos=${value}`;
  await deployment.deploy(everything);
  expect(await deployment.project.plannedActions()).toEqual({});
});
afterAll(() => deployment.stop());

test("every privilege has a change that needs it", () => {
  // The agent is asked only for an adopted VM: see adoption-by-hand.
  expect([...Object.keys(NEEDED_FOR), "VM.GuestAgent.Audit"].sort()).toEqual([...GRANTED].sort());
});

test.each(Object.entries(NEEDED_FOR))(
  "without %s something fails, and says so",
  async (missing, [change, text]) => {
    deployment.write(change);
    const without = GRANTED.filter((each) => each !== missing);
    // Who may change the whole datacenter may also let it download.
    await grant(missing === "Sys.AccessNetwork" ? without.filter((each) => each !== "Sys.Modify") : without);
    const { exitCode, said } = await deployment.project.apply();
    await grant(GRANTED);
    expect([exitCode, said.replace(/[│╷╵] ?/g, "")]).toEqual([
      1,
      expect.stringMatching(text ?? new RegExp(`403.*${missing.replaceAll(".", "\\.")}`)),
    ]);
    if (change.nodes.length !== everything.nodes.length || change === newRelease) {
      await deployment.deploy(everything);
    }
  },
);
