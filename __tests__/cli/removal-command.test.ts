import { type RemovalOptions, takeOut } from "../../cli/removal-command";
import type { Cluster } from "../../talos/cluster";
import { talosNodesOf } from "../talos/support/model-cluster";

const [node] = talosNodesOf(1, 1);
if (node === undefined) throw new Error("no node");

const options: RemovalOptions = {
  yes: node.name,
  timeout: 0,
  drain: false,
  drainTimeout: 0,
  deploy: true,
};

/** A cluster whose nodes answer nothing but what a removal needs. @param onReset is called when the node is wiped */
function clusterWith(signal: AbortSignal, onReset: () => void): Cluster {
  const talosctl = {
    resources: async () => [],
    table: async () => [],
    run: async (_: unknown, [command]: readonly string[]) => {
      if (command === "reset") onReset();
      return "";
    },
  };
  const config = { clusterName: "lab", nodes: [] };
  return { talosctl, nodes: talosNodesOf(1, 1), config, signal, env: {} } as unknown as Cluster;
}

const takeNodeOut = (signal: AbortSignal, onReset: () => void) =>
  takeOut(clusterWith(signal, onReset), node.name, options, {
    removal: (isLost) => ({ node, isLost }),
    afterwards: "its VM is destroyed",
  });

beforeEach(() => void jest.spyOn(console, "error").mockImplementation(() => undefined));
afterEach(() => jest.restoreAllMocks());

test("a node that was taken out leaves the rest to its command", async () => {
  const { signal } = new AbortController();
  let wiped = 0;
  expect(await takeNodeOut(signal, () => wiped++)).toMatchObject({
    report: { node: node.name, problems: [] },
  });
  expect(wiped).toBe(1);
});

test("Ctrl-C in the last step ends the command before the deploy that destroys the VM", async () => {
  const stop = new AbortController();
  await expect(takeNodeOut(stop.signal, () => stop.abort(new Error("stopped")))).rejects.toThrow("stopped");
});
