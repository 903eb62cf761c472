import { quorumOf } from "../../../domain/etcd";
import type { EtcdMember, EtcdView, KubernetesNode, NodeFacts } from "../../../talos/change/facts";
import type { Roll, RollCluster, RollKubernetes } from "../../../talos/change/roll";
import type { TalosNode } from "../../../talos/node";

export const SCHEMATIC = "a".repeat(64);

/** A node that is to run v1.13.0. */
export function talosNode(name: string, role: TalosNode["role"], more: Partial<TalosNode> = {}): TalosNode {
  const talosVersion = more.talosVersion ?? "v1.13.0";
  return {
    ...{
      name,
      role,
      talosVersion,
      schematicId: SCHEMATIC,
      address: "10.0.0.1",
      apiEndpoint: "10.0.0.1:50000",
    },
    installerImage: `factory.talos.dev/nocloud-installer/${SCHEMATIC}:${talosVersion}`,
    ...more,
  };
}

export const talosNodesOf = (controlPlanes: number, workers: number): readonly TalosNode[] => [
  // Workers come first in this file.
  ...Array.from({ length: workers }, (_, n) => talosNode(`w-${n + 1}`, "worker")),
  ...Array.from({ length: controlPlanes }, (_, n) => talosNode(`cp-${n + 1}`, "controlplane")),
];

/** How a node takes it. */
export type Fault = "refuses" | "never comes back" | "rolls back" | "loses its member" | "is not drained";

interface Machine {
  version: string;
  boot: number;
  /** How often it is asked before it is back; undefined while it is up. */
  downFor?: number;
  cordonedBy?: "us" | "someone";
  /** Whether Kubernetes has a Node for it. @default true */
  isKnown?: boolean;
  /** What its Node says of its boot. @default nothing */
  bootOfNode?: string;
  isMember: boolean;
}

/** A cluster in memory, whose nodes fail as they are told to. */
export class ModelCluster implements RollCluster {
  readonly machines: ReadonlyMap<string, Machine>;
  readonly kubernetes?: RollKubernetes;
  readonly faults = new Map<string, Fault>();
  /** What was done, in order: `restart cp-1`. */
  readonly log: string[] = [];
  /** Is called after each of them. */
  afterStep: () => void = () => undefined;
  /** What somebody else does while the pods of a node are evicted. */
  whileDraining: (name: string) => void = () => undefined;
  /** Whether another run is at work on the nodes by now. */
  isTakenOver = false;
  /** The most control planes that were ever down together. */
  mostDown = 0;
  /** Whether etcd ever had too few members. */
  lostQuorum = false;

  constructor(
    readonly nodes: readonly TalosNode[],
    /** How often each node is asked in vain after its restart. */
    private readonly downFor = 0,
    hasKubernetes = true,
  ) {
    this.kubernetes = hasKubernetes ? this.kubernetesApi() : undefined;
    this.machines = new Map(
      nodes.map(({ name, role }) => [
        name,
        { version: "v1.12.0", boot: 1, isMember: role === "controlplane" },
      ]),
    );
  }

  machine(name: string): Machine {
    const machine = this.machines.get(name);
    if (!machine) throw new Error(`no node ${name}`);
    return machine;
  }

  async factsOf({ name }: TalosNode): Promise<NodeFacts> {
    const machine = this.machine(name);
    if (machine.downFor !== undefined) {
      if (machine.downFor > 0) {
        machine.downFor--;
        return { error: "connection refused" };
      }
      machine.downFor = undefined;
    }
    const { version: talosVersion, boot } = machine;
    return { stage: "running", isReady: true, talosVersion, schematicId: SCHEMATIC, bootId: String(boot) };
  }

  async stageOf(node: TalosNode): Promise<Pick<NodeFacts, "error" | "stage">> {
    const { error, stage } = await this.factsOf(node);
    return { error, stage };
  }

  async etcdViews(): Promise<readonly EtcdView[]> {
    const controlPlanes = this.nodes.filter(({ role }) => role === "controlplane");
    const members = controlPlanes
      .filter(({ name }) => this.machine(name).isMember)
      .map(({ name }): EtcdMember => ({ id: name, hostname: name, isLearner: false }));
    const leader = members[0]?.id;
    return controlPlanes.map(({ name: node }) =>
      this.machine(node).downFor === undefined
        ? { node, members, leader, errors: [], alarms: [] }
        : { node, error: "connection refused", members: [], errors: [], alarms: [] },
    );
  }

  /** Brings all nodes to the version that they are to run. */
  get upgrade(): Roll {
    return {
      nodes: this.nodes,
      isDone: async ({ talosVersion }, facts) => facts.talosVersion === talosVersion,
      change: async ({ name, talosVersion }) => this.restart(name, talosVersion),
      problemAfter: async ({ talosVersion }, facts) =>
        facts.talosVersion === talosVersion ? undefined : `it runs Talos ${facts.talosVersion}`,
    };
  }

  /** What was broken is mended by hand. */
  repair(): void {
    this.faults.clear();
    for (const { name, role } of this.nodes) {
      const machine = this.machine(name);
      machine.downFor = undefined;
      machine.isMember = role === "controlplane";
    }
  }

  private kubernetesApi(): RollKubernetes {
    return {
      mayGoOn: async () => {
        if (this.isTakenOver) throw new Error("another run has taken over");
      },
      nodeOf: async (name): Promise<KubernetesNode | undefined> => {
        const { cordonedBy, downFor, isKnown, bootOfNode } = this.machine(name);
        if (isKnown === false) return undefined;
        return {
          name,
          isReady: downFor === undefined,
          isCordoned: cordonedBy !== undefined,
          isOurs: cordonedBy === "us",
          kubeletVersion: "v1.35.0",
          ...(bootOfNode && { bootId: bootOfNode }),
        };
      },
      cordon: async (name) => {
        this.machine(name).cordonedBy = "us";
      },
      drain: async (name) => {
        if (this.faults.get(name) === "is not drained") throw new Error("a pod is not evicted");
        this.did(`drain ${name}`);
        this.whileDraining(name);
      },
      uncordon: async (name) => {
        this.machine(name).cordonedBy = undefined;
        this.did(`uncordon ${name}`);
      },
    };
  }

  private did(step: string): void {
    this.log.push(step);
    this.afterStep();
  }

  restart(name: string, version: string): void {
    const fault = this.faults.get(name);
    this.did(`restart ${name}`);
    if (fault === "refuses") throw new Error("it refuses");
    const machine = this.machine(name);
    machine.downFor = fault === "never comes back" ? Number.POSITIVE_INFINITY : this.downFor;
    machine.boot++;
    if (fault !== "rolls back") machine.version = version;
    if (fault === "loses its member") machine.isMember = false;
    const controlPlanes = this.nodes.filter(({ role }) => role === "controlplane");
    const up = controlPlanes.filter((node) => {
      const { downFor, isMember } = this.machine(node.name);
      return downFor === undefined && isMember;
    });
    this.mostDown = Math.max(this.mostDown, controlPlanes.length - up.length);
    if (controlPlanes.length > 2 && up.length < quorumOf(controlPlanes.length)) this.lostQuorum = true;
  }
}
