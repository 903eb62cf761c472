import { setImmediate } from "node:timers/promises";
import type { EtcdView, NodeFacts } from "../../../talos/change/facts";
import type { LiveCluster } from "../../../talos/change/live-cluster";
import type { ClusterFacts } from "../../../talos/change/preflight";
import { restoreEtcd, restoreProblems } from "../../../talos/etcd/restore";
import type { TalosNode } from "../../../talos/node";
import { talosNodesOf } from "../support/model-cluster";

const nodes = talosNodesOf(3, 1);
const view = (node: string, leader?: string): EtcdView => ({
  ...{ node, members: [], errors: [], alarms: [] },
  ...(leader && { leader }),
});

function facts(etcd: readonly EtcdView[], down: readonly string[] = []): ClusterFacts {
  const factsOf = (name: string): NodeFacts =>
    down.includes(name) ? { error: "connection refused" } : { stage: "running", isReady: true };
  return { nodes, etcd, facts: new Map(nodes.map(({ name }) => [name, factsOf(name)])) };
}
const lost = ["cp-1", "cp-2", "cp-3"].map((name) => view(name));

test("etcd without a quorum may be restored, whether workers answer or not", () => {
  expect(restoreProblems(facts(lost), { replacesHealthy: false })).toEqual([]);
  expect(restoreProblems(facts(lost, ["w-1"]), { replacesHealthy: false })).toEqual([]);
});

test("etcd with a quorum may only be restored where that was said", () => {
  const works = [view("cp-1", "1"), view("cp-2", "1"), view("cp-3")];
  expect(restoreProblems(facts(works), { replacesHealthy: false })).toEqual([
    expect.stringMatching(/has a quorum.*--replace-healthy/),
  ]);
  expect(restoreProblems(facts(works), { replacesHealthy: true })).toEqual([]);
});

test("a control plane that is not wiped with the others would bring its old members back", () => {
  expect(restoreProblems(facts(lost, ["cp-2"]), { replacesHealthy: true })).toEqual([
    expect.stringMatching(/^cp-2 does not answer: connection refused; start it/),
  ]);
});

test("a member that is not wiped with the others would go on without them", () => {
  const members = ["cp-1", "cp-2", "cp-3", "cp-4"].map((hostname) => ({
    id: hostname,
    hostname,
    isLearner: false,
  }));
  const works = ["cp-1", "cp-2", "cp-3"].map((name) => ({ ...view(name, "cp-1"), members }));
  expect(restoreProblems(facts(works), { replacesHealthy: true })).toEqual([
    expect.stringMatching(/^etcd has the member cp-4 \(cp-4\), which is no control plane of the cluster/),
  ]);
});

describe("what a restore does to the nodes", () => {
  const [first, ...others] = ["cp-1", "cp-2", "cp-3"];

  /** Control planes whose etcd is in this state when the restore begins. */
  function controlPlanes(
    state: string,
    silent: readonly string[] = [],
    { signal, onCall }: { readonly signal?: AbortSignal; readonly onCall?: (call: string) => unknown } = {},
  ) {
    const calls: string[] = [];
    const boots = new Map<string, number>();
    const isReset = (name: string) => calls.includes(`reset ${name}`);
    const talosctl = {
      run: async ({ name }: TalosNode, args: readonly string[]) => {
        calls.push(`${args[0]} ${name}`);
        await onCall?.(`${args[0]} ${name}`);
        if (args[0] === "reset") boots.set(name, 2);
        return "";
      },
      table: async ({ name }: TalosNode) => {
        await onCall?.(`service ${name}`);
        return [{ SERVICE: "etcd", STATE: isReset(name) ? "Preparing" : state, HEALTH: "?" }];
      },
    };
    const members = [first, ...others].map((name = "") => ({ id: name, hostname: name, isLearner: false }));
    const live = {
      nodes,
      factsOf: async ({ name }: TalosNode) =>
        silent.includes(name) ? { error: "connection refused" } : { bootId: String(boots.get(name) ?? 1) },
      etcdViews: async () =>
        members.map(({ id: node }) => ({ node, members, leader: "cp-1", errors: [], alarms: [] })),
    };
    const restore = () =>
      restoreEtcd(
        { talosctl } as unknown as Parameters<typeof restoreEtcd>[0],
        live as unknown as LiveCluster,
        { file: "f", skipHashCheck: false, timeoutSeconds: 0, intervalMs: 0, say: () => undefined, signal },
      );
    return { calls, restore };
  }
  const resets = ["reset cp-1", "reset cp-2", "reset cp-3"];

  test.each(["Running", "Preparing"])("all are wiped, also where etcd is %s", async (state) => {
    const { calls, restore } = controlPlanes(state);
    await restore();
    expect(calls).toEqual([...resets, "bootstrap cp-1"]);
  });

  test("one that has stopped to answer is not taken for wiped, and nothing starts without it", async () => {
    const { calls, restore } = controlPlanes("Preparing", ["cp-2"]);
    await expect(restore()).rejects.toThrow("cp-2: connection refused");
    expect(calls).toEqual([]);
  });

  test("where one fails, the others are waited for, and no etcd starts", async () => {
    let ended = 0;
    const { calls, restore } = controlPlanes("Preparing", [], {
      onCall: async (call) => {
        if (call === "reset cp-1") throw new Error("it refuses");
        if (call === "reset cp-2") throw new Error("so does this one");
        await setImmediate();
        if (call === "service cp-3") ended++;
      },
    });
    await expect(restore()).rejects.toThrow("it refuses\nso does this one");
    expect({ calls, ended }).toEqual({ calls: resets, ended: 1 });
  });

  test("an interruption starts no etcd, also where all control planes wait for it", async () => {
    const stop = new AbortController();
    let asked = 0;
    const { calls, restore } = controlPlanes("Preparing", [], {
      signal: stop.signal,
      onCall: (call) => {
        if (call.startsWith("service") && ++asked === 3) stop.abort(new Error("stopped"));
      },
    });
    await expect(restore()).rejects.toThrow("stopped");
    expect(calls).toEqual(resets);
  });
});
