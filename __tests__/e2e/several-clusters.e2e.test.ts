import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningProxmox, startProxmox } from "../../stand-ins/proxmox";
import { runProgram } from "../support/running-program";
import { TofuProject } from "../support/tofu-project";

const folder = mkdtempSync(join(tmpdir(), "several-clusters-"));
const out = join(folder, "out");
let proxmox: RunningProxmox;

/** A cluster in its own network; besides that, all of them have the same nodes and the same image. */
const cluster = (name: string, net: number) => `node_cidr: 10.20.${net}.0/24
cluster_api_addr: 10.20.${net}.5
proxmox_api_url: https://pve.example.com:8006
talos_schematic: { extensions: [siderolabs/qemu-guest-agent] }
nodes:
  - { name: cp-1, address: 10.20.${net}.11, controller: true, disk: /dev/sda, proxmox_node: pve1 }
node_pools:
  - { name: worker, hosts: [pve1, pve2], first_address: 10.20.${net}.21 }
state:
  backend: local
  path: ${folder}/${name}.tfstate
  encryption: { provider: "off", reason: nobody reads it here }
`;

beforeAll(async () => {
  proxmox = await startProxmox();
  for (const [index, name] of ["production", "staging"].entries()) {
    mkdirSync(join(folder, "clusters", name), { recursive: true });
    writeFileSync(join(folder, "clusters", name, "cluster.yaml"), cluster(name, index));
  }
});
afterAll(async () => {
  await proxmox?.stop();
  rmSync(folder, { recursive: true });
});

test("one of two is planned, deployed and destroyed, and nothing of the other is touched", async () => {
  const env = { ...proxmox.env, CLUSTER_CONFIG: folder, CDKTF_OUTDIR: out };
  const synth = await runProgram("main.ts", [], { env: { ...process.env, ...env } });
  expect(synth).toMatchObject({ code: 0 });
  const project = (name: string) => new TofuProject(proxmox.env, join(out, "stacks", name));
  const [production, staging] = [project("production"), project("staging")];
  const ids = async () => (await proxmox.control.listGuests()).map(({ vmid }) => vmid).sort();
  const ours = [1000011, 1000021, 1000022];
  const theirs = [1001011, 1001021, 1001022];

  for (const each of [production, staging]) {
    await each.ok("init");
    await each.ok("apply", "-auto-approve");
  }
  expect(await ids()).toEqual([...ours, ...theirs]);
  expect((await production.plan()).exitCode).toBe(0);

  // As ALLOW_REPLACE=all does.
  const file = join(staging.folder, "cdk.tf.json");
  const guarded = readFileSync(file, "utf8");
  writeFileSync(file, guarded.replaceAll('"prevent_destroy": true', '"prevent_destroy": false'));
  await staging.ok("destroy", "-auto-approve");
  expect(await ids()).toEqual(ours);
  // Its image is there too: the other cluster had a file of its own.
  expect((await production.plan()).exitCode).toBe(0);
});
