import { type RunningProxmox, startProxmox } from "../../../stand-ins/proxmox";
import { ApiClient, type Form } from "./support/api-client";

let proxmox: RunningProxmox;
let api: ApiClient;

beforeEach(async () => {
  proxmox = await startProxmox({ hosts: ["pve1", "pve2"] });
  api = new ApiClient(proxmox);
  for (const [vmid, node] of [
    [301, "pve1"],
    [302, "pve2"],
    [303, "pve1"],
  ] as const) {
    await proxmox.control.addForeignGuest({ vmid, node });
    await api.ok(api.post("/cluster/ha/resources", { sid: `vm:${vmid}` }));
  }
});
afterEach(() => proxmox.stop());

const addRule = (form: Form) => api.post("/cluster/ha/rules", { type: "resource-affinity", ...form });
const hostOf = async (vmid: number) =>
  (await proxmox.control.listGuests()).find((guest) => guest.vmid === vmid)?.node;

describe("resources", () => {
  test("read back as given", async () => {
    await api.ok(api.put("/cluster/ha/resources/vm:301", { max_restart: 2, comment: "x", failback: 0 }));
    expect(await api.ok(api.get("/cluster/ha/resources/301"))).toMatchObject({
      sid: "vm:301",
      type: "vm",
      state: "started",
      max_restart: 2,
      comment: "x",
      failback: 0,
    });
  });

  test("need a guest that exists, and only once", async () => {
    expect((await api.post("/cluster/ha/resources", { sid: "vm:999" })).reason).toBe(
      "resource 'vm:999' does not exist in cluster",
    );
    expect((await api.post("/cluster/ha/resources", { sid: "vm:301" })).reason).toMatch(/already defined/);
    expect((await api.get("/cluster/ha/resources/vm:999")).reason).toBe("no such resource 'vm:999'");
  });

  test("starting and stopping a managed VM changes its requested state", async () => {
    expect(await api.task(api.post("/nodes/pve1/qemu/301/status/stop"))).toBe("OK");
    expect((await api.ok(api.get("/cluster/ha/resources/vm:301"))).state).toBe("stopped");
    await api.ok(api.put("/cluster/ha/resources/vm:301", { state: "started" }));
    expect((await api.ok(api.get("/nodes/pve1/qemu/301/status/current"))).status).toBe("running");
  });
});

describe("rules", () => {
  test.each<[string, Form, string]>([
    [
      "of more than there are hosts",
      { affinity: "negative", resources: "vm:301,vm:302,vm:303" },
      "rule defines more resources than available nodes",
    ],
    [
      "of one",
      { affinity: "negative", resources: "vm:301" },
      "rule is ineffective as there are less than two resources",
    ],
  ])("apart: %s", async (_, form, text) => {
    const reason = "create ha rule failed: 400 Rule 'apart' is invalid.";
    expect(await addRule({ rule: "apart", ...form })).toMatchObject({
      status: 500,
      reason,
      message: `${reason}\nresources: ${text}\n`,
    });
    expect(await api.ok(api.get("/cluster/ha/rules"))).toEqual([]);
  });

  test("of unmanaged guests or unknown hosts are refused", async () => {
    expect(
      (await addRule({ rule: "apart", affinity: "negative", resources: "vm:301,vm:400" })).reason,
    ).toMatch("cannot use unmanaged resource(s) vm:400.");
    const home = { rule: "home", type: "node-affinity", resources: "vm:301", nodes: "pve9" };
    expect((await addRule(home)).reason).toMatch("cannot use non-existent node(s) pve9.");
  });

  test("that contradict each other are refused", async () => {
    await api.ok(addRule({ rule: "together", affinity: "positive", resources: "vm:301,vm:303" }));
    expect(
      (await addRule({ rule: "apart", affinity: "negative", resources: "vm:301,vm:303" })).message,
    ).toContain("resources: rule shares two or more resources with a positive resource affinity rule");
  });

  test("read back, changed, removed with their resources", async () => {
    await api.ok(
      addRule({
        rule: "home",
        type: "node-affinity",
        resources: "vm:302,vm:301",
        nodes: "pve2:1,pve1:1",
        strict: 1,
      }),
    );
    expect(await api.ok(api.get("/cluster/ha/rules/home"))).toMatchObject({
      rule: "home",
      type: "node-affinity",
      resources: "vm:301,vm:302",
      nodes: "pve1:1,pve2:1",
      strict: 1,
      order: 1,
    });
    await api.ok(api.put("/cluster/ha/rules/home", { type: "node-affinity", comment: "x", disable: 1 }));
    expect(await api.ok(api.get("/cluster/ha/rules/home"))).toMatchObject({ comment: "x", disable: 1 });
    await api.ok(api.delete("/cluster/ha/resources/vm:301"));
    expect((await api.ok(api.get("/cluster/ha/rules/home"))).resources).toBe("vm:302");
    await api.ok(api.delete("/cluster/ha/resources/vm:302"));
    expect((await api.get("/cluster/ha/rules/home")).reason).toBe("no such ha rule 'home'");
  });

  test("move guests away from forbidden hosts", async () => {
    await api.ok(addRule({ rule: "apart", affinity: "negative", resources: "vm:301,vm:303" }));
    expect(new Set([await hostOf(301), await hostOf(303)])).toEqual(new Set(["pve1", "pve2"]));
    await api.ok(
      addRule({ rule: "home", type: "node-affinity", resources: "vm:302", nodes: "pve1", strict: 1 }),
    );
    expect(await hostOf(302)).toBe("pve1");
  });

  test("prevent a migration to the host of a partner", async () => {
    await api.ok(addRule({ rule: "apart", affinity: "negative", resources: "vm:301,vm:302" }));
    const answer = await api.ok(api.post("/cluster/ha/resources/vm:301/migrate", { node: "pve2" }));
    expect(answer["blocking-resources"]).toEqual([{ sid: "vm:302", cause: "resource-affinity" }]);
    expect(await hostOf(301)).toBe("pve1");
    await api.ok(api.post("/cluster/ha/resources/vm:303/migrate", { node: "pve2" }));
    expect(await hostOf(303)).toBe("pve2");
  });
});
