import { DEFAULT_STORAGES, type RunningProxmox, startProxmox } from "../../stand-ins/proxmox";
import { ApiClient } from "../stand-ins/proxmox/support/api-client";
import { linesOf, removeSites, type SiteProps, site } from "./support/site";

/* The checks that ask Proxmox, each on a stand-in that is as it should be, and then with a fault. */

const GIB = 1024 ** 3;
/** The nodes of the smallest cluster. */
const VM_IDS = { "cp-1": 101, "cp-2": 102, "cp-3": 103, "worker-1": 111 } as const;
const STATE = "state: { encryption: { provider: off, reason: a test } }\n";

let proxmox: RunningProxmox;
let admin: ApiClient;

beforeEach(async () => {
  proxmox = await startProxmox();
  admin = new ApiClient(proxmox);
});
afterEach(async () => {
  removeSites();
  await proxmox.stop();
});

const at = ({ yaml = STATE, env = {}, ...more }: SiteProps = {}) =>
  site({ yaml, env: { ...proxmox.env, ...env }, ...more });
const check = (name: string, props?: SiteProps) => linesOf(name, at(props));

/** The VM of a node, as a deploy has made it. */
const addVm = (name: keyof typeof VM_IDS, config: Record<string, string | number> = {}) =>
  proxmox.control.addForeignGuest({
    vmid: VM_IDS[name],
    node: "pve1",
    config: { name, tags: "kubernetes;talos", memory: "2048", ...config },
  });

describe("proxmox", () => {
  test("passes with its version", async () => {
    expect(await check("proxmox")).toEqual(["pass Proxmox VE 9.2.11"]);
  });

  test.each<[string, NodeJS.ProcessEnv, RegExp]>([
    [
      "no token",
      { PROXMOX_VE_API_TOKEN: "" },
      /^fail PROXMOX_VE_API_TOKEN is not set: .* → export PROXMOX_VE_API_TOKEN, or put proxmox_api_token into/,
    ],
    [
      "a wrong token",
      { PROXMOX_VE_API_TOKEN: "a@pve!b=c" },
      /^fail .*401 .* → is PROXMOX_VE_API_TOKEN right/,
    ],
    ["an unknown CA", { SSL_CERT_FILE: "" }, /^fail .* → name the CA of Proxmox in SSL_CERT_FILE/],
    ["no Proxmox", { PROXMOX_VE_ENDPOINT: "https://127.0.0.1:1/" }, /^fail .*ECONNREFUSED/],
  ])("fails with %s, and the checks behind it say that they were not made", async (_, env, text) => {
    expect(await check("proxmox", { env })).toEqual([expect.stringMatching(text)]);
    for (const name of ["privileges", "storages", "bridges", "vm-ids", "addresses", "clock", "pending"]) {
      expect(await check(name, { env })).toEqual([
        expect.stringMatching(
          /^(warn not checked: Proxmox cannot be reached|fail PROXMOX_VE_API_TOKEN is not set)/,
        ),
      ]);
    }
  });

  test("fails with Proxmox VE 8", async () => {
    await proxmox.stop();
    proxmox = await startProxmox({ version: "8.4.14" });
    expect(await check("proxmox")).toEqual([
      "fail Proxmox VE 8.4.14: its API lacks privileges of version 9 → upgrade it to 9",
    ]);
  });

  test("fails with a host that is offline, and one that is misspelt", async () => {
    await proxmox.control.setHostOnline("pve2", false);
    const yaml = (valid: string) =>
      valid
        .replace("proxmox_node: pve1", "proxmox_node: pve2")
        .replace("name: cp-1", "proxmox_node: PVE1\n    name: cp-1") + STATE;
    expect(await check("proxmox", { yaml })).toEqual([
      "pass Proxmox VE 9.2.11",
      "fail there is no host PVE1, only pve1, pve2, pve3 → correct proxmox_node; upper and lower case differ",
      "fail host pve2 is offline → start it, or plan without it: HOSTS_DOWN=pve2",
    ]);
  });
});

