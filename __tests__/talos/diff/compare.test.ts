import { stringify } from "yaml";
import { compareConfigs } from "../../../talos/diff/compare";
import { masked } from "../../../talos/diff/mask";

const config = (...documents: readonly object[]) => documents.map((each) => stringify(each)).join("---\n");
const MAIN = { version: "v1alpha1", machine: { type: "worker", sysctls: { "net.core.somaxconn": "1024" } } };
const link = (name: string, mtu?: number) => ({ apiVersion: "v1alpha1", kind: "LinkConfig", name, mtu });

describe("two configs", () => {
  test("are the same in another order, with empty values and other quotes", () => {
    const one = config({ ...MAIN, cluster: { network: {} } }, link("net0"), link("net1"));
    const other = `# comment\n${config(link("net1"), link("net0"), MAIN).replace("worker", '"worker"')}`;
    expect(compareConfigs(one, other)).toEqual([]);
  });

  test("differ key by key, each in its document", () => {
    const before = config(MAIN, link("net0", 1500), link("net1"));
    const machine = { type: "worker", kernel: { modules: [{ name: "nvme_tcp" }] } };
    const after = config({ version: "v1alpha1", machine }, link("net0", 9000), link("net2"));
    expect(compareConfigs(before, after)).toEqual([
      { document: "v1alpha1", path: ["machine", "sysctls"], before: { "net.core.somaxconn": "1024" } },
      { document: "v1alpha1", path: ["machine", "kernel"], after: { modules: [{ name: "nvme_tcp" }] } },
      { document: "LinkConfig net0", path: ["mtu"], before: 1500, after: 9000 },
      {
        document: "LinkConfig net1",
        path: [],
        before: { apiVersion: "v1alpha1", kind: "LinkConfig", name: "net1" },
      },
      {
        document: "LinkConfig net2",
        path: [],
        after: { apiVersion: "v1alpha1", kind: "LinkConfig", name: "net2" },
      },
    ]);
  });

  test("differ in one item of a list of the same length, and in the whole of another", () => {
    const withSans = (certSANs: readonly string[]) => config({ machine: { certSANs } });
    const path = ["machine", "certSANs"];
    expect(compareConfigs(withSans(["a", "b"]), withSans(["a", "c"]))).toEqual([
      { document: "v1alpha1", path: [...path, 1], before: "b", after: "c" },
    ]);
    expect(compareConfigs(withSans(["a"]), withSans(["a", "c"]))).toEqual([
      { document: "v1alpha1", path, before: ["a"], after: ["a", "c"] },
    ]);
  });
});

describe("a secret is masked", () => {
  const PEM = Buffer.from("-----BEGIN ED25519 PRIVATE KEY-----\nMC4CAQAw\n").toString("base64");

  test.each([
    ["machine.ca.key", "short"],
    ["machine.token", "abc.def"],
    ["cluster.secret", "s"],
    ["cluster.secretboxEncryptionSecret", "s"],
    ["cluster.aescbcEncryptionSecret", "s"],
    ["cluster.serviceAccount.key", "s"],
    ["cluster.proxy.extraArgs.bearer-token", "s"],
    ["machine.network.interfaces.wireguard.privateKey", "s"],
    ["machine.registries.config.ghcr.auth", { username: "me", password: "s" }],
    ["anything.else", PEM],
    ["anything.else", "-----BEGIN EC PRIVATE KEY-----"],
  ])("by its key or its form: %s", (path, value) => {
    expect(masked(value, path.split("."))).toBe("(secret)");
  });

  test("within a larger value", () => {
    expect(masked({ crt: "c", key: "k" }, ["machine", "ca"])).toEqual({ crt: "c", key: "(secret)" });
    expect(masked(["A=1", "TS_AUTHKEY=tskey-1"], ["environment"])).toEqual(["A=1", "TS_AUTHKEY=(secret)"]);
    expect(masked("http://me:pass@proxy:3128/", ["machine", "env", "http_proxy"])).toBe(
      "http://(secret)@proxy:3128/",
    );
  });

  test("with whatever may be in a file or a manifest", () => {
    const text = "apiVersion: v1\nkind: Secret\ndata: { a: b }\n";
    expect(masked(text, ["cluster", "inlineManifests", 0, "contents"])).toMatch(
      /^\(text of 3 lines, sha256 [0-9a-f]{12}…\)$/,
    );
    for (const path of [
      ["machine", "files", 0, "content"],
      ["configFiles", 0, "content"],
    ]) {
      expect(masked("password: hunter2", path)).toBe("(secret)");
    }
  });

  test("in the query of an address", () => {
    const path = ["machine", "install", "extraKernelArgs", 0];
    expect(masked("talos.config=https://h/c?token=abc&uuid=1&access_key=d", path)).toBe(
      "talos.config=https://h/c?token=(secret)&uuid=1&access_key=(secret)",
    );
  });

  test("and what is none is shown", () => {
    const shown = { disk: "/dev/sda", keys: [{ nodeID: {}, slot: 0 }], image: "factory.talos.dev/x:v1" };
    expect(masked(shown, ["machine", "install"])).toEqual(shown);
  });
});
