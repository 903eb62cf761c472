import fc from "fast-check";
import { quorumOf } from "../../../domain/etcd";
import type { EtcdMember, EtcdView, NodeFacts } from "../../../talos/change/facts";
import type { PollOptions } from "../../../talos/change/poll";
import type { ClusterFacts } from "../../../talos/change/preflight";
import { type RemovalCluster, removalProblems, removalSteps, removeNode } from "../../../talos/change/remove";
import type { TalosNode } from "../../../talos/node";
import { talosNodesOf } from "../support/model-cluster";

const NO_VIEW = { members: [], errors: [], alarms: [] };

/** A cluster in memory: who is up, and who is a member of etcd. */
class Model {
  readonly log: string[] = [];
  readonly up: Set<string>;
  readonly members: Set<string>;
  readonly nodes: readonly TalosNode[];
  /** Names of the Nodes in Kubernetes. */
  readonly known: Set<string>;
  /** That a node which is wiped stays a member. */
  isForgetful = false;
  /** How often nobody tells the members of etcd, as while a new leader is elected. */
  silentFor = 0;
  /** That a pod does not go. */
  isNotDrained = false;
  /** Whether another run is at work on the nodes by now. */
  isTakenOver = false;
  readonly said: string[] = [];
  /** Is called after each step. */
  afterStep: () => void = () => undefined;

  constructor(controlPlanes: number, workers: number, down: readonly string[] = []) {
    this.nodes = talosNodesOf(controlPlanes, workers);
    const names = this.nodes.map(({ name }) => name);
    this.up = new Set(names.filter((name) => !down.includes(name)));
    this.members = new Set(this.nodes.filter(({ role }) => role === "controlplane").map(({ name }) => name));
    this.known = new Set(names);
  }

  node(name: string): TalosNode {
    const node = this.nodes.find((each) => each.name === name);
    if (!node) throw new Error(`no node ${name}`);
    return node;
  }

  get hasQuorum(): boolean {
    return [...this.members].filter((name) => this.up.has(name)).length >= quorumOf(this.members.size);
  }

  factsOf(name: string): NodeFacts {
    return this.up.has(name) ? { stage: "running", isReady: true } : { error: "connection refused" };
  }

  views(): readonly EtcdView[] {
    const members = [...this.members].map(
      (name): EtcdMember => ({ id: name, hostname: name, isLearner: false }),
    );
    const leader = this.hasQuorum ? [...this.members].find((name) => this.up.has(name)) : undefined;
    return this.nodes
      .filter(({ role }) => role === "controlplane")
      .map(({ name: node }) =>
        this.up.has(node) && this.hasQuorum
          ? { node, members, leader, errors: [], alarms: [] }
          : { node, error: "etcd does not answer", members: [], errors: [], alarms: [] },
      );
  }

  facts(): ClusterFacts {
    const facts = new Map(this.nodes.map(({ name }) => [name, this.factsOf(name)]));
    const kubernetes = new Map(
      [...this.known].map((name) => [
        name,
        { name, isReady: true, isCordoned: false, isOurs: false, kubeletVersion: "v1.36.0" },
      ]),
    );
    return { nodes: this.nodes, facts, etcd: this.views(), kubernetes };
  }

  get cluster(): Omit<RemovalCluster, "problems"> {
    return {
      etcdViews: async () =>
        this.silentFor-- > 0
          ? this.views().map(({ node }) => ({ ...NO_VIEW, node, error: "no leader" }))
          : this.views(),
      reset: async ({ name }) => {
        this.did(`reset ${name}`);
        if (!this.isForgetful) this.members.delete(name);
        this.up.delete(name);
      },
      removeMember: async (by, id) => {
        this.did(`${by} removes ${id}`);
        this.members.delete(id);
      },
      kubernetes: {
        mayGoOn: async () => {
          if (this.isTakenOver) throw new Error("another run has taken over");
        },
        nodeOf: async (name) => this.facts().kubernetes?.get(name),
        cordon: async (name) => this.did(`cordon ${name}`),
        drain: async (name) => {
          this.did(`drain ${name}`);
          if (this.isNotDrained) throw new Error("a pod is not evicted");
        },
        uncordon: async (name) => this.did(`uncordon ${name}`),
        remove: async (name) => {
          this.did(`delete ${name}`);
          return this.known.delete(name);
        },
      },
    };
  }

  private did(step: string): void {
    this.log.push(step);
    this.afterStep();
  }

  async remove(name: string, isLost: boolean, more: Partial<PollOptions> = {}): Promise<void> {
    const say = (line: string) => void this.said.push(line);
    const options = { timeoutSeconds: 0, intervalMs: 0, say, ...more };
    const removal = { node: this.node(name), isLost };
    const cluster = { ...this.cluster, problems: async () => removalProblems(this.facts(), removal) };
    await removeNode(cluster, removal, this.factsOf(name), options);
  }
}

