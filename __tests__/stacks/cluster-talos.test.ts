import type { ClusterStackProps } from "../../stacks/cluster-stack-props";
import { cluster, controlPlane } from "../support/nodes";
import { type Template, warningsOf } from "../support/synth";
import { stackOf, templateOf, vmsOf } from "./support/cluster-stack";

const configured = (more: Partial<ClusterStackProps> = {}) =>
  cluster([controlPlane(1, { networkInterfaces: [{}, { macAddress: "BC:24:11:20:00:99" }] })], {
    network: { nodeCidr: "10.20.0.0/22", gateway: "10.20.0.1", vip: "10.20.1.10" },
    talos: { kubernetesVersion: "v1.36.0" },
    ...more,
  });
const patches = (template: Template) =>
  String(template.data.talos_machine_configuration?.["cp-1"]?.config_patches);

test("is left alone unless it is asked for: no provider, no resource, no output", () => {
  expect(JSON.stringify(templateOf(cluster([controlPlane(1)])))).not.toMatch(
    /siderolabs|talos_machine|kubeconfig/,
  );
});

test("a link is found by its MAC address in lower case, also by the one that Proxmox makes up", () => {
  const template = templateOf(configured());
  const text = patches(template);
  // A reference to the VM itself would leave the config open whenever the VM changes.
  const [, name = ""] = /== \\"\$\{local\.(\S+)\}\\"/.exec(text) ?? [];
  expect((template.locals as Readonly<Record<string, string>>)[name]).toBe(
    "${lower(proxmox_virtual_environment_vm.cp-1.network_device[0].mac_address)}",
  );
  expect(text).not.toContain("proxmox_virtual_environment_vm");
  const more = configured();
  const [node] = more.nodes;
  const second = { macAddress: "BC:24:11:20:00:99", addresses: ["192.168.9.1/24"] };
  const nodes = node ? [{ ...node, networkInterfaces: [{}, second] }] : [];
  expect(patches(templateOf({ ...more, nodes }))).toContain('\\"bc:24:11:20:00:99\\"');
});

test("a node has its static address from the start, also if it boots from an ISO", () => {
  const addressOf = (props: ClusterStackProps) => vmsOf(templateOf(props))["cp-1"]?.initialization;
  expect(addressOf(configured({ bootMode: "iso" }))).toMatchObject({
    ip_config: [{ ipv4: { address: "10.20.1.11/22" } }],
  });
  expect(addressOf(configured({ bootMode: "iso", talos: undefined }))).toBeUndefined();
});

test("its config is applied once the VM is there, and again after it was replaced", () => {
  const applied = templateOf(configured()).resource.talos_machine_configuration_apply?.["cp-1"];
  expect(applied).toMatchObject({
    depends_on: ["proxmox_virtual_environment_vm.cp-1"],
    lifecycle: { replace_triggered_by: ["proxmox_virtual_environment_vm.cp-1.id"] },
  });
});

test("the credentials are sensitive outputs", () => {
  expect(templateOf(configured()).output).toMatchObject({
    kubeconfig: { sensitive: true },
    talosconfig: { sensitive: true },
  });
});

test("its secrets are not in a plain-text state, unless somebody says why", () => {
  const off = { backend: "local", encryption: { provider: "off", reason: "a test" } } as const;
  expect(() => templateOf(configured({ state: off }))).toThrow(
    /stack "cluster": the secrets of Talos would be in a state that is not encrypted/,
  );
  const talos = { kubernetesVersion: "v1.36.0", plaintextSecrets: "a lab" };
  const stack = stackOf(configured({ state: off, talos }));
  expect(warningsOf(stack)).toContain("the secrets of Talos are in plain text in the state: a lab");
});

test("with its secrets out of the state, no output has credentials, and a state in plain text needs no reason", () => {
  const off = { backend: "local", encryption: { provider: "off", reason: "a test" } } as const;
  const talos = { kubernetesVersion: "v1.36.0", secrets: "out-of-state" } as const;
  const { output } = templateOf(configured({ state: off, talos }));
  expect(Object.keys(output)).not.toContain("kubeconfig");
  expect(Object.keys(output)).not.toContain("talosconfig");
  expect(() => templateOf(configured({ talos: { ...talos, plaintextSecrets: "a lab" } }))).toThrow(
    /stack "cluster": talos.plaintextSecrets has no effect where talos.secrets is out-of-state/,
  );
});

test("among several SCSI disks, the first one is found by its size if that tells it apart", () => {
  const withDisk = (sizeGiB: number) => {
    const [node] = configured().nodes;
    return configured({ nodes: node ? [{ ...node, dataDisks: [{ storage: "ceph", sizeGiB }] }] : [] });
  };
  expect(patches(templateOf(withDisk(100)))).toContain('"diskSelector":{"size":"== 64GiB"}');
  expect(patches(templateOf(withDisk(64)))).toContain('"disk":"/dev/sda"');
});
