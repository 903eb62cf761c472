import type { ClusterFirewallProps, ClusterStackProps } from "../../stacks/cluster-stack-props";
import { ApiClient } from "../stand-ins/proxmox/support/api-client";
import { Referee } from "../stand-ins/proxmox/support/referee";
import { Deployment } from "../support/deployment";
import { cluster, controlPlane, worker } from "../support/nodes";

const disk = { storage: "local-lvm", sizeGiB: 10 };
const NODES = [controlPlane(1, { disk }), worker(1, { disk })];
const FLANNEL: ClusterFirewallProps = { cni: "flannel" };

const withFirewall = (
  firewall: ClusterFirewallProps | undefined,
  more: Partial<ClusterStackProps> = {},
): ClusterStackProps =>
  cluster(NODES, {
    bootMode: "iso",
    network: { nodeCidr: "10.20.0.0/22", gateway: "10.20.0.1", podCidrs: ["10.42.0.0/16"] },
    firewall,
    ...more,
  });

let deployment: Deployment;
let api: ApiClient;
beforeEach(async () => {
  deployment = await Deployment.start();
  api = new ApiClient(deployment.proxmox);
});
afterEach(() => deployment.stop());

const rules = async (vmid: number): Promise<string[]> => {
  const list = await api.ok(api.get(rulesAt(vmid)));
  return list.map((rule: Record<string, unknown>) =>
    ["comment", "action", "proto", "dport", "source"].map((key) => rule[key] ?? "-").join(" "),
  );
};
const options = (vmid: number) => api.ok(api.get(`/nodes/pve1/qemu/${vmid}/firewall/options`));
const flag = async (vmid: number) =>
  /firewall=(\d)/.exec(String((await deployment.guests()).get(vmid)?.config.net0))?.[1];
const writes = async () =>
  (await deployment.control.listRequests()).filter(
    ({ method, path }) => method !== "GET" && path.includes("/firewall/"),
  );

const rulesAt = (vmid: number) => `/nodes/pve1/qemu/${vmid}/firewall/rules`;
const withoutDigest = (list: Record<string, unknown>[]) => list.map(({ digest, ...rule }) => rule);
const allRules = async () =>
  Promise.all([7011, 7021].map(async (vmid) => withoutDigest(await api.ok(api.get(rulesAt(vmid))))));

/** Sends what the provider sent to fakepve, in the same order: what it refuses, and the rules that it has in the end. */
async function judgedByReferee() {
  const referee = await Referee.start();
  try {
    for (const vmid of ["7011", "7021"]) {
      await referee.call("POST", "/nodes/pve1/qemu", new URLSearchParams({ vmid }));
    }
    const refused: string[] = [];
    for (const { method, path, parameters } of await writes()) {
      const fields = new URLSearchParams(
        Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
      );
      const { status, body } = await referee.call(method, path, fields);
      if (status !== 200) refused.push(`${method} ${path} ${fields}: ${status} ${body}`);
    }
    const lists = [7011, 7021].map((vmid) => referee.call("GET", rulesAt(vmid), new URLSearchParams()));
    const bodies = (await Promise.all(lists)).map(({ body }) => JSON.parse(body).data);
    return { refused, rules: bodies.map(withoutDigest) };
  } finally {
    await referee.stop();
  }
}