test("a worker is drained, wiped and forgotten", async () => {
  const model = new Model(3, 2);
  const removal = { node: model.node("w-1"), isLost: false };
  expect(removalProblems(model.facts(), removal)).toEqual([]);
  expect(removalSteps(removal, model.facts())).toEqual([
    "its pods are evicted",
    "it is wiped and powered off",
    "its Node in Kubernetes is deleted",
  ]);
  await model.remove("w-1", false);
  expect(model.log).toEqual(["cordon w-1", "drain w-1", "reset w-1", "delete w-1"]);
});

test("a control plane leaves etcd by itself; one that does not is removed by another", async () => {
  const model = new Model(3, 0);
  await model.remove("cp-2", false);
  expect(model.log).toEqual(["cordon cp-2", "drain cp-2", "reset cp-2", "delete cp-2"]);
  const forgetful = new Model(3, 0);
  forgetful.isForgetful = true;
  await forgetful.remove("cp-1", false);
  expect(forgetful.log.slice(2)).toEqual(["reset cp-1", "cp-2 removes cp-1", "delete cp-1"]);
});

test("a control plane that goes down while another one is drained saves that one", async () => {
  const model = new Model(3, 0);
  model.afterStep = () => {
    if (model.log.includes("drain cp-1")) model.up.delete("cp-2");
  };
  await expect(model.remove("cp-1", false)).rejects.toThrow(
    /^not wiped, because cp-1: etcd would have 2 members, 1 of them healthy/,
  );
  expect(model.log).toEqual(["cordon cp-1", "drain cp-1"]);
});

test("a run that was taken over while it drained a node does not wipe it", async () => {
  const model = new Model(3, 1);
  model.afterStep = () => {
    model.isTakenOver = model.log.includes("drain w-1");
  };
  await expect(model.remove("w-1", false)).rejects.toThrow("another run has taken over");
  expect(model.log).toEqual(["cordon w-1", "drain w-1"]);
});

test("an interruption ends the removal before its next step, whichever that is", async () => {
  const whole = new Model(3, 0);
  whole.isForgetful = true;
  await whole.remove("cp-1", false);
  // After the last one there is none.
  for (const index of whole.log.slice(1).keys()) {
    const stop = new AbortController();
    const model = new Model(3, 0);
    model.isForgetful = true;
    model.afterStep = () => {
      if (model.log.length > index) stop.abort(new Error("stopped"));
    };
    await expect(model.remove("cp-1", false, { signal: stop.signal })).rejects.toThrow("stopped");
    expect(model.log).toEqual(whole.log.slice(0, index + 1));
  }
});

test("without Kubernetes no pod is evicted, and the Node that stays is named", () => {
  const model = new Model(3, 1);
  const removal = { node: model.node("w-1"), isLost: false };
  expect(removalSteps(removal, { ...model.facts(), kubernetes: undefined })).toEqual([
    "it is wiped and powered off",
    "its Node in Kubernetes stays, since that is not asked; kubectl delete node w-1",
  ]);
  expect(removalSteps(removal, { ...model.facts(), kubernetes: new Map() })).toEqual([
    "it is wiped and powered off",
  ]);
});

test("the others may be without a leader for a moment after it has left", async () => {
  const model = new Model(3, 0);
  model.silentFor = 2;
  await model.remove("cp-1", false, { timeoutSeconds: 60 });
  expect(model.log.slice(2)).toEqual(["reset cp-1", "delete cp-1"]);
  const silent = new Model(3, 0);
  silent.silentFor = 10;
  await expect(silent.remove("cp-1", false)).rejects.toThrow(
    "no other control plane tells the members of etcd, after 0 s of waiting",
  );
});

test("a node that was not drained is still cordoned, and that is said", async () => {
  const model = new Model(3, 1);
  model.isNotDrained = true;
  await expect(model.remove("w-1", false)).rejects.toThrow("a pod is not evicted");
  expect(model.said).toEqual(["w-1: is still cordoned; run the command again, or kubectl uncordon w-1"]);
  expect(model.log).not.toContain("reset w-1");
});

test("a lost control plane is removed from etcd by another one, and nobody waits for it", async () => {
  const model = new Model(3, 0, ["cp-1"]);
  const removal = { node: model.node("cp-1"), isLost: true };
  expect(removalProblems(model.facts(), removal)).toEqual([]);
  expect(removalSteps(removal, model.facts())).toEqual([
    "it is taken for lost, since it does not answer: connection refused",
    "its member is removed from etcd",
    "its Node in Kubernetes is deleted",
  ]);
  await model.remove("cp-1", true);
  expect(model.log).toEqual(["cp-2 removes cp-1", "delete cp-1"]);
});

test("run again, what is done is skipped", async () => {
  const model = new Model(3, 0);
  await model.remove("cp-2", false);
  expect(removalProblems(model.facts(), { node: model.node("cp-2"), isLost: true })).toEqual([]);
  await model.remove("cp-2", true);
  expect(model.log.slice(4)).toEqual(["delete cp-2"]);
});

