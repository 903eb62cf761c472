import { stringify } from "yaml";
import { refusal } from "./support/client";
import { TestCluster } from "./support/cluster";
import { type MainDocument, machineConfig, mainDocument } from "./support/machine-config";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({ nodes: [{ name: "fresh" }] });
});
afterAll(() => cluster.stop());

/** What a node in maintenance says to a configuration that it refuses. */
async function refused(config: string): Promise<string> {
  const { code, details } = await refusal(
    cluster.insecure(0).unary("ApplyConfiguration", { data: Buffer.from(config) }),
  );
  expect(code).toBe("INVALID_ARGUMENT");
  expect(cluster.node(0).condition).toBe("MAINTENANCE");
  return details;
}

/** Takes a key away. */
const without = (path: string) => (main: MainDocument) => {
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  // biome-ignore lint/suspicious/noExplicitAny: any place of the document
  delete keys.reduce((parent: any, key) => parent[key], main)[last];
};

const withDocument = (document: object) =>
  `${machineConfig(cluster.secrets, "controlplane")}---\n${stringify(document)}`;

describe("what cannot be read", () => {
  test.each([
    ["no YAML", () => "machine: [", /^decode error: yaml: .* \(line \d+\)$/],
    ["a list", () => "- machine", /^expected a YAML document at line 1$/],
    ["no kind", () => "apiVersion: v1alpha1", /missing kind$/],
    ["no apiVersion", () => "kind: HostnameConfig", /missing apiVersion$/],
    [
      "a kind of a later Talos",
      () => withDocument({ apiVersion: "v1alpha1", kind: "DiscoveryServiceConfig" }),
      /^error decoding document v1alpha1\/DiscoveryServiceConfig\/ \(line \d+\): "DiscoveryServiceConfig" "v1alpha1": not registered$/,
    ],
    [
      "a document twice",
      () =>
        `${machineConfig(cluster.secrets, "controlplane", { hostname: "a" })}---\n${stringify({ apiVersion: "v1alpha1", kind: "HostnameConfig", hostname: "b" })}`,
      /^duplicate document HostnameConfig\/ is not allowed \(line \d+\)$/,
    ],
    [
      "a key that is not known",
      () => "machine:\n  type: worker\n  instal:\n    disk: /dev/sda\n",
      /unknown keys found during decoding: machine\.instal \(line 3\)$/,
    ],
    [
      "a wrong type",
      () => "debug: false\nmachine:\n  certSANs: cp.example.com\n",
      /cannot unmarshal machine\.certSANs \(line 3\): .*expected array, received string$/,
    ],
    [
      "no base64",
      () => "machine:\n  ca: {crt: '***'}\n",
      /cannot unmarshal machine\.ca\.crt \(line 2\): is no base64$/,
    ],
  ])("%s", async (_, config, text) => expect(await refused(config())).toMatch(text));
});

test("the log has neither the configuration nor its problems", async () => {
  await refused("machine:\n  token: c2VjcmV0\n  ca: {crt: '*secret*'}\n");
  expect(cluster.talos.control.listCalls().at(-1)).toEqual({
    node: "fresh",
    method: "machine.MachineService/ApplyConfiguration",
    roles: ["os:reader"],
    detail: "REBOOT (51 bytes)",
    status: "INVALID_ARGUMENT",
    durationMs: expect.any(Number),
  });
});

describe("what a node lacks", () => {
  const controlPlane = (change: (main: MainDocument) => void) => () =>
    machineConfig(cluster.secrets, "controlplane", { change });
  const worker = (change: (main: MainDocument) => void) => () =>
    machineConfig(cluster.secrets, "worker", { change });
  test.each([
    ["machine", controlPlane(without("machine")), "machine instructions are required"],
    ["cluster", controlPlane(without("cluster")), "cluster instructions are required"],
    [
      "the endpoint",
      controlPlane(without("cluster.controlPlane")),
      "cluster controlplane endpoint is required",
    ],
    [
      "install",
      controlPlane(without("machine.install")),
      'install instructions are required in "metal" mode',
    ],
    [
      "a disk",
      worker(without("machine.install.disk")),
      "either install disk or diskSelector should be defined",
    ],
    [
      "a CA",
      worker(without("machine.ca")),
      "issuing CA or some accepted CAs are required (.machine.ca, machine.acceptedCAs)",
    ],
    [
      "its key",
      controlPlane(without("machine.ca.key")),
      "issuing CA key is required for controlplane nodes (.machine.ca.key)",
    ],
    [
      "the CA of etcd",
      controlPlane(without("cluster.etcd.ca")),
      "key/cert combination should not be empty (.cluster.etcd.ca)",
    ],
  ])("%s", async (_, config, text) => {
    expect(await refused(config())).toContain(`\t* v1alpha1.Config: ${text}\n`);
  });

  test("what must not be there", async () => {
    const { machine, cluster: shared } = mainDocument(cluster.secrets, "controlplane");
    const main = mainDocument(cluster.secrets, "worker");
    const config = { ...main, machine: { ...main.machine, ca: machine.ca }, cluster: shared };
    expect(await refused(stringify(config))).toBe(
      [
        "3 errors occurred:",
        "\t* v1alpha1.Config: etcd config is only allowed on control plane machines",
        "\t* v1alpha1.Config: issuing Talos API CA key is not allowed on non-controlplane nodes (.machine.ca)",
        "\t* v1alpha1.Config: issuing Kubernetes API CA key is not allowed on non-controlplane nodes (.cluster.ca)",
        "",
      ].join("\n"),
    );
  });

  test.each([
    [{ hostname: "cp-1", auto: "stable" }, "'auto' and 'hostname' cannot be set at the same time"],
    [{ auto: "off" }, "either 'auto' or 'hostname' must be set"],
    [{ auto: "never" }, "invalid value for 'auto': never"],
  ])("a host name %j", async (fields, text) => {
    const document = { apiVersion: "v1alpha1", kind: "HostnameConfig", ...fields };
    expect(await refused(withDocument(document))).toContain(`\t* v1alpha1/HostnameConfig: ${text}\n`);
  });

  test("an unknown machine type", async () => {
    const config = controlPlane(({ machine }) => Object.assign(machine, { type: "master" }));
    expect(await refused(config())).toContain('unknown machine type "master"');
  });
});

test("an image that is already on its disk needs no install section and no reboot", async () => {
  const cloud = await TestCluster.start({
    platform: "nocloud",
    nodes: [{ name: "a" }],
    mediumVersion: "v1.12.4",
  });
  const { bootId } = cloud.node(0);
  await cloud.configure(
    0,
    machineConfig(cloud.secrets, "controlplane", { change: without("machine.install") }),
  );
  expect(cloud.node(0)).toMatchObject({ bootId, version: "v1.12.4" });
  await cloud.secure(0).unary("Version");
  await cloud.stop();
});