test("rules by role, in force once they are complete; changed, switched off and on, and taken away in place", async () => {
  await deployment.deploy(withFirewall(FLANNEL));
  expect(await deployment.project.plannedActions()).toEqual({});
  expect(await rules(7011)).toEqual([
    "pods ACCEPT - - 10.42.0.0/16",
    "Kubernetes API ACCEPT tcp 6443 -",
    "trustd ACCEPT tcp 50001 10.20.0.0/22",
    "etcd ACCEPT tcp 2379:2380 10.20.1.11",
    "Talos API ACCEPT tcp 50000 -",
    "kubelet ACCEPT tcp 10250 10.20.0.0/22",
    "flannel VXLAN ACCEPT udp 4789 10.20.0.0/22",
    "ICMP ACCEPT icmp - -",
    "ICMPv6 ACCEPT ipv6-icmp - -",
    "everything else DROP - - -",
  ]);
  expect(await rules(7021)).toEqual([
    "pods ACCEPT - - 10.42.0.0/16",
    "Talos API ACCEPT tcp 50000 -",
    "kubelet ACCEPT tcp 10250 10.20.0.0/22",
    "flannel VXLAN ACCEPT udp 4789 10.20.0.0/22",
    "ICMP ACCEPT icmp - -",
    "ICMPv6 ACCEPT ipv6-icmp - -",
    "everything else DROP - - -",
  ]);
  for (const vmid of [7011, 7021]) {
    expect(await options(vmid)).toMatchObject({ enable: 1, policy_in: "ACCEPT", dhcp: 1, ndp: 1 });
    expect(await flag(vmid)).toBe("1");
    const ofVm = (await writes()).filter(({ path }) => path.includes(`/${vmid}/`));
    expect(ofVm.map(({ method }) => method)).toEqual([...(await rules(vmid)).map(() => "POST"), "PUT"]);
  }

  const narrowed: ClusterFirewallProps = {
    cni: "cilium",
    talosApiCidrs: ["192.0.2.0/24", "2001:db8::/64"],
    rules: [{ ports: [80, "8080-8090"], role: "worker", comment: "ingress" }],
    logDrops: true,
  };
  await deployment.deploy(withFirewall(narrowed));
  expect(await deployment.project.plannedActions()).toEqual({});
  expect(await rules(7021)).toEqual([
    "pods ACCEPT - - 10.42.0.0/16",
    "Talos API ACCEPT tcp 50000 10.20.0.0/22,192.0.2.0/24",
    "Talos API ACCEPT tcp 50000 2001:db8::/64",
    "kubelet ACCEPT tcp 10250 10.20.0.0/22",
    "Cilium VXLAN ACCEPT udp 8472 10.20.0.0/22",
    "Cilium Geneve ACCEPT udp 6081 10.20.0.0/22",
    "Cilium health ACCEPT tcp 4240 10.20.0.0/22",
    "Hubble ACCEPT tcp 4244 10.20.0.0/22",
    "WireGuard ACCEPT udp 51871 10.20.0.0/22",
    "ICMP ACCEPT icmp - -",
    "ICMPv6 ACCEPT ipv6-icmp - -",
    "ingress ACCEPT tcp 80,8080:8090 -",
    "everything else DROP - - -",
  ]);
  expect((await rules(7011)).filter((rule) => rule.startsWith("ingress"))).toEqual([]);

  const off = { ...narrowed, enabled: false };
  expect(await deployment.replan(withFirewall(off))).toEqual({
    "proxmox_virtual_environment_firewall_options.cp-1": ["update"],
    "proxmox_virtual_environment_firewall_options.worker-1": ["update"],
  });
  await deployment.deploy(withFirewall(off));
  expect(await options(7011)).toMatchObject({ enable: 0 });
  await deployment.deploy(withFirewall(narrowed));
  expect(await options(7011)).toMatchObject({ enable: 1 });

  expect(await judgedByReferee()).toEqual({ refused: [], rules: await allRules() });

  // Without the key the rules go, and what Proxmox keeps lets everything through.
  await deployment.control.clearRequests();
  await deployment.deploy(withFirewall(undefined));
  expect([await rules(7011), await rules(7021)]).toEqual([[], []]);
  expect(await options(7011)).toMatchObject({ policy_in: "ACCEPT", policy_out: "ACCEPT" });
  const removed = (await writes()).filter(({ path }) => path.includes("/7021/")).map(({ path }) => path);
  expect(removed.map((path) => Number(path.split("/").at(-1)))).toEqual([
    12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0,
  ]);
  expect(await deployment.project.plannedActions()).toEqual({});
});

