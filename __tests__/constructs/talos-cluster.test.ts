import { TerraformResource } from "cdktf";
import { TalosCluster } from "../../constructs/talos-cluster";
import type { TalosClusterProps } from "../../constructs/talos-cluster-props";
import { TalosProvider } from "../../constructs/talos-provider";
import { schemaProblems } from "../support/pinned-schema";
import { stackOf, synth, type Template } from "../support/synth";
import { talosCluster, talosControlPlane, talosWorker } from "../support/talos-nodes";
import { TALOS_SHAPES } from "../support/talos-shapes";

function templateOf(props: TalosClusterProps): Template {
  return synth((stack) => {
    new TalosProvider(stack, "talos");
    new TalosCluster(stack, "cluster", props);
  });
}

function patchTexts(template: Template, node: string): string[] {
  const data = template.data.talos_machine_configuration?.[node];
  return (data?.config_patches ?? []) as string[];
}

/** The patches of a node, as data. */
function patchesOf(template: Template, node: string): Record<string, unknown>[] {
  return patchTexts(template, node).map((patch) => JSON.parse(patch));
}
const kindsOf = (patches: readonly Record<string, unknown>[]) => patches.flatMap(({ kind }) => kind ?? []);
const applyOf = (template: Template, node: string) =>
  template.resource.talos_machine_configuration_apply?.[node];

describe.each(Object.entries(TALOS_SHAPES))("%s", (_, props) => {
  test("synthesizes what it did before", () => {
    const { data, resource } = templateOf(props);
    expect({ data, resource }).toMatchSnapshot();
  });

  test("is valid under the pinned provider schemas", () => {
    expect(schemaProblems(templateOf(props))).toEqual([]);
  });
});

describe("the network of a node is written once:", () => {
  const legacy = (patches: readonly Record<string, unknown>[]) =>
    patches.filter(({ machine }) => machine && typeof machine === "object" && "network" in machine);

  test.each(["v1.12", "v1.13"] as const)("as documents with the contract %s", (configContract) => {
    const patches = patchesOf(
      templateOf({ ...(TALOS_SHAPES.everything as TalosClusterProps), configContract }),
      "cp-1",
    );
    expect(legacy(patches)).toEqual([]);
    expect(kindsOf(patches)).toEqual(
      expect.arrayContaining([
        "HostnameConfig",
        "LinkConfig",
        "VLANConfig",
        "Layer2VIPConfig",
        "ResolverConfig",
        "TimeSyncConfig",
        "RegistryMirrorConfig",
      ]),
    );
  });

  test("within the machine config before", () => {
    const patches = patchesOf(
      templateOf(TALOS_SHAPES["everything, in the form of 1.11"] as TalosClusterProps),
      "cp-1",
    );
    expect(legacy(patches)).toHaveLength(1);
    expect(kindsOf(patches)).toEqual(["VolumeConfig", "VolumeConfig", "KmsgLogConfig"]);
  });
});

test("only control planes announce the virtual address, on the link of their own address", () => {
  const template = templateOf(talosCluster([talosControlPlane(1), talosWorker(1)]));
  expect(patchesOf(template, "cp-1")).toContainEqual(
    expect.objectContaining({ kind: "Layer2VIPConfig", name: "10.20.1.10", link: "net0" }),
  );
  expect(kindsOf(patchesOf(template, "worker-1"))).not.toContain("Layer2VIPConfig");
  const balanced = templateOf(talosCluster([talosControlPlane(1)], { announceVip: false }));
  expect(kindsOf(patchesOf(balanced, "cp-1"))).not.toContain("Layer2VIPConfig");
});

test("the user's patches are merged last: of all nodes, then of the role, then of the node", () => {
  const patch = (name: string) => ({ machine: { sysctls: { "kernel.note": name } } });
  const patches = patchesOf(
    templateOf(
      talosCluster([talosControlPlane(1, { patches: [patch("node")] })], {
        patches: [patch("all")],
        controlPlanes: { patches: [patch("role")] },
        workers: { patches: [patch("other role")] },
      }),
    ),
    "cp-1",
  );
  expect(patches.slice(-3)).toEqual([patch("all"), patch("role"), patch("node")]);
});

