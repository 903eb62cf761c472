import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StateLocation } from "../../config/state-location";
import { type Guest, type RunningProxmox, startProxmox } from "../../stand-ins/proxmox";
import { openStore } from "../../state/open-store";
import { snapshot } from "../../state/snapshot";
import { ApiClient } from "../stand-ins/proxmox/support/api-client";
import { type RemoteBackends, startRemoteBackends } from "../state/support/remote-backends";
import { QUICK_KEY } from "../support/quick-key";
import { TofuProject } from "../support/tofu-project";
import { follow } from "./support/guide";
import { Scratch } from "./support/scratch";

/* Each guide's commands, as they are written, and what the guide promises. */

const SCHEMATIC = "ce4c980550dd2ab1b17bbf2b08801c7eb59418eafe8f279833297925d67c7515";
const NODES = `nodes:
  - { name: cp-1, address: 10.20.1.11, controller: true, disk: /dev/sda, mac_addr: "bc:24:11:20:00:11", schematic_id: ${SCHEMATIC}, secureboot: true, vm_id: 7001 }
  - { name: worker-1, address: 10.20.1.21, controller: false, disk: /dev/sda, mac_addr: "bc:24:11:20:00:21", schematic_id: ${SCHEMATIC}, secureboot: true, vm_id: 7011 }
`;
const CLUSTER = `node_cidr: 10.20.0.0/22
node_default_gateway: 10.20.0.1
cluster_api_addr: 10.20.1.10
proxmox_api_url: https://pve.example.internal:8006
proxmox_node: pve1
proxmox_iso_storage: local
proxmox_disk_storage: local-lvm
`;
const HOME_LAB = readFileSync(join(__dirname, "../e2e/fixtures/home-lab.tf"), "utf8");
const PASSPHRASE = "a passphrase that nobody guesses";

let proxmox: RunningProxmox;
let remote: RemoteBackends;
let scratch: Scratch;

beforeAll(async () => {
  remote = await startRemoteBackends();
});
afterAll(() => remote.stop());
beforeEach(async () => {
  proxmox = await startProxmox();
});
afterEach(async () => {
  scratch.remove();
  await proxmox.stop();
});

const env = (more: Readonly<Record<string, string>> = {}) => ({
  ...proxmox.env,
  ...remote.env,
  TF_VAR_state_passphrase: PASSPHRASE,
  TF_ENCRYPTION: QUICK_KEY,
  ...more,
});

/** The cluster of the template, with this backend, as its HCL has made it. @returns the HCL's folder */
async function applyHomeLab(
  backend: string,
  variables: Readonly<Record<string, string>>,
): Promise<TofuProject> {
  const old = new TofuProject(env(variables), scratch.old);
  writeFileSync(join(old.folder, "cluster.yaml"), CLUSTER);
  writeFileSync(join(old.folder, "nodes.yaml"), NODES);
  writeFileSync(join(old.folder, "home-lab.tf"), HOME_LAB);
  writeFileSync(join(old.folder, "backend.tf"), backend);
  await old.ok("init");
  await old.ok("apply", "-auto-approve");
  await answerByAgent();
  return old;
}

/** The provider waits for an agent without an address. */
async function answerByAgent(): Promise<void> {
  for (const { vmid } of await proxmox.control.listGuests())
    await proxmox.control.changeGuest(vmid, { agentAddresses: ["10.20.1.9/22"] });
}

/** Everything of a VM but its tags, which get ours. */
const asItWas = ({ vmid, node, status, started, config: { tags: _, digest: __, ...config } }: Guest) => ({
  vmid,
  node,
  status,
  started,
  config,
});

const S3 = (url: string) => `terraform {
  backend "s3" {
    bucket                      = "tfstate"
    key                         = "proxmox/terraform.tfstate"
    region                      = "auto"
    endpoints                   = { s3 = "${url}" }
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    use_path_style              = true
  }
}
`;

describe.each<
  [
    guide: "hcl-on-worker.md" | "hcl-on-r2.md" | "hcl-with-local-state.md",
    cdktf: "cdktf" | "short",
    from: () => readonly [string, Record<string, string>],
    locked: boolean,
  ]
