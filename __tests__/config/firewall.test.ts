import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { append, edit, parse, problemsOf } from "./support/cluster";

const resolve = (...lines: readonly string[]) => parse(edit(append(...lines))).config;

test("without the key the firewall of the VMs and the flags of their NICs are left as they are", () => {
  const { firewall, nodes } = resolve();
  expect(firewall).toBeUndefined();
  expect(nodes[0]?.networkInterfaces[0]?.firewall).toBeUndefined();
});

test("minimal", () => {
  expect(resolve("proxmox_firewall: { cni: flannel }").firewall).toEqual({
    enabled: true,
    cni: "flannel",
    nodePortCidrs: [],
    logDrops: false,
    rules: [],
  });
});

test("everything", () => {
  const { firewall } = resolve(
    "proxmox_firewall:",
    "  enabled: false",
    "  cni: cilium",
    "  kubernetes_api_cidrs: [192.0.2.0/24, 198.51.100.7]",
    "  talos_api_cidrs: []",
    "  node_port_cidrs: ['2001:db8::/64']",
    "  log_drops: true",
    "  rules:",
    "    - { ports: [80, 8000-8100], from: [192.0.2.0/24], role: worker, comment: ingress }",
    "    - { ports: ['7946'], protocol: udp }",
  );
  expect(firewall).toEqual({
    enabled: false,
    cni: "cilium",
    kubernetesApiCidrs: ["192.0.2.0/24", "198.51.100.7"],
    talosApiCidrs: [],
    nodePortCidrs: ["2001:db8::/64"],
    logDrops: true,
    rules: [
      {
        ports: [80, "8000-8100"],
        protocol: "tcp",
        from: ["192.0.2.0/24"],
        role: "worker",
        comment: "ingress",
      },
      { ports: ["7946"], protocol: "udp" },
    ],
  });
});

test("the flag of each NIC is as it is given", () => {
  const worker = resolve("    firewall: false", "    networks: [{}, { bridge: vmbr1, firewall: true }]")
    .nodes[3];
  expect(worker?.networkInterfaces.map(({ firewall }) => firewall)).toEqual([false, undefined, true]);
});

const TWENTY = JSON.stringify(Array.from({ length: 16 }, (_, index) => 8000 + index));

test.each<[string, string[], ...string[]]>([
  [
    "a network plugin is missing, since a wrong one would cut off the pods",
    ["proxmox_firewall: {}"],
    "30: proxmox_firewall.cni is missing; add it, for example flannel",
  ],
  [
    "misspelt words and keys",
    ["proxmox_firewall:", "  cni: cillium", "  talos_api_cidr: []", "  rules: [{ port: [80] }]"],
    "31: proxmox_firewall.cni cillium is not one of flannel, cilium, calico, none; did you mean cilium?",
    "32: proxmox_firewall.talos_api_cidr is not a known key; did you mean talos_api_cidrs?",
    "33: proxmox_firewall.rules[0].ports is missing; list the ports, for example [8080]",
    "33: proxmox_firewall.rules[0].port is not a known key; did you mean ports?",
  ],
  [
    "networks that are none",
    ["proxmox_firewall:", "  cni: none", "  kubernetes_api_cidrs: [192.0.2.1/24, office]"],
    "32: proxmox_firewall.kubernetes_api_cidrs[0] 192.0.2.1/24 is an address within its network; write 192.0.2.0/24, or the address without its prefix length",
    "32: proxmox_firewall.kubernetes_api_cidrs[1] office is not a network or address; write it like 10.20.0.0/22",
  ],
  [
    "ports that are none",
    ["proxmox_firewall:", "  cni: none", "  rules: [{ ports: [0, 65536, 1.5, http, 90-80, '80:90'] }]"],
    ...["0", "65536", "1.5", "http"].map(
      (port, index) =>
        `32: proxmox_firewall.rules[0].ports[${index}] ${port} is not a port or range of ports from 1 to 65535; write it like 8080 or 30000-32767`,
    ),
    "32: proxmox_firewall.rules[0].ports[4] 90-80 begins after its end; write 80-90",
    "32: proxmox_firewall.rules[0].ports[5] 80:90 is not a port or range of ports from 1 to 65535; write it like 8080 or 30000-32767",
  ],
  [
    "more ports than a rule takes, and none",
    ["proxmox_firewall:", "  cni: none", "  rules:", `    - { ports: ${TWENTY} }`, "    - { ports: [] }"],
    "33: proxmox_firewall.rules[0].ports has more than 15 ports, a range as two; make it two rules",
    "34: proxmox_firewall.rules[1].ports is an empty list; add an entry",
  ],
  [
    "a protocol without ports, a role and a comment that are none",
    [
      "proxmox_firewall:",
      "  cni: none",
      '  rules: [{ ports: [1], protocol: icmp, role: control-plane, comment: " a" }]',
    ],
    "32: proxmox_firewall.rules[0].protocol icmp is not one of tcp, udp; use one of them",
    "32: proxmox_firewall.rules[0].role control-plane is not one of controlplane, worker; did you mean controlplane?",
    '32: proxmox_firewall.rules[0].comment " a" is not a comment; use one line of at most 100 characters, without ${ and %{',
  ],
])("%s: the error names line, value and fix", (_, lines, ...problems) => {
  expect(problemsOf(edit(append(...lines)))).toEqual(problems.map((each) => `cluster.yaml:${each}`));
});

test("the example in the docs is accepted", () => {
  const docs = readFileSync(join(__dirname, "../../docs/configuration.md"), "utf8");
  const [, example = ""] = /```yaml\n(proxmox_firewall:[\s\S]*?)```/.exec(docs) ?? [];
  expect(Object.keys(parseYaml(example))).toEqual(["proxmox_firewall"]);
  expect(problemsOf(edit(append(example)))).toEqual([]);
});