test("what looks like a template or a token in a patch is text", () => {
  const note = "${var.x} %{ if } ${TfToken[TOKEN.0]} \u2028";
  const template = templateOf(
    talosCluster([talosControlPlane(1)], { patches: [{ machine: { sysctls: { note } } }] }),
  );
  expect(patchTexts(template, "cp-1").join()).not.toMatch(/[$%]\{/);
  expect(patchesOf(template, "cp-1").at(-1)).toEqual({ machine: { sysctls: { note } } });
});

test("configs are applied to the control planes one by one, and then to the workers", () => {
  const nodes = [talosWorker(1), talosControlPlane(1), talosControlPlane(2), talosWorker(2)];
  const template = templateOf(talosCluster(nodes));
  const before = (node: string) => applyOf(template, node)?.depends_on ?? [];
  const apply = (node: string) => `talos_machine_configuration_apply.${node}`;
  expect(before("cp-1")).toEqual([]);
  expect(before("cp-2")).toEqual([apply("cp-1")]);
  expect(before("worker-1")).toEqual([apply("cp-2")]);
  expect(before("worker-2")).toEqual([apply("cp-2")]);
  expect(template.resource.talos_machine_bootstrap?.cluster).toMatchObject({ depends_on: [apply("cp-1")] });
});

test("a machine that is replaced gets its config anew", () => {
  const template = synth((stack) => {
    new TalosProvider(stack, "talos");
    const machine = new TerraformResource(stack, "machine", { terraformResourceType: "terraform_data" });
    new TalosCluster(stack, "cluster", talosCluster([talosControlPlane(1, { machine })]));
  });
  expect(applyOf(template, "cp-1")).toMatchObject({
    depends_on: ["terraform_data.machine"],
    lifecycle: { replace_triggered_by: ["terraform_data.machine.id"] },
  });
});

test("a cluster that is adopted imports its secrets, is not bootstrapped again, and configures only the nodes that are named", () => {
  const nodes = [talosControlPlane(1), talosControlPlane(2), talosWorker(1)];
  const adopting = (configuredNodes?: string[]) =>
    templateOf(talosCluster(nodes, { adopted: { configuredNodes } }));
  const template = adopting(["cp-2", "worker-1"]);
  expect(template.import).toEqual([
    { to: "talos_machine_secrets.cluster", id: expect.stringContaining("npm run adopt-talos") },
    { to: "talos_machine_bootstrap.cluster", id: "machine_bootstrap" },
  ]);
  const applied = template.resource.talos_machine_configuration_apply ?? {};
  expect(Object.keys(applied)).toEqual(["cp-2", "worker-1"]);
  expect(applied["worker-1"]?.depends_on).toEqual(["talos_machine_configuration_apply.cp-2"]);
  expect(Object.keys(template.data.talos_machine_configuration ?? {})).toHaveLength(3);
  expect(adopting().resource.talos_machine_configuration_apply).toBeUndefined();
  expect(() => adopting(["cp-9"])).toThrow(/adopted.configuredNodes.*cp-9/);
});

test("a renamed node keeps its config in the state", () => {
  const template = templateOf(talosCluster([talosControlPlane(1, { renamedFrom: "old" })]));
  const type = "talos_machine_configuration_apply";
  expect(template.moved).toContainEqual({ from: `${type}.old`, to: `${type}.cp-1` });
});

test("a plan makes no new secrets: their version is ignored, and they are not destroyed unless that is allowed", () => {
  const lifecycle = (props: Partial<TalosClusterProps>) =>
    templateOf(talosCluster([talosControlPlane(1)], props)).resource.talos_machine_secrets?.cluster
      ?.lifecycle;
  expect(lifecycle({})).toEqual({ ignore_changes: ["talos_version"], prevent_destroy: true });
  expect(lifecycle({ allowNewSecrets: true })).toMatchObject({ prevent_destroy: false });
});

test("no resource reads a node at plan", () => {
  const template = templateOf(TALOS_SHAPES.everything as TalosClusterProps);
  expect(Object.keys(template.data).sort()).toEqual([
    "talos_client_configuration",
    "talos_machine_configuration",
  ]);
});

const refused: [string, Partial<TalosClusterProps>, RegExp][] = [
  [
    "a Talos that is unknown",
    { talosVersion: "v1.10.0" },
    /talosVersion "v1.10.0" is no release that this program can configure; use one from v1.11 to v1.14/,
  ],
  [
    "a Kubernetes that is too new",
    { kubernetesVersion: "v1.37.0" },
    /kubernetesVersion "v1.37.0" is not supported by Talos v1.13.0; use a release from v1.31 to v1.36/,
  ],
  [
    "a Kubernetes that is too old",
    { kubernetesVersion: "1.30.9" },
    /"1.30.9" is not supported by Talos v1.13.0/,
  ],
  [
    "a contract of the future",
    { talosVersion: "v1.12.0", kubernetesVersion: "v1.35.0", configContract: "v1.13" },
    /configContract "v1.13" is newer than Talos v1.12.0/,
  ],
  ["no endpoint", { network: {} }, /it has no endpoint; give network.vip/],
  [
    "an endpoint without a port",
    { endpoint: "https://k8s.example.com" },
    /endpoint "https:\/\/k8s.example.com" is not the URL of a Kubernetes API, with its port/,
  ],
  ["Cilium without a version", { cni: "cilium" }, /cni is cilium, but cilium is missing/],
  ["Cilium without its CNI", { cilium: { version: "1.18.2" } }, /cilium has no effect with cni flannel/],
  ["flannel without kube-proxy", { kubeProxy: false }, /kubeProxy false leaves services/],
  [
    "a network that is none",
    { network: { vip: "10.20.1.10", podCidrs: ["10.42.0.0"] } },
    /network.podCidrs "10.42.0.0" is not a network/,
  ],
  [
    "a role as label",
    { workers: { labels: { "node-role.kubernetes.io/gpu": "" } } },
    /is refused by Kubernetes/,
  ],
  [
    "a label that is none",
    { workers: { labels: { "a/b/c": "" } } },
    /workers.labels "a\/b\/c" is not the key of a label/,
  ],
  [
    "a taint that is none",
    { controlPlanes: { taints: ["gpu"] } },
    /controlPlanes.taints "gpu" is not a taint; write it like/,
  ],
  ["no control plane", { nodes: [talosWorker(1)] }, /it has no control plane/],
  [
    "a TPM key without Secure Boot",
    { nodes: [talosControlPlane(1, { diskEncryption: "tpm" })] },
    /Talos node "cp-1": diskEncryption tpm needs Secure Boot/,
  ],
  [
    "two nodes with one name",
    { nodes: [talosControlPlane(1), talosControlPlane(1)] },
    /name cp-1 is used twice/,
  ],
  [
    "an address without a prefix",
    {
      nodes: [
        talosControlPlane(1, { links: [{ macAddress: "bc:24:11:20:00:11", addresses: ["10.0.0.1"] }] }),
      ],
    },
    /addresses "10.0.0.1" is not a network/,
  ],
  [
    "a volume with a bad name",
    { nodes: [talosControlPlane(1, { userVolumes: [{ name: "a b", match: "true" }] })] },
    /userVolumes "a b" is not the name of a volume/,
  ],
];
test.each(refused)("%s is refused", (_, props, message) => {
  expect(() => templateOf(talosCluster([talosControlPlane(1)], props))).toThrow(message);
});

test("a cluster has its secrets as default child, and its configs by node", () => {
  let cluster: TalosCluster | undefined;
  stackOf((stack) => {
    new TalosProvider(stack, "talos");
    cluster = new TalosCluster(stack, "cluster", talosCluster([talosWorker(1), talosControlPlane(1)]));
  });
  expect(cluster?.node.defaultChild).toBe(cluster?.secrets);
  expect([...(cluster?.configurations.keys() ?? [])]).toEqual(["worker-1", "cp-1"]);
});
