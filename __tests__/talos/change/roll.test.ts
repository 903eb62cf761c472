import fc from "fast-check";
import { rollNodes } from "../../../talos/change/roll";
import { type Fault, ModelCluster, talosNodesOf } from "../support/model-cluster";

const quick = { timeoutSeconds: 60, intervalMs: 0, say: () => undefined };
/** For nodes that never come back: they are asked once. */
const once = { ...quick, timeoutSeconds: 0 };

const FAULTS: readonly Fault[] = [
  "refuses",
  "never comes back",
  "rolls back",
  "loses its member",
  "is not drained",
];
const faults = fc.dictionary(
  fc.constantFrom("cp-1", "cp-2", "cp-3", "w-1", "w-2"),
  fc.constantFrom(...FAULTS),
);

test("control planes come first, one after the other", async () => {
  const cluster = new ModelCluster(talosNodesOf(3, 2), 2);
  const results = await rollNodes(cluster, cluster.upgrade, quick);
  expect(results.map(({ outcome }) => outcome)).toEqual(Array(5).fill("changed"));
  expect(cluster.log).toEqual(
    ["cp-1", "cp-2", "cp-3", "w-1", "w-2"].flatMap((name) => [
      `drain ${name}`,
      `restart ${name}`,
      `uncordon ${name}`,
    ]),
  );
});

test("whatever fails, no two control planes are down, and nothing after it is touched", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.nat(2), faults, async (size, workers, broken) => {
      const cluster = new ModelCluster(talosNodesOf(size, workers));
      for (const [name, fault] of Object.entries(broken)) cluster.faults.set(name, fault);
      const results = await rollNodes(cluster, cluster.upgrade, once);
      expect(cluster.mostDown).toBeLessThanOrEqual(1);
      expect(cluster.lostQuorum).toBe(false);
      const failed = results.findIndex(({ outcome }) => outcome === "failed");
      const rest = failed < 0 ? [] : results.slice(failed + 1);
      for (const { name, outcome } of rest) {
        expect(outcome).toBe("not reached");
        const { boot, cordonedBy } = cluster.machine(name);
        expect({ boot, cordonedBy }).toEqual({ boot: 1, cordonedBy: undefined });
      }
    }),
  );
});

test("whatever fails, the run after it goes on from there, and no node stays cordoned by us", async () => {
  await fc.assert(
    fc.asyncProperty(faults, async (broken) => {
      const cluster = new ModelCluster(talosNodesOf(3, 2));
      for (const [name, fault] of Object.entries(broken)) cluster.faults.set(name, fault);
      const first = await rollNodes(cluster, cluster.upgrade, once);
      const done = first.filter(({ outcome }) => outcome === "changed").map(({ name }) => name);
      const boots = done.map((name) => cluster.machine(name).boot);
      cluster.repair();
      const second = await rollNodes(cluster, cluster.upgrade, once);
      expect(second.filter(({ outcome }) => outcome === "failed")).toEqual([]);
      expect(done.map((name) => cluster.machine(name).boot)).toEqual(boots);
      for (const machine of cluster.machines.values()) {
        const { version, cordonedBy } = machine;
        expect({ version, cordonedBy }).toEqual({ version: "v1.13.0", cordonedBy: undefined });
      }
    }),
  );
});

test.each<[Fault, RegExp]>([
  ["refuses", /it refuses/],
  ["never comes back", /connection refused, after 0 s/],
  ["rolls back", /it runs Talos v1\.12\.0/],
  ["loses its member", /etcd on cp-1: it is no member/],
  ["is not drained", /a pod is not evicted/],
])("a node that %s stops the roll", async (fault, reason) => {
  const cluster = new ModelCluster(talosNodesOf(3, 1));
  cluster.faults.set("cp-1", fault);
  const [first, ...rest] = await rollNodes(cluster, cluster.upgrade, once);
  expect(first).toEqual({ name: "cp-1", outcome: "failed", reason: expect.stringMatching(reason) });
  expect(rest.map(({ outcome }) => outcome)).toEqual(["not reached", "not reached", "not reached"]);
  expect(cluster.machine("cp-1").cordonedBy).toBe("us");
});

test("a node is not touched while etcd is not well, whoever has caused it", async () => {
  const cluster = new ModelCluster(talosNodesOf(3, 1));
  cluster.machine("cp-3").isMember = false;
  const [first] = await rollNodes(cluster, cluster.upgrade, once);
  expect(first).toMatchObject({
    name: "cp-1",
    reason: expect.stringMatching(/not touched, .*cp-3: it is no/),
  });
  expect(cluster.log).toEqual([]);
});

test("a node that somebody else has cordoned stays cordoned", async () => {
  const cluster = new ModelCluster(talosNodesOf(1, 1));
  cluster.machine("w-1").cordonedBy = "someone";
  await rollNodes(cluster, cluster.upgrade, once);
  expect(cluster.machine("w-1")).toMatchObject({ version: "v1.13.0", cordonedBy: "someone" });
});

test("without Kubernetes nothing is drained; a signal ends the roll", async () => {
  const model = new ModelCluster(talosNodesOf(1, 1), 0, false);
  await rollNodes(model, model.upgrade, once);
  expect(model.log).toEqual(["restart cp-1", "restart w-1"]);
  const again = new ModelCluster(talosNodesOf(1, 1));
  const stop = AbortSignal.abort(new Error("stopped"));
  again.faults.set("cp-1", "never comes back");
  await expect(rollNodes(again, again.upgrade, { ...quick, signal: stop })).rejects.toThrow("stopped");
});

