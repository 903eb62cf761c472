import { join } from "node:path";
import { type RunningProxmox, startProxmox } from "../../stand-ins/proxmox";
import { ApiClient } from "../stand-ins/proxmox/support/api-client";
import { ROOT, startProgram } from "../support/running-program";

/* `npm run pending` on the six-node example, whose VMs are made on the stand-in by hand. */

const VM_IDS = [7001, 7002, 7003, 7011, 7012, 7013];

let proxmox: RunningProxmox;
let api: ApiClient;

beforeEach(async () => {
  proxmox = await startProxmox();
  api = new ApiClient(proxmox);
  for (const vmid of VM_IDS) {
    const config = { memory: "2048", cores: 2, net0: "virtio=BC:24:11:00:00:01,bridge=vmbr0" };
    await proxmox.control.addForeignGuest({ vmid, node: "pve2", config });
  }
});
afterEach(() => proxmox.stop());

async function run(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const { PROXMOX_VE_INSECURE: _insecure, ...inherited } = process.env;
  const program = startProgram("cli/pending.ts", args, {
    env: { ...inherited, CLUSTER_CONFIG: join(ROOT, "examples/six-nodes"), ...proxmox.env, ...env },
  });
  const code = await program.ended;
  return { code, said: program.said(), out: program.lines().join("\n") };
}
const update = (vmid: number, form: Record<string, string | number>) =>
  api.put(`/nodes/pve2/qemu/${vmid}/config`, form);

test("nothing waits", async () => {
  expect(await run()).toMatchObject({
    code: 0,
    said: expect.stringContaining("nothing waits for a restart (VMs read: 6)"),
  });
});

test("a change that waits and a device that goes, as a table and as JSON", async () => {
  await api.ok(update(7001, { memory: 4096 }));
  await proxmox.control.addFault({ kind: "hot-unplug", vmid: 7011 });
  expect((await update(7011, { delete: "net0" })).status).toBe(400);
  const { code, out } = await run();
  expect(code).toBe(2);
  expect(out.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
    ["node", "vm", "host", "option", "now", "after the next start"],
    ["cp-1", "7001", "pve2", "memory", "2048", "4096"],
    ["worker-1", "7011", "pve2", "net0", "virtio=BC:24:11:00:00:01,bridge=vmbr0", "(removed)"],
  ]);
  const json = await run(["--json"]);
  expect(json.code).toBe(2);
  const { nodes } = JSON.parse(json.out) as { readonly nodes: readonly unknown[] };
  expect(nodes).toHaveLength(6);
  expect(nodes[0]).toEqual({
    name: "cp-1",
    vmId: 7001,
    host: "pve2",
    changes: [{ key: "memory", current: "2048", pending: "4096" }],
  });
  expect(nodes[3]).toMatchObject({ changes: [{ key: "net0", pending: null }] });
});

test("a VM that is not there and a host that is offline are errors, and the others are read", async () => {
  await proxmox.control.removeGuest(7002);
  await api.ok(update(7001, { memory: 4096 }));
  await proxmox.control.addForeignGuest({ vmid: 7002, node: "pve3" });
  await proxmox.control.setHostOnline("pve3", false);
  await proxmox.control.removeGuest(7003);
  const { code, said } = await run();
  expect(code).toBe(1);
  expect(said).toMatch(/^cp-2: GET https:.*\/nodes\/pve3\/qemu\/7002\/pending: 595 No route to host$/m);
  expect(said).toMatch(/^cp-3: there is no VM 7003, or the token lacks VM\.Audit on it$/m);
  expect(said).toMatch(/cp-1 +7001 +pve2 +memory/);
});

test.each<[string, NodeJS.ProcessEnv, RegExp]>([
  [
    "no token",
    { PROXMOX_VE_API_TOKEN: "" },
    /PROXMOX_VE_API_TOKEN is not set: .*; export PROXMOX_VE_API_TOKEN, or put proxmox_api_token into secrets\.sops\.yaml/,
  ],
  [
    "a wrong token",
    { PROXMOX_VE_API_TOKEN: "tofu@pve!ci=wrong" },
    /401 Authentication failed!; is PROXMOX_VE_API_TOKEN right, and not expired\?/,
  ],
  ["an unknown CA", { SSL_CERT_FILE: "" }, /name the CA of Proxmox in SSL_CERT_FILE/],
  ["no file with the CA", { SSL_CERT_FILE: "/nowhere.pem" }, /SSL_CERT_FILE names \/nowhere\.pem/],
  ["no Proxmox", { PROXMOX_VE_ENDPOINT: "https://127.0.0.1:1/" }, /ECONNREFUSED/],
])("%s", async (_, env, text) => {
  const { code, said } = await run([], env);
  expect(code).toBe(1);
  expect(said).toMatch(text);
  expect(said).not.toMatch(/^ {4}at /m);
});

test("any certificate is accepted where that is asked for", async () => {
  expect((await run([], { SSL_CERT_FILE: "", PROXMOX_VE_INSECURE: "true" })).code).toBe(0);
});