>([
  [
    "hcl-on-worker.md",
    "cdktf",
    () => {
      const address = `${remote.workerUrl}/states/proxmox`;
      const lock = { TF_HTTP_LOCK_ADDRESS: `${address}/lock`, TF_HTTP_UNLOCK_ADDRESS: `${address}/lock` };
      return ['terraform {\n  backend "http" {}\n}\n', { TF_HTTP_ADDRESS: address, ...lock }];
    },
    true,
  ],
  ["hcl-on-r2.md", "short", () => [S3(remote.s3Url), {}], true],
  ["hcl-with-local-state.md", "short", () => ["", {}], false],
])("%s", (guide, cdktf, from, isLockedOut) => {
  test("no VM is changed, the state goes on from the old one, encrypted, and nothing is left to do", async () => {
    scratch = new Scratch(cdktf);
    const [backend, variables] = from();
    const old = await applyHomeLab(backend, variables);
    const before = await proxmox.control.listGuests();
    const volumes = await proxmox.control.listVolumes();
    expect(before).toHaveLength(2);

    const url = `${remote.workerUrl}/states/proxmox`;
    const said = await follow(
      `migrations/${guide}`,
      scratch.cluster,
      scratch.env({ ...env(variables), STATE_URL: url }),
    );
    expect(said).toContain('proxmox_virtual_environment_vm.talos_node["cp-1"]');
    // The plan, by node: two VMs and the settings of the download. Then the drift.
    expect(said).toMatch(/^3 to change in place$/m);
    expect(said).toMatch(/^no drift/m);

    expect((await proxmox.control.listGuests()).map(asItWas)).toEqual(before.map(asItWas));
    expect(await proxmox.control.listVolumes()).toEqual(volumes);

    const earlier = snapshot(readFileSync(join(scratch.old, "before.tfstate")), "before");
    const now = snapshot(await stateNow(guide), "now");
    expect(now).toMatchObject({ lineage: earlier.lineage, encrypted: true });
    expect(now.serial).toBeGreaterThan(earlier.serial);
    expect(earlier).toMatchObject({ encrypted: false });
    if (isLockedOut) expect(await old.plan()).toMatchObject({ exitCode: 1 });
  });
});

/** The bytes in the place where the guide leaves the state. */
async function stateNow(guide: string): Promise<Uint8Array> {
  const key = guide === "hcl-on-r2.md" ? "proxmox/terraform.tfstate" : "home/terraform.tfstate";
  const place: StateLocation =
    guide === "hcl-on-worker.md"
      ? { backend: "worker", url: `${remote.workerUrl}/states/proxmox` }
      : { backend: "r2", bucket: "tfstate", key };
  return (await openStore(place, remote.env).read()) ?? new Uint8Array();
}

test("vms-without-state.md: VMs made by hand and by Ansible are taken over as they are", async () => {
  scratch = new Scratch("short");
  const admin = new ApiClient(proxmox);
  // One with what the web interface sets, and one with what community.proxmox.proxmox_kvm sends.
  const common = { bios: "ovmf", machine: "q35", ostype: "l26", cpu: "host", onboot: 1, start: 1 };
  const byHand = {
    scsihw: "virtio-scsi-single",
    scsi0: "local-lvm:64,iothread=1",
    efidisk0: "local-lvm:1,efitype=4m,pre-enrolled-keys=1",
    agent: 1,
    numa: 0,
    sockets: 1,
    cores: 4,
    memory: 8192,
    net0: "virtio=BC:24:11:20:00:11,bridge=vmbr0,firewall=1",
    ide2: "none,media=cdrom",
    boot: "order=scsi0;ide2;net0",
  };
  const byAnsible = {
    scsihw: "virtio-scsi-pci",
    scsi0: "local-lvm:256,discard=on,ssd=1",
    efidisk0: "local-lvm:1,efitype=4m",
    cores: 8,
    memory: 16_384,
    balloon: 0,
    net0: "virtio=BC:24:11:20:00:21,bridge=vmbr0",
    description: "made by Ansible",
    tags: "ansible;k8s",
    boot: "order=scsi0",
  };
  for (const [vmid, name, more] of [
    [7001, "cp-1", byHand],
    [7011, "worker-1", byAnsible],
  ] as const)
    expect(await admin.task(admin.post("/nodes/pve1/qemu", { vmid, name, ...common, ...more }))).toBe("OK");
  await answerByAgent();
  const before = await proxmox.control.listGuests();
  const volumes = await proxmox.control.listVolumes();

  const state = "state: { backend: local, path: home.tfstate, encryption: { provider: pbkdf2 } }\n";
  writeFileSync(
    join(scratch.cluster, "cluster.yaml"),
    CLUSTER + NODES.replaceAll(", secureboot: true", "") + state,
  );
  const said = await follow("migrations/vms-without-state.md", scratch.cluster, scratch.env(env()));
  expect(said).toMatch(/^no drift/m);
  expect(said).toMatch(/^1 to create, 2 to change in place$/m);

  const after = await proxmox.control.listGuests();
  expect(after.map(asItWas)).toEqual(before.map(asItWas));
  expect(after.map(({ config }) => config.tags)).toEqual(["talos", "ansible;k8s;talos"]);
  const kept = (await proxmox.control.listVolumes()).filter(({ content }) => content === "images");
  expect(kept).toEqual(volumes);
});
