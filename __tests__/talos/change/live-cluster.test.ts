import { LiveCluster } from "../../../talos/change/live-cluster";
import type { Cluster } from "../../../talos/cluster";
import { CallError } from "../../../talos/errors";
import { restoreProblems } from "../../../talos/etcd/restore";
import type { TalosNode } from "../../../talos/node";
import { talosNodesOf } from "../support/model-cluster";

const nodes = talosNodesOf(1, 0);
const rows: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  members: { ID: "1a", HOSTNAME: "cp-1", LEARNER: "false" },
  status: { MEMBER: "1a", LEADER: "1a", ERRORS: "" },
  alarm: { MEMBER: "1a", ALARM: "NOSPACE" },
};

function live(failing: readonly string[] = []): LiveCluster {
  const talosctl = {
    table: async ({ name }: TalosNode, [, what = ""]: readonly string[]) => {
      if (failing.includes(what)) throw new CallError(name, `talosctl etcd ${what}`, "it took too long");
      return [rows[what]];
    },
  };
  return new LiveCluster({ talosctl, nodes } as unknown as Cluster);
}

test("a member tells who it is, who leads, and its alarms", async () => {
  expect(await live().etcdViews()).toEqual([
    {
      ...{ node: "cp-1", ownId: "1a", leader: "1a", errors: [], alarms: ["NOSPACE"] },
      members: [{ id: "1a", hostname: "cp-1", isLearner: false }],
    },
  ]);
});

test("etcd with a leader has a quorum, also where it does not answer all", async () => {
  const problemsOf = async (failing: readonly string[]) => {
    const etcd = await live(failing).etcdViews();
    return restoreProblems({ nodes, facts: new Map(), etcd }, { replacesHealthy: false });
  };
  for (const failing of [["alarm"], ["members"]]) {
    expect(await problemsOf(failing)).toEqual([expect.stringMatching(/^etcd has a quorum/)]);
  }
  expect(await problemsOf(["status", "members", "alarm"])).toEqual([]);
});

test("the stage of a node is one question, and why it does not answer is told in its place", async () => {
  const [node] = nodes as [TalosNode];
  const asked: string[] = [];
  const stageOf = (resources: () => Promise<unknown>) => {
    const talosctl = {
      resources: (_: TalosNode, { type }: { readonly type: string }) => {
        asked.push(type);
        return resources();
      },
    };
    return new LiveCluster({ talosctl, nodes } as unknown as Cluster).stageOf(node);
  };
  expect(await stageOf(async () => [{ spec: { stage: "booting" } }])).toEqual({ stage: "booting" });
  expect(asked).toEqual(["machinestatuses.runtime.talos.dev"]);
  const refused = new CallError("cp-1", "talosctl get", "connection refused");
  expect(await stageOf(() => Promise.reject(refused))).toEqual({ error: refused.message });
});
