import { type RemovalOptions, type TakeOut, takeOut } from "../../cli/removal-command";
import type { Cluster } from "../../talos/cluster";
import { CallError } from "../../talos/errors";
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

/** A cluster whose nodes answer nothing but what a removal needs. @param onRun is called with what talosctl is to run */
function clusterWith(signal: AbortSignal, onRun: (command: string) => void): Cluster {
  const talosctl = {
    resources: async () => [],
    table: async () => [],
    run: async (_: unknown, [command = ""]: readonly string[]) => {
      onRun(command);
      return "";
    },
  };
  const config = { clusterName: "lab", nodes: [] };
  return { talosctl, nodes: talosNodesOf(1, 1), config, signal, env: {} } as unknown as Cluster;
}

const takeNodeOut = (
  signal: AbortSignal,
  onRun: (command: string) => void,
  more: Partial<RemovalOptions> = {},
  laterProblems?: TakeOut["laterProblems"],
) =>
  takeOut(
    clusterWith(signal, onRun),
    node.name,
    { ...options, ...more },
    {
      command: "remove-node",
      removal: () => ({ node, isLost: false }),
      laterProblems,
      afterwards: "its VM is destroyed",
    },
  );

beforeEach(() => void jest.spyOn(console, "error").mockImplementation(() => undefined));
afterEach(() => jest.restoreAllMocks());

const { signal } = new AbortController();

test("a node that was taken out leaves the rest to its command", async () => {
  const runs: string[] = [];
  const { code, report } = await takeNodeOut(signal, (command) => runs.push(command));
  expect({ code, report }).toMatchObject({ code: undefined, report: { node: node.name, problems: [] } });
  expect(runs.filter((command) => command === "reset")).toHaveLength(1);
});

test.each([false, true])(
  "what would be refused after it is known before the node is touched (dry run: %s)",
  async (dryRun) => {
    const onRun = (command: string) => {
      if (command === "reset") throw new Error("it was wiped");
    };
    const later = async () => ["w-1: its deploy would be refused"];
    const { code, report } = await takeNodeOut(signal, onRun, { dryRun, yes: undefined }, later);
    expect({ code, problems: report.problems }).toEqual({ code: 3, problems: await later() });
    const none = await takeNodeOut(
      signal,
      () => undefined,
      {},
      async () => [],
    );
    expect(none.code).toBeUndefined();
  },
);

test("it wants the name of the node, and where nobody can type it, as an option", async () => {
  const { isTTY } = process.stdin;
  process.stdin.isTTY = false;
  const wiped = jest.fn();
  const onRun = (command: string) => command === "reset" && wiped();
  await expect(takeNodeOut(signal, onRun, { yes: "w-2" })).rejects.toThrow(
    "--yes w-2 is not the name of the node; write --yes w-1",
  );
  await expect(takeNodeOut(signal, onRun, { yes: undefined })).rejects.toThrow(
    "there is no terminal to type the name of the node on; pass --yes w-1",
  );
  expect(wiped).not.toHaveBeenCalled();
  process.stdin.isTTY = isTTY;
});

test("Ctrl-C in the last step ends the command before the deploy that destroys the VM", async () => {
  const stop = new AbortController();
  const onRun = (command: string) => command === "reset" && stop.abort(new Error("stopped"));
  await expect(takeNodeOut(stop.signal, onRun)).rejects.toThrow("stopped");
});

test("a node that has stopped to answer since it was looked at is not taken out", async () => {
  let reads = 0;
  const { code, report } = await takeNodeOut(signal, (command) => {
    if (command === "reset") throw new Error("it was wiped");
    // Each of the two nodes is asked once for its boot, each time that all are looked at.
    if (command === "read" && ++reads > 2) throw new CallError("w-1", "read", "connection refused");
  });
  expect({ code, problems: report.problems }).toEqual({
    code: 3,
    problems: [expect.stringMatching(/^w-1 does not answer: .*connection refused/)],
  });
});