test("a firewall that the file does not name is never touched, and hand-made rules are never overwritten", async () => {
  await deployment.deploy(withFirewall(undefined));
  await api.ok(
    api.post(rulesAt(7011), { type: "in", action: "ACCEPT", proto: "tcp", dport: "22", enable: 1 }),
  );
  await api.ok(
    api.put("/nodes/pve1/qemu/7011/firewall/options", { enable: 1, policy_in: "DROP", macfilter: 0 }),
  );
  await deployment.control.clearRequests();
  expect(await deployment.replan(withFirewall(undefined))).toEqual({});
  const requests = await deployment.control.listRequests();
  expect(requests.filter(({ path }) => path.includes("/firewall/"))).toEqual([]);

  deployment.write(withFirewall(FLANNEL));
  const { exitCode, said } = await deployment.project.apply();
  expect([exitCode, said]).toEqual([
    1,
    expect.stringMatching(/Existing rules detected.*firewall_rules.cp-1/),
  ]);
  expect(await rules(7011)).toEqual(["- ACCEPT tcp 22 -"]);
  expect(await options(7011)).toMatchObject({ enable: 1, policy_in: "DROP" });

  // Imported, they give way.
  await deployment.project.ok("import", "proxmox_virtual_environment_firewall_rules.cp-1", "vm/pve1/7011");
  await deployment.deploy(withFirewall(FLANNEL));
  expect(await rules(7011)).toHaveLength(10);
  expect(await deployment.project.plannedActions()).toEqual({});
  // What no key names stays.
  await api.ok(
    api.put("/nodes/pve1/qemu/7011/firewall/options", { macfilter: 0, log_level_in: "info", ipfilter: 1 }),
  );
  expect(await deployment.project.plannedActions()).toEqual({});
});

test("rules that could not all be made are not in force, and are completed after an import", async () => {
  await deployment.deploy(withFirewall(undefined));
  deployment.write(withFirewall(FLANNEL));
  const fault = await deployment.control.addFault({
    kind: "status",
    method: "POST",
    path: "/nodes/{node}/qemu/{vmid}/firewall/rules",
    where: { vmid: "7011" },
    skip: 4,
    times: null,
    status: 500,
    message: "got timeout",
  });
  expect((await deployment.project.apply()).exitCode).toBe(1);
  expect(await rules(7011)).toHaveLength(4);
  expect(await options(7011)).not.toHaveProperty("enable");
  expect(await options(7021)).toMatchObject({ enable: 1 });

  await deployment.control.removeFault(fault);
  await deployment.project.ok("import", "proxmox_virtual_environment_firewall_rules.cp-1", "vm/pve1/7011");
  await deployment.project.ok("apply", "-auto-approve");
  expect(await rules(7011)).toHaveLength(10);
  expect(await options(7011)).toMatchObject({ enable: 1 });
  expect(await deployment.project.plannedActions()).toEqual({});
});

test("a node that is renamed or changed keeps its rules, and a VM that is made anew gets them again", async () => {
  await deployment.deploy(withFirewall(FLANNEL));
  await deployment.control.clearRequests();
  const [first, ...others] = NODES;
  if (!first) throw new Error("the cluster has no node");
  const renamed = withFirewall(FLANNEL, {
    nodes: [{ ...first, name: "cp-a", renamedFrom: "cp-1", tags: ["rack-1"] }, ...others],
  });
  await deployment.deploy(renamed);
  expect(await writes()).toEqual([]);
  expect(await deployment.project.plannedActions()).toEqual({});

  const replaceable = { ...renamed, allowReplace: "all" } as const;
  deployment.write(replaceable);
  await deployment.project.ok("taint", "proxmox_virtual_environment_vm.cp-a");
  await deployment.project.ok("apply", "-auto-approve");
  expect(await rules(7011)).toHaveLength(10);
  expect(await options(7011)).toMatchObject({ enable: 1 });
  expect(await flag(7011)).toBe("1");
  expect(await deployment.project.plannedActions()).toEqual({});
});
