import { type RunningProxmox, startProxmox } from "../../../stand-ins/proxmox";
import { ApiClient, type Form } from "./support/api-client";

const OPTIONS = "/nodes/pve1/qemu/201/firewall/options";
const RULES = "/nodes/pve1/qemu/201/firewall/rules";
const accept = (more: Form = {}) => ({ type: "in", action: "ACCEPT", enable: 1, ...more });

let proxmox: RunningProxmox;
let api: ApiClient;
beforeEach(async () => {
  proxmox = await startProxmox();
  api = new ApiClient(proxmox);
  await api.task(api.post("/nodes/pve1/qemu", { vmid: 201 }));
});
afterEach(() => proxmox.stop());

const comments = async () =>
  (await api.ok(api.get(RULES))).map(({ comment }: { comment?: string }) => comment ?? "-");
const add = (comment: string) => api.ok(api.post(RULES, accept({ comment })));

test("options are those that were set, as numbers and words", async () => {
  expect(await api.ok(api.get(OPTIONS))).toEqual({ digest: expect.any(String) });
  await api.ok(api.put(OPTIONS, { enable: 1, policy_in: "DROP", macfilter: 0 }));
  await api.ok(api.put(OPTIONS, { delete: "macfilter" }));
  const { digest, ...options } = await api.ok(api.get(OPTIONS));
  expect(options).toEqual({ enable: 1, policy_in: "DROP" });
  await api.ok(api.put(OPTIONS, { enable: 0, digest }));
  expect(await api.put(OPTIONS, { enable: 1, digest })).toMatchObject({
    status: 500,
    reason: expect.stringContaining("detected modified configuration"),
  });
  expect(await api.put(OPTIONS, { policy_in: "ALLOW" })).toMatchObject({ status: 400 });
});

test("a new rule is the first, empty values are none, and its position is text when it is read alone", async () => {
  await add("a");
  await api.ok(api.post(RULES, accept({ comment: "b", pos: 1, proto: "tcp", dport: "80", source: "" })));
  expect(await api.ok(api.get(RULES))).toMatchObject([
    { comment: "b", pos: 0 },
    { comment: "a", pos: 1 },
  ]);
  expect(await api.ok(api.get(`${RULES}/0`))).toEqual({
    ...accept({ comment: "b", proto: "tcp", dport: "80" }),
    pos: "0",
    digest: expect.any(String),
  });
});

test("a rule is moved before another one, or changed, or deleted", async () => {
  for (const comment of ["d", "c", "b", "a"]) await add(comment);
  await api.ok(api.put(`${RULES}/3`, { moveto: 1, comment: "ignored" }));
  expect(await comments()).toEqual(["a", "d", "b", "c"]);
  await api.ok(api.put(`${RULES}/0`, { moveto: 2 }));
  expect(await comments()).toEqual(["d", "a", "b", "c"]);
  await api.ok(api.put(`${RULES}/0`, { moveto: 9 }));
  expect(await comments()).toEqual(["a", "b", "c", "d"]);
  await api.ok(api.put(`${RULES}/1`, { delete: "comment", enable: 0 }));
  await api.ok(api.delete(`${RULES}/0`));
  expect(await comments()).toEqual(["-", "c", "d"]);
  expect(await api.get(`${RULES}/3`)).toMatchObject({ status: 500, reason: "no rule at position 3" });
  expect(await api.delete(`${RULES}/3`)).toMatchObject({ status: 500, reason: "no rule at position 3" });
});

test.each<[Form, string]>([
  [{ dport: "80" }, "proto"],
  [{ proto: "tcpp" }, "proto"],
  [{ proto: "tcp", dport: "80:" }, "dport"],
  [{ proto: "tcp", dport: "90:80" }, "dport"],
  [{ proto: "tcp", dport: Array.from({ length: 16 }, (_, index) => index + 1).join(",") }, "dport"],
  [{ source: "10.0.0.1/8" }, "source"],
  [{ source: "10.0.0.1,2001:db8::1" }, "source"],
  [{ source: "office" }, "source"],
  [{ source: Array(60).fill("10.0.0.1").join(",") }, "source"],
  [{ action: "A" }, "action"],
  [{ type: "both" }, "type"],
])("the rule %j is refused for its %s", async (more, parameter) => {
  const { status, errors } = await api.post(RULES, accept(more));
  expect([status, Object.keys(errors ?? {})]).toEqual([400, [parameter]]);
});

