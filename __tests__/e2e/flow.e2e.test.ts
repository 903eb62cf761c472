import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningProxmox, startProxmox } from "../../stand-ins/proxmox";
import { useBackends } from "../state/support/use-backends";
import { inheritedEnv } from "../support/inherited-env";
import { runProgram } from "../support/running-program";

const folder = mkdtempSync(join(tmpdir(), "flow-"));
const remote = useBackends();
let proxmox: RunningProxmox;
beforeAll(async () => {
  proxmox = await startProxmox();
});
afterAll(async () => {
  await proxmox.stop();
  rmSync(folder, { recursive: true });
});

/** Writes a cluster of one control plane and some workers. */
function write(workers: number): void {
  const worker = (n: number) =>
    `  - { name: worker-${n}, address: 10.20.0.2${n}, controller: false, disk: /dev/sda, proxmox_node: pve1 }\n`;
  writeFileSync(
    join(folder, "cluster.yaml"),
    `cluster_name: home
node_cidr: 10.20.0.0/24
cluster_api_addr: 10.20.0.5
proxmox_api_url: https://pve.example.com:8006
talos_schematic: { extensions: [siderolabs/qemu-guest-agent] }
nodes:
  - { name: cp-1, address: 10.20.0.11, controller: true, disk: /dev/sda, proxmox_node: pve1 }
${Array.from({ length: workers }, (_, index) => worker(index + 1)).join("")}state:
  backend: worker
  url: ${remote.workerUrl}/states/home
  key: home.tfstate
`,
  );
}

const run = (command: string, ...args: string[]) =>
  runProgram("cli/cdktf.ts", [command, ...args, "-o", join(folder, "out")], {
    env: {
      ...inheritedEnv(),
      ...proxmox.env,
      ...remote.env,
      CLUSTER_CONFIG: folder,
      TF_VAR_state_passphrase: "correct horse battery staple",
      TF_CLI_ARGS: "-no-color",
    },
  });
const vms = async () => (await proxmox.control.listGuests()).map(({ config }) => config.name).sort();

test("a plan is kept, applied as it is, and refused once the state has moved; a deploy refuses, a destroy keeps the state", async () => {
  write(2);
  const file = join(folder, "kept/plan.bin");
  const planned = await run("plan", "--out", file, "--summary", "--lock-timeout", "10s");
  expect(planned).toMatchObject({ code: 0, said: expect.stringMatching(/to create\n.*npm run apply -- /s) });
  expect(readFileSync(file, "utf8")).toMatch(/encrypted_data/);

  const applied = await run("apply", file);
  expect(applied).toMatchObject({ code: 0 });
  expect(await vms()).toEqual(["cp-1", "worker-1", "worker-2"]);
  const again = await run("apply", file);
  expect(again).toEqual({
    code: 1,
    said: expect.stringContaining(
      "the plan was made when there was no state, and there is one now, of serial",
    ),
  });

  write(1);
  const refused = await run("deploy", "--auto-approve", "--summary");
  expect(refused).toEqual({
    code: 3,
    said: expect.stringMatching(/refused: worker-2 .* pass --allow worker-2/),
  });
  expect(await vms()).toEqual(["cp-1", "worker-1", "worker-2"]);
  const destroyed = await run("destroy", "--yes", "home", "--summary");
  expect(destroyed).toEqual({
    code: 0,
    said: expect.stringMatching(/to DESTROY\n.*the state of before is kept: version \S+ in worker /s),
  });
  expect(await vms()).toEqual([]);
  expect(existsSync(join(folder, "out/stacks/cluster/plan"))).toBe(false);
});
