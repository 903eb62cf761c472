import type { ClusterFirewallProps, ClusterStackProps } from "../../stacks/cluster-stack-props";
import { ApiClient } from "../stand-ins/proxmox/support/api-client";
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
  const list = await api.ok(api.get(`/nodes/pve1/qemu/${vmid}/firewall/rules`));
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
    expect(ofVm.filter(({ parameters }) => parameters.enable !== "1" || !parameters.action).length).toBe(1);
    expect(ofVm.at(-1)).toMatchObject({ method: "PUT", parameters: { enable: "1", policy_in: "ACCEPT" } });
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