test.each<[string, Model, string, boolean, RegExp]>([
  [
    "a node that does not answer",
    new Model(3, 1, ["w-1"]),
    "w-1",
    false,
    /w-1 does not answer: .*pass --lost/,
  ],
  ["a node that answers, as lost", new Model(3, 1), "w-1", true, /answers, so it is not lost/],
  ["the only control plane", new Model(1, 1), "cp-1", false, /only control plane/],
  [
    "a healthy member of three, if one is down",
    new Model(3, 0, ["cp-3"]),
    "cp-1",
    false,
    /2 members, 1 of them/,
  ],
  ["a member without a quorum", new Model(3, 0, ["cp-2", "cp-3"]), "cp-3", true, /no other control plane/],
])("refuses %s", (_, model, name, isLost, problem) => {
  expect(removalProblems(model.facts(), { node: model.node(name), isLost }).join("\n")).toMatch(problem);
});

/** What is said against a removal where the members of etcd are these, and all that are up have a leader. */
function problemsWith(
  members: readonly EtcdMember[],
  { node: name, isLost, down = [] }: { node: string; isLost: boolean; down?: readonly string[] },
): string {
  const model = new Model(3, 1, down);
  const etcd = model
    .views()
    .map(
      (view): EtcdView => (view.error ? view : { ...view, members, leader: "1", ownId: `${view.node}-id` }),
    );
  return removalProblems({ ...model.facts(), etcd }, { node: model.node(name), isLost }).join("\n");
}
const member = (hostname: string, more: Partial<EtcdMember> = {}): EtcdMember => ({
  ...{ id: `${hostname}-id`, hostname, isLearner: false },
  ...more,
});

test("a learner has no vote: it may be lost, and counts for nobody", () => {
  const learning = [member("cp-1"), member("cp-2"), member("cp-3", { isLearner: true })];
  expect(problemsWith(learning, { node: "cp-3", isLost: true, down: ["cp-3"] })).toBe("");
  expect(problemsWith(learning, { node: "cp-1", isLost: false })).toBe("");
});

test("a control plane whose member has another name does not pass for none", () => {
  const renamed = [member("cp-1"), member("cp-2"), member("lab-cp-3", { id: "cp-3-id" })];
  expect(problemsWith(renamed, { node: "cp-3", isLost: false })).toMatch(
    /^cp-3: its member of etcd is called lab-cp-3, so another machine answers there/,
  );
  expect(problemsWith(renamed, { node: "cp-3", isLost: true, down: ["cp-3"] })).toMatch(
    /^cp-3 is no member of etcd by its name, but lab-cp-3 \(cp-3-id\) may be it; .*remove-member cp-3-id/,
  );
});

test("a node that Kubernetes knows under another name is not wiped with its pods on it", () => {
  const model = new Model(3, 1);
  model.known.delete("w-1");
  const problems = (isLost: boolean) => removalProblems(model.facts(), { node: model.node("w-1"), isLost });
  expect(problems(false)).toEqual([
    "w-1: Kubernetes has no Node of this name, so no pod can be evicted; if there is none on it, pass --no-drain",
  ]);
  expect(
    removalProblems({ ...model.facts(), kubernetes: undefined }, { node: model.node("w-1"), isLost: false }),
  ).toEqual([]);
  model.up.delete("w-1");
  expect(problems(true)).toEqual([]);
});

test("another machine at the address of a node is not wiped in its place", () => {
  const model = new Model(3, 2);
  const facts = model.facts();
  const own = facts.kubernetes?.get("w-1");
  if (own === undefined) throw new Error("no Node");
  const removal = { node: model.node("w-1"), isLost: false };
  const of = (bootId: string, isReady = true) =>
    removalProblems(
      {
        ...facts,
        facts: new Map([["w-1", { stage: "running", isReady: true, bootId: "boot-1" }]]),
        kubernetes: new Map([["w-1", { ...own, bootId, isReady }]]),
      },
      removal,
    );
  expect(of("boot-1")).toEqual([]);
  expect(of("boot-2")).toEqual([
    expect.stringMatching(
      /^w-1: the machine at 10\.0\.0\.1:50000 is another one than its Node.*correct its address/,
    ),
  ]);
  // A kubelet that is not there any more has told of an earlier boot.
  expect(of("boot-2", false)).toEqual([]);
});

test("whatever is down, a removal that is not refused leaves etcd with a quorum", async () => {
  const names = ["cp-1", "cp-2", "cp-3", "cp-4", "cp-5", "w-1"];
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.subarray(names),
      fc.constantFrom(...names),
      fc.boolean(),
      async (size, down, name, isLost) => {
        const model = new Model(size, 1, down);
        if (!model.nodes.some((node) => node.name === name)) return;
        const hadQuorum = model.hasQuorum;
        if (removalProblems(model.facts(), { node: model.node(name), isLost }).length > 0) return;
        await model.remove(name, isLost);
        expect(model.hasQuorum).toBe(hadQuorum);
        expect(model.members.has(name)).toBe(false);
      },
    ),
    { numRuns: 300 },
  );
});
