import { join } from "node:path";
import { loadFromEnv } from "../../config";
import { nodeNamed, talosNodes } from "../../talos/node";
import { ROOT } from "../support/running-program";

const { config } = loadFromEnv({ env: { CLUSTER_CONFIG: join(ROOT, "examples/six-nodes") } });

test("a node: its endpoint, release, schematic and installer", () => {
  const nodes = talosNodes({ ...config, nodes: config.nodes.toReversed() }, {});
  expect(nodes.map(({ name }) => name)).toEqual([
    ...["cp-3", "cp-2", "cp-1"],
    ...["worker-3", "worker-2", "worker-1"],
  ]);
  const id = "ce4c980550dd2ab1b17bbf2b08801c7eb59418eafe8f279833297925d67c7515";
  expect(nodes[2]).toEqual({
    name: "cp-1",
    role: "controlplane",
    address: "10.20.1.11",
    apiEndpoint: "10.20.1.11:50000",
    talosVersion: config.talosVersion,
    schematicId: id,
    installerImage: `factory.talos.dev/nocloud-installer-secureboot/${id}:${config.talosVersion}`,
  });
});

test("an IPv6 address has brackets, and a tunnel takes the place of the address", () => {
  const [first] = config.nodes;
  if (!first) throw new Error("no node");
  const six = { ...config, nodes: [{ ...first, address: "fd00::11" }] };
  expect(talosNodes(six, {})[0]?.apiEndpoint).toBe("[fd00::11]:50000");
  const [tunnelled] = talosNodes(six, { TALOS_API_ENDPOINTS: "cp-1=127.0.0.1:50001" });
  expect(tunnelled).toMatchObject({ address: "fd00::11", apiEndpoint: "127.0.0.1:50001" });
});

test("a name that no node has", () => {
  const nodes = talosNodes(config, {});
  expect(() => nodeNamed(nodes, "worker1")).toThrow(
    '"worker1" is no node of this cluster; did you mean worker-1?',
  );
  expect(() => nodeNamed(nodes, "x")).toThrow("use one of cp-1, cp-2, cp-3, worker-1, worker-2, worker-3");
});