describe("storages", () => {
  test("pass with what they have", async () => {
    expect(await check("storages")).toEqual([
      "pass storage local on pve1 has 100 GiB free, and 4 GiB are to be made there",
      "pass storage local-lvm on pve1 has 2048 GiB free, and 448 GiB are to be made there",
    ]);
  });

  test("what exists already needs no room", async () => {
    await addVm("cp-1");
    expect(await check("storages")).toContain(
      "pass storage local-lvm on pve1 has 2048 GiB free, and 384 GiB are to be made there",
    );
  });

  test("fail with another content type, and with a storage that is not there", async () => {
    await proxmox.control.setStorageContent("local", ["backup"]);
    const yaml = `${STATE}proxmox_disk_storage: tank\n`;
    expect(await check("storages", { yaml })).toEqual([
      expect.stringMatching(
        /^fail storage local on pve1 does not take content of type iso, only backup → allow it under Datacenter/,
      ),
      "fail storage tank on pve1 is not there, or the token may not see it; there: local, local-lvm, nfs, ceph → correct its name, or grant Datastore.Audit",
    ]);
  });

  test.each([
    [
      "warns where disks grow",
      "lvmthin",
      /^warn .* has 300 GiB free, and 448 GiB are to be made there; they fit at first/,
    ],
    [
      "fails where a disk is reserved whole",
      "lvm",
      /^fail .* has 300 GiB free, and 448 GiB are to be made there →/,
    ],
  ])("%s", async (_, type, text) => {
    await proxmox.stop();
    const small = { type, content: ["images"] as const, shared: false, totalBytes: 300 * GIB };
    proxmox = await startProxmox({ storages: { ...DEFAULT_STORAGES, "local-lvm": small as never } });
    expect((await check("storages"))[1]).toMatch(text);
  });

  test("fails without room for an image", async () => {
    await proxmox.stop();
    const { local } = DEFAULT_STORAGES;
    proxmox = await startProxmox({
      storages: { ...DEFAULT_STORAGES, local: { ...local, totalBytes: GIB } as never },
    });
    expect((await check("storages"))[0]).toMatch(/^fail storage local on pve1 has 1 GiB free, and 4 GiB/);
  });

  test("a shared storage takes the disks of all hosts", async () => {
    const yaml = (valid: string) =>
      `${valid.replace("name: cp-2", "proxmox_node: pve2\n    name: cp-2")}${STATE}proxmox_disk_storage: ceph\nproxmox_shared_storages: [ceph]\n`;
    const lines = await check("storages", { yaml });
    for (const host of ["pve1", "pve2"])
      expect(lines).toContain(
        `pass storage ceph on ${host} has 8192 GiB free, and 448 GiB are to be made there`,
      );
  });

  test("fail where one is not active", async () => {
    const { storages } = at().proxmox;
    const inactive = async (host: string) =>
      (await storages(host)).map((each) => ({ ...each, active: false }));
    const here = at();
    const proxmox = Object.assign(Object.create(here.proxmox), { storages: inactive });
    expect((await linesOf("storages", { ...here, proxmox }))[0]).toBe(
      "fail storage local on pve1 is not active → enable or mount it: pvesm status on pve1",
    );
  });

  test("a host that does not answer does not hide the others", async () => {
    await proxmox.control.setHostOnline("pve2", false);
    const yaml = (valid: string) =>
      `${valid.replace("name: cp-2", "proxmox_node: pve2\n    name: cp-2")}${STATE}`;
    const lines = await check("storages", { yaml });
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^warn not checked: pve2: GET .*595 No route to host/);
  });
});

describe("bridges", () => {
  const yaml = `${STATE}node_vlan_tag: 7\n`;

  test("pass with the VLAN, aware of it or not", async () => {
    expect(await check("bridges", { yaml })).toEqual(["pass bridge vmbr0 on pve1, with VLAN 7"]);
    await proxmox.control.setBridges("pve1", { vmbr0: {} });
    expect(await check("bridges", { yaml })).toEqual(["pass bridge vmbr0 on pve1, with VLAN 7"]);
    await proxmox.control.setBridges("pve1", { vmbr0: { vids: "2 5-9" } });
    expect(await check("bridges", { yaml })).toEqual(["pass bridge vmbr0 on pve1, with VLAN 7"]);
  });

  test.each([
    [
      "is not there",
      { vmbr9: {} },
      /^fail bridge vmbr0 on pve1 is not there, or the token may not see it; there: vmbr9 →/,
    ],
    [
      "is not active",
      { vmbr0: { active: false } },
      /^warn bridge vmbr0 on pve1 is not active → apply the network/,
    ],
    [
      "does not let the VLAN through",
      { vmbr0: { vids: "2 8-20" } },
      /^fail bridge vmbr0 on pve1 lets only VLANs 2 8-20 through, and not 7 → add it to bridge-vids/,
    ],
  ])("a bridge that %s", async (_, bridges, text) => {
    await proxmox.control.setBridges("pve1", bridges);
    expect(await check("bridges", { yaml })).toEqual([expect.stringMatching(text)]);
  });

  test("a VLAN that Talos tags itself must pass too", async () => {
    await proxmox.control.setBridges("pve1", { vmbr0: { vids: "2" } });
    expect(await check("bridges", { yaml: `${yaml}node_vlan_mode: talos\n` })).toEqual([
      expect.stringMatching(/^fail .* and not 7/),
    ]);
  });
});