test("the firewall of a VM goes with it, and needs its privileges", async () => {
  await add("a");
  await api.task(api.delete("/nodes/pve1/qemu/201"));
  expect(await api.get(RULES)).toMatchObject({ status: 500 });
  await api.task(api.post("/nodes/pve1/qemu", { vmid: 201 }));
  expect(await comments()).toEqual([]);

  await api.ok(api.post("/access/roles", { roleid: "Reader", privs: "VM.Audit" }));
  await api.ok(api.post("/access/users", { userid: "reader@pve" }));
  const { value } = await api.ok(api.post("/access/users/reader@pve/token/ci", { privsep: 0 }));
  await api.ok(api.put("/access/acl", { path: "/vms", roles: "Reader", users: "reader@pve" }));
  const reader = new ApiClient(proxmox, `reader@pve!ci=${value}`);
  expect(await reader.get(RULES)).toMatchObject({ status: 200 });
  expect(await reader.post(RULES, accept())).toMatchObject({
    status: 403,
    reason: "Permission check failed (/vms/201, VM.Config.Network)",
  });
});

describe("mappings of USB devices", () => {
  const MAPPINGS = "/cluster/mapping/usb";
  const map = ["node=pve1,id=0451:16a8,path=1-2"];

  test("are kept as they are given", async () => {
    await api.ok(api.post(MAPPINGS, { id: "zigbee", map, description: "stick" }));
    const zigbee = { type: "usb", map, description: "stick", digest: expect.any(String) };
    expect(await api.ok(api.get(MAPPINGS))).toEqual([{ id: "zigbee", ...zigbee }]);
    expect(await api.ok(api.get(`${MAPPINGS}/zigbee`))).toEqual(zigbee);
    await api.ok(api.put(`${MAPPINGS}/zigbee`, { delete: "description", map: ["node=pve2,id=0451:16a8"] }));
    expect(await api.ok(api.get(`${MAPPINGS}/zigbee`))).toMatchObject({ map: ["node=pve2,id=0451:16a8"] });
    await api.ok(api.delete(`${MAPPINGS}/zigbee`));
    expect(await api.get(`${MAPPINGS}/zigbee`)).toMatchObject({
      status: 500,
      reason: "mapping 'zigbee' not found",
    });
  });

  test("a wrong one is refused", async () => {
    expect(await api.post(MAPPINGS, { id: "zigbee", map: ["id=0451:16a8"] })).toMatchObject({ status: 400 });
    expect(await api.post(MAPPINGS, { id: "zigbee", map: ["node=pve1,id=1-2"] })).toMatchObject({
      status: 400,
    });
    await api.ok(api.post(MAPPINGS, { id: "zigbee", map }));
    expect(await api.post(MAPPINGS, { id: "zigbee", map })).toMatchObject({
      status: 500,
      reason: "usb ID 'zigbee' already defined",
    });
  });

  test.each([
    [[], "USB device mapping not found for 'zigbee'"],
    [["node=pve2,id=0451:16a8"], "USB device mapping not found for 'zigbee'"],
    [[...map, "node=pve1,id=0451:16a9"], "More than one USB mapping per host not supported"],
    [map, "OK"],
  ])("a VM with one starts where the host has one device of it: %j", async (devices, exit) => {
    if (devices.length > 0) await api.ok(api.post(MAPPINGS, { id: "zigbee", map: devices }));
    await api.ok(api.put("/nodes/pve1/qemu/201/config", { usb0: "mapping=zigbee,usb3=1" }));
    expect(await api.task(api.post("/nodes/pve1/qemu/201/status/start"))).toBe(exit);
  });

  test("a caller needs the right to use it", async () => {
    await api.ok(api.post(MAPPINGS, { id: "zigbee", map }));
    await api.ok(api.post("/access/roles", { roleid: "Editor", privs: "VM.Config.HWType" }));
    await api.ok(api.post("/access/users", { userid: "editor@pve" }));
    const { value } = await api.ok(api.post("/access/users/editor@pve/token/ci", { privsep: 0 }));
    await api.ok(api.put("/access/acl", { path: "/", roles: "Editor", users: "editor@pve" }));
    const editor = new ApiClient(proxmox, `editor@pve!ci=${value}`);
    expect(await editor.put("/nodes/pve1/qemu/201/config", { usb0: "mapping=zigbee" })).toMatchObject({
      status: 403,
      reason: "Permission check failed (/mapping/usb/zigbee, Mapping.Use)",
    });
  });

  test("a raw device is for root alone", async () => {
    expect(await api.put("/nodes/pve1/qemu/201/config", { usb0: "host=0451:16a8" })).toMatchObject({
      status: 500,
      reason: "only root can set 'usb0' config for real devices",
    });
  });
});