test.each([true, false])(
  "an interruption ends the roll before its next step, whichever that is (with Kubernetes: %s)",
  async (hasKubernetes) => {
    const clusterOf = () => new ModelCluster(talosNodesOf(3, 2), 1, hasKubernetes);
    const whole = clusterOf();
    await rollNodes(whole, whole.upgrade, quick);
    // After the last one there is none.
    for (const index of whole.log.slice(1).keys()) {
      const cluster = clusterOf();
      const stop = new AbortController();
      cluster.afterStep = () => {
        if (cluster.log.length > index) stop.abort(new Error("stopped"));
      };
      const rolled = rollNodes(cluster, cluster.upgrade, { ...quick, signal: stop.signal });
      await expect(rolled).rejects.toThrow("stopped");
      expect(cluster.log).toEqual(whole.log.slice(0, index + 1));
    }
  },
);

describe("somebody else's run at the same time", () => {
  const first = async (cluster: ModelCluster) => (await rollNodes(cluster, cluster.upgrade, once))[0];

  test("a control plane that goes down while another one is drained saves that one", async () => {
    const cluster = new ModelCluster(talosNodesOf(3, 0), Number.POSITIVE_INFINITY);
    cluster.whileDraining = () => cluster.restart("cp-2", "v1.13.0");
    expect(await first(cluster)).toMatchObject({
      outcome: "failed",
      reason: expect.stringMatching(/^not touched, because .*cp-2: connection refused/),
    });
    expect(cluster.log).toEqual(["drain cp-1", "restart cp-2"]);
    expect(cluster.mostDown).toBe(1);
  });

  test("a node that was restarted while it was drained is not restarted once more", async () => {
    const cluster = new ModelCluster(talosNodesOf(3, 0));
    cluster.whileDraining = (name) => cluster.restart(name, "v1.13.0");
    expect(await first(cluster)).toMatchObject({
      outcome: "failed",
      reason: "not touched, because somebody else has restarted it meanwhile",
    });
    expect(cluster.log).toEqual(["drain cp-1", "restart cp-1"]);
  });

  test("that has taken over while a node was drained restarts it, and not this one", async () => {
    const cluster = new ModelCluster(talosNodesOf(3, 0));
    cluster.whileDraining = () => {
      cluster.isTakenOver = true;
    };
    expect(await first(cluster)).toMatchObject({ outcome: "failed", reason: "another run has taken over" });
    expect(cluster.log).toEqual(["drain cp-1"]);
  });

  test("a control plane that a stopped run has left cordoned may be about to go down", async () => {
    const cluster = new ModelCluster(talosNodesOf(3, 1));
    const nodes = cluster.nodes.filter(({ name }) => name !== "cp-3");
    cluster.machine("cp-3").cordonedBy = "us";
    const [result] = await rollNodes(cluster, { ...cluster.upgrade, nodes }, once);
    expect(result).toMatchObject({
      name: "cp-1",
      reason: expect.stringMatching(
        /cp-3 is still cordoned by a run .* that was stopped.*kubectl uncordon cp-3/,
      ),
    });
    expect(cluster.log).toEqual([]);
    const [worker] = cluster.nodes.filter(({ name }) => name === "w-1");
    if (worker === undefined) throw new Error("no worker");
    const [ofWorker] = await rollNodes(cluster, { ...cluster.upgrade, nodes: [worker] }, once);
    expect(ofWorker).toMatchObject({ outcome: "changed" });
  });
});

test.each<Fault>(["is not drained", "never comes back", "rolls back"])(
  "a node that %s stays cordoned, and that is said",
  async (fault) => {
    const said: string[] = [];
    const cluster = new ModelCluster(talosNodesOf(1, 1));
    cluster.faults.set("w-1", fault);
    await rollNodes(cluster, cluster.upgrade, { ...once, say: (line) => said.push(line) });
    const line = "w-1: is still cordoned; run the command again, or kubectl uncordon w-1";
    expect(said).toContain(line);
    expect(said.some((each) => each.startsWith("cp-1: is still cordoned"))).toBe(false);
  },
);

test("a Node of another machine or another cluster is not drained for this one", async () => {
  const cluster = new ModelCluster(talosNodesOf(3, 1));
  cluster.machine("cp-1").bootOfNode = "of another cluster";
  const [first] = await rollNodes(cluster, cluster.upgrade, once);
  expect(first).toMatchObject({
    name: "cp-1",
    reason: expect.stringMatching(/^its Node in Kubernetes is another machine by its boot ID; .*kubeconfig/),
  });
  expect(cluster.log).toEqual([]);
  expect(cluster.machine("cp-1").cordonedBy).toBeUndefined();
});

test("a node without its Node in Kubernetes after the restart is not done", async () => {
  const cluster = new ModelCluster(talosNodesOf(1, 1));
  cluster.whileDraining = (name) => {
    cluster.machine(name).isKnown = name !== "w-1";
  };
  const results = await rollNodes(cluster, cluster.upgrade, once);
  expect(results.at(-1)).toMatchObject({
    outcome: "failed",
    reason: expect.stringMatching(/^Kubernetes has no Node of this name, after/),
  });
});
