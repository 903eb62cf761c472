import fc from "fast-check";
import { ConfigError, parseCluster } from "../../config";
import { type Cluster, cluster, type Node, nodesText, settingsText } from "./support/arbitrary-cluster";
import { parse, problemsIn, VALID } from "./support/cluster";

function parsePair(given: Cluster) {
  return parseCluster({
    cluster: { file: "cluster.yaml", bytes: Buffer.from(settingsText(given)) },
    nodes: { file: "nodes.yaml", bytes: Buffer.from(nodesText(given)) },
  });
}

test("any valid cluster is accepted, node by node, and one file gives what two give", () => {
  fc.assert(
    fc.property(cluster, (given) => {
      const { config } = parsePair(given);
      expect(config.nodes.map(({ name }) => name)).toEqual(given.nodes.map(({ name }) => name));
      expect(parse(settingsText(given) + nodesText(given)).config).toEqual(config);
    }),
  );
});

/** Breaks a node; `other` is one that stands before it in the file. */
type Mutation = (node: Node, other: Node, given: Cluster) => Node;

const MUTATIONS: Readonly<Record<string, readonly [key: string, mutate: Mutation]>> = {
  "a name that is taken": ["name", (node, other) => ({ ...node, name: other.name })],
  "an address that is taken": ["address", (node, other) => ({ ...node, address: other.address })],
  "an id that is taken": ["vm_id", (node, other) => ({ ...node, vm_id: other.vm_id })],
  "a MAC address that is taken": [
    "mac_addr",
    (node, other) => ({ ...node, mac_addr: String(other.mac_addr).toUpperCase() }),
  ],
  "an address elsewhere": ["address", (node) => ({ ...node, address: "10.8.0.4" })],
  "the network's address": ["address", (node, _, { network }) => ({ ...node, address: `${network}.0` })],
  "the broadcast address": ["address", (node, _, { network }) => ({ ...node, address: `${network}.255` })],
  "the gateway's address": ["address", (node, _, { network }) => ({ ...node, address: `${network}.1` })],
  "the virtual address": [
    "address",
    (node, _, { settings }) => ({ ...node, address: settings.cluster_api_addr }),
  ],
  "another prefix length": [
    "address",
    (node) => ({ ...node, address: `${String(node.address).replace("/24", "")}/23` }),
  ],
  "a multicast MAC address": ["mac_addr", (node) => ({ ...node, mac_addr: "bd:24:11:00:01:00" })],
  "a MAC address cut short": ["mac_addr", (node) => ({ ...node, mac_addr: "bc:24:11" })],
  "a MAC address on a further NIC that is taken": [
    "networks[0].mac_addr",
    (node, other) => ({ ...node, networks: [{ mac_addr: other.mac_addr }] }),
  ],
  "an MTU that is too large": ["mtu", (node) => ({ ...node, mtu: 65521 })],
  "a VLAN that is none": ["networks[0].vlan", (node) => ({ ...node, networks: [{ vlan: 0 }] })],
  "a name in upper case": ["name", (node) => ({ ...node, name: "Node" })],
  "an id that is too small": ["vm_id", (node) => ({ ...node, vm_id: 99 })],
  "a disk that is too small": ["vm_disk_size", (node) => ({ ...node, vm_disk_size: 9 })],
  "too little memory": ["vm_memory", (node) => ({ ...node, vm_memory: 1023 })],
  "a word for a boolean": ["secureboot", (node) => ({ ...node, secureboot: "yes please" })],
  "a number in quotes": ["vm_id", (node) => ({ ...node, vm_id: String(node.vm_id) })],
  "a key without a value": ["disk", (node) => ({ ...node, disk: null })],
  "a key that is missing": ["controller", ({ controller: _, ...node }) => node],
  "a key that is misspelt": ["vm_memroy", (node) => ({ ...node, vm_memroy: 4096 })],
  "a tag that is there twice": ["tags[1]", (node) => ({ ...node, tags: ["a", "a"] })],
};

