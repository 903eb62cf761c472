import type { ClusterStackProps } from "../../stacks/cluster-stack-props";
import { cluster, controlPlane, worker } from "../support/nodes";
import type { Template } from "../support/synth";
import { templateOf, vmsOf } from "./support/cluster-stack";

const rulesOf = (template: Template) =>
  template.resource.proxmox_virtual_environment_firewall_rules as Record<string, { rule: object[] }>;
const firstNics = (props: ClusterStackProps) =>
  Object.values(vmsOf(templateOf(props))).map((vm) => (vm.network_device as { firewall: boolean }[])[0]);
const firewall = { cni: "none" } as const;

test("is not there unless it is asked for", () => {
  expect(JSON.stringify(templateOf(cluster([controlPlane(1)])).resource)).not.toContain("_firewall_");
});

test("etcd is for control planes alone; a new worker changes no rule of the others", () => {
  const before = rulesOf(templateOf(cluster([controlPlane(1), controlPlane(2), worker(1)], { firewall })));
  const etcd = expect.objectContaining({ comment: "etcd", source: "10.20.1.11,10.20.1.12" });
  expect(before["cp-1"]?.rule).toContainEqual(etcd);
  expect(JSON.stringify(before["worker-1"])).not.toContain("etcd");
  const after = rulesOf(
    templateOf(cluster([controlPlane(1), controlPlane(2), worker(1), worker(2)], { firewall })),
  );
  expect(after).toMatchObject(before);
});

test("the first NIC is filtered, unless it says otherwise or the firewall is off", () => {
  const other = controlPlane(2, { networkInterfaces: [{ firewall: false }] });
  expect(firstNics(cluster([controlPlane(1), other], { firewall }))).toMatchObject([
    { firewall: true },
    { firewall: false },
  ]);
  const off = templateOf(cluster([controlPlane(1)], { firewall: { ...firewall, enabled: false } }));
  expect(vmsOf(off)["cp-1"]).toMatchObject({
    lifecycle: { ignore_changes: expect.arrayContaining(["network_device[0].firewall"]) },
  });
});

test("a mistake is refused", () => {
  const refused = (more: object) => () =>
    templateOf(cluster([controlPlane(1)], { firewall: { ...firewall, ...more } }));
  expect(refused({ cni: "weave" })).toThrow(
    'firewall: cni "weave" is not one of flannel, cilium, calico, none',
  );
  expect(refused({ talosApiCidrs: ["10.0.0.1/8"] })).toThrow(
    'firewall: talosApiCidrs "10.0.0.1/8" is an address within its network; write 10.0.0.0/8',
  );
  expect(refused({ rules: [{ ports: [] }] })).toThrow("firewall: rules[0].ports is empty; name a port");
  expect(refused({ rules: [{ ports: ["80:90"] }] })).toThrow('rules[0].ports "80:90" is not a port or range');
  expect(refused({ rules: [{ ports: Array(8).fill("1-2") }] })).toThrow(
    "rules[0].ports are 16, a range as two; Proxmox takes at most 15",
  );
  expect(refused({ rules: [{ ports: [1], role: "master" }] })).toThrow('rules[0].role "master"');
  expect(refused({ rules: [{ ports: [1], comment: "a\nb" }] })).toThrow("rules[0].comment");
});