describe("VM ids and addresses", () => {
  test("free ids pass, and so do our own VMs", async () => {
    await addVm("cp-1");
    expect(await check("vm-ids")).toEqual(["pass 1 of 4 ids are of our VMs, 3 are free"]);
  });

  test("ids that are taken fail, with who has them", async () => {
    await addVm("cp-1", { name: "mail" });
    await addVm("cp-2", { tags: "" });
    await proxmox.control.addForeignGuest({
      vmid: 103,
      node: "pve2",
      type: "lxc",
      config: { hostname: "dns" },
    });
    expect(await check("vm-ids")).toEqual([
      'fail 101 of cp-1 is taken by VM "mail" on pve1 → set another vm_id for cp-1',
      expect.stringMatching(/^fail 102 of cp-2 is taken by VM "cp-2" on pve1 → if it is this node, adopt it/),
      expect.stringMatching(/^fail 103 of cp-3 is taken by container "\w*" on pve2 → set another vm_id/),
    ]);
  });

  test("an address that answers is a conflict, unless our VM runs there", async () => {
    await addVm("cp-1");
    const answering = (...addresses: string[]) => ({
      more: { probe: async (each: string) => addresses.includes(each) },
    });
    expect(await check("addresses", answering("10.0.0.11", "10.0.0.5"))).toEqual([
      "pass our VMs answer at 2 of 5 addresses, nobody at the others",
    ]);
    await proxmox.control.changeGuest(101, { power: "stop" });
    expect(await check("addresses", answering("10.0.0.11", "10.0.0.5", "10.0.0.21"))).toEqual([
      expect.stringMatching(/^fail 10\.0\.0\.11 of cp-1 answers, and no VM of ours runs that could →/),
      expect.stringMatching(/^fail 10\.0\.0\.21 of worker-1 answers/),
      expect.stringMatching(/^fail 10\.0\.0\.5 of the Kubernetes API \(cluster_api_addr\) answers/),
    ]);
  });
});

test("addresses are not checked where the network answers for all of them", async () => {
  expect(await check("addresses", { more: { probe: async () => true } })).toEqual([
    expect.stringMatching(/^warn not checked: the network answers for every address, also for 192\.0\.2\.1/),
  ]);
});

test("the clock: passes, warns from 30 s, fails from 5 minutes, in both directions", async () => {
  const off = (seconds: number) => ({ more: { now: () => new Date(Date.now() + seconds * 1000) } });
  expect(await check("clock")).toEqual([expect.stringMatching(/^pass this machine's clock is \d+ s /)]);
  // The Date of an answer has whole seconds, and is as old as the answer.
  expect(await check("clock", off(60))).toEqual([
    expect.stringMatching(
      /^warn this machine's clock is [6-9]\d s ahead of that of Proxmox → set both by NTP/,
    ),
  ]);
  expect(await check("clock", off(-3600))).toEqual([
    expect.stringMatching(/^fail this machine's clock is 3\d{3} s behind/),
  ]);
});

test("pending changes warn, and a VM that cannot be read fails", async () => {
  await addVm("cp-1");
  expect(await check("pending")).toEqual(["pass nothing waits for a restart (VMs read: 1)"]);
  await admin.ok(admin.put("/nodes/pve1/qemu/101/config", { memory: 4096 }));
  expect(await check("pending")).toEqual([
    "warn cp-1: memory wait for the next start → npm run pending, then qm reboot 101",
  ]);
  await proxmox.control.setHostOnline("pve1", false);
  expect(await check("pending")).toEqual([expect.stringMatching(/^fail cp-1: GET .*595 No route to host →/)]);
});

test("nothing is changed: every request to Proxmox is a GET", async () => {
  await addVm("cp-1");
  await proxmox.control.clearRequests();
  for (const name of [
    "proxmox",
    "privileges",
    "storages",
    "bridges",
    "vm-ids",
    "addresses",
    "clock",
    "pending",
  ])
    await check(name);
  const requests = await proxmox.control.listRequests();
  expect(new Set(requests.map(({ method }) => method))).toEqual(new Set(["GET"]));
});