test.each(Object.entries(MUTATIONS))(
  "%s is reported with the line of its node, and nothing else is",
  (_, [key, mutate]) => {
    const broken = cluster
      .filter(({ nodes }) => nodes.length > 1)
      .chain((given) =>
        fc.integer({ min: 1, max: given.nodes.length - 1 }).map((index) => ({ given, index })),
      );
    fc.assert(
      fc.property(broken, ({ given, index }) => {
        const [other = {}] = given.nodes;
        const nodes = given.nodes.map((node, at) => (at === index ? mutate(node, other, given) : node));
        const problems = problemsIn(() => parsePair({ ...given, nodes }));
        expect(problems.map((problem) => problem.split(" ", 2).join(" "))).toEqual([
          `nodes.yaml:${index + 2}: nodes[${index}].${key}`,
        ]);
      }),
      { numRuns: 20 },
    );
  },
);

test("all mutations of different nodes are reported at once", () => {
  fc.assert(
    fc.property(
      cluster.filter(({ nodes }) => nodes.length > 3),
      (given) => {
        const nodes = given.nodes.map((node, at) =>
          at === 1
            ? { ...node, vm_id: 1 }
            : at === 2
              ? { ...node, address: "10.8.0.4" }
              : at === 3
                ? { ...node, x: 1, mtu: "1" }
                : node,
        );
        const lines = problemsIn(() => parsePair({ ...given, nodes })).map(
          (problem) => problem.split(" ", 1)[0],
        );
        expect(lines).toEqual(["nodes.yaml:3:", "nodes.yaml:4:", "nodes.yaml:5:"]);
      },
    ),
    { numRuns: 20 },
  );
});

test("a value that the schema refuses hides no other mistake, and is no reason for another", () => {
  const broken = cluster
    .filter(({ nodes }) => nodes.length > 2)
    .chain((given) => {
      const [node = {}] = given.nodes;
      const keys = [...Object.keys(given.settings), ...Object.keys(node).map((key) => `nodes[0].${key}`)];
      const ours = keys.filter((key) => !/repository_name|labels|^talos$/.test(key));
      return fc.record({ given: fc.constant(given), key: fc.constantFrom(...ours) });
    });
  fc.assert(
    fc.property(broken, ({ given, key }) => {
      const [first = {}, second = {}, third = {}, ...others] = given.nodes;
      const twice = { ...third, mac_addr: second.mac_addr };
      // No key takes such a map.
      const wrong = { x: 7 };
      const [, ofNode] = key.split(".");
      const problems = problemsIn(() =>
        parsePair({
          ...given,
          settings: ofNode === undefined ? { ...given.settings, [key]: wrong } : given.settings,
          nodes: [ofNode === undefined ? first : { ...first, [ofNode]: wrong }, second, twice, ...others],
        }),
      );
      const paths = problems.map((problem) => problem.split(" ")[1] ?? "");
      expect(paths.filter((path) => path.startsWith(key))).toHaveLength(1);
      expect(paths.filter((path) => !path.startsWith(key))).toEqual(["nodes[2].mac_addr"]);
    }),
    { numRuns: 60 },
  );
});

describe("whatever the bytes are, the answer is a cluster or a ConfigError:", () => {
  const answers = (bytes: Uint8Array) => {
    try {
      parse(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(String(error)).toMatch(/^ConfigError: cluster\.yaml/);
    }
  };

  test("arbitrary bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), answers), { numRuns: 300 });
  });

  test("arbitrary text of the characters that YAML is made of", () => {
    const yamlish = fc.string({ unit: fc.constantFrom(..."ab:-?[]{},&*!|>'\"%@#<~0. \n\t"), maxLength: 60 });
    fc.assert(
      fc.property(yamlish, (text) => answers(Buffer.from(text))),
      { numRuns: 1000 },
    );
  });

  test("arbitrary values", () => {
    const values = fc.dictionary(
      fc.constantFrom("nodes", "state", "node_cidr", "adopt", "__proto__", "x"),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(values, (value) => answers(Buffer.from(JSON.stringify(value)))),
      { numRuns: 300 },
    );
  });

  test("a valid file that is cut off, or has bytes written over", () => {
    const size = Buffer.byteLength(VALID);
    const damage = fc.record({
      end: fc.integer({ min: 0, max: size }),
      at: fc.integer({ min: 0, max: size }),
      bytes: fc.uint8Array({ maxLength: 4 }),
    });
    fc.assert(
      fc.property(damage, ({ end, at, bytes }) => {
        const file = Buffer.from(VALID);
        file.set(bytes.subarray(0, Math.max(0, size - at)), at);
        answers(file.subarray(0, end));
      }),
      { numRuns: 300 },
    );
  });
});
