import { z } from "zod";
import type { Cluster } from "../cluster";
import { TalosError } from "../errors";
import { isControlPlane, type TalosNode } from "../node";
import type { EtcdView, NodeFacts } from "./facts";
import type { KubernetesNodes } from "./kubernetes-nodes";
import type { ClusterFacts } from "./preflight";
import type { RollCluster } from "./roll";

const MACHINE_STATUS = { type: "machinestatuses.runtime.talos.dev" } as const;
const machineStatus = z.object({ stage: z.string(), status: z.object({ ready: z.boolean() }) });
const version = z.object({ version: z.string() });
const extension = z.object({ metadata: z.object({ name: z.string(), version: z.string() }) });
const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/** The nodes of a running cluster, asked by talosctl and the Kubernetes API. */
export class LiveCluster implements RollCluster {
  constructor(
    private readonly cluster: Pick<Cluster, "nodes" | "talosctl">,
    readonly kubernetes?: KubernetesNodes,
  ) {}

  get nodes(): readonly TalosNode[] {
    return this.cluster.nodes;
  }

  async factsOf(node: TalosNode): Promise<NodeFacts> {
    const { talosctl } = this.cluster;
    try {
      const [status, versions, extensions, bootId] = await Promise.all([
        talosctl.resources(node, MACHINE_STATUS, machineStatus),
        talosctl.resources(node, { type: "versions.runtime.talos.dev" }, version),
        talosctl.resources(node, { type: "extensionstatuses.runtime.talos.dev" }, extension),
        talosctl.run(node, ["read", BOOT_ID]),
      ]);
      return {
        stage: status[0]?.spec.stage,
        isReady: status[0]?.spec.status.ready,
        talosVersion: versions[0]?.spec.version,
        // The image factory writes it as an extension.
        schematicId: extensions.find(({ spec }) => spec.metadata.name === "schematic")?.spec.metadata.version,
        bootId: bootId.trim(),
      };
    } catch (error) {
      return { error: messageOf(error) };
    }
  }

  async stageOf(node: TalosNode): Promise<Pick<NodeFacts, "error" | "stage">> {
    try {
      const [status] = await this.cluster.talosctl.resources(node, MACHINE_STATUS, machineStatus);
      return { stage: status?.spec.stage };
    } catch (error) {
      return { error: messageOf(error) };
    }
  }

  etcdViews(): Promise<readonly EtcdView[]> {
    return Promise.all(this.nodes.filter(isControlPlane).map((node) => this.etcdViewOf(node)));
  }

  private async etcdViewOf(node: TalosNode): Promise<EtcdView> {
    const ask = (...args: readonly string[]) => this.cluster.talosctl.table(node, ["etcd", ...args]);
    const asked = ask("status");
    try {
      const [members, [status], alarms] = await Promise.all([ask("members"), asked, ask("alarm", "list")]);
      const { MEMBER: ownId, ERRORS: errors } = status ?? {};
      return {
        node: node.name,
        members: members.map((row) => ({
          id: row.ID ?? "",
          hostname: row.HOSTNAME ?? "",
          isLearner: row.LEARNER === "true",
        })),
        ...(ownId && { ownId }),
        ...leaderIn(status),
        errors: errors ? [errors] : [],
        // Each member tells of the alarms of all.
        alarms: alarms.filter(({ MEMBER }) => MEMBER === ownId).map(({ ALARM = "" }) => ALARM),
      };
    } catch (error) {
      const nothing = { node: node.name, error: messageOf(error), members: [], errors: [], alarms: [] };
      const [status] = await asked.catch(() => []);
      return { ...nothing, ...leaderIn(status) };
    }
  }

  /** Asks everybody. @throws CallError if Kubernetes is to be asked and does not answer */
  async facts(): Promise<ClusterFacts> {
    const [facts, etcd, kubernetes] = await Promise.all([
      Promise.all(this.nodes.map(async (node) => [node.name, await this.factsOf(node)] as const)),
      this.etcdViews(),
      this.kubernetes?.all(),
    ]);
    return { nodes: this.nodes, facts: new Map(facts), etcd, ...(kubernetes && { kubernetes }) };
  }
}

/** Without a leader, etcd says that it is 0. */
function leaderIn(status: Readonly<Record<string, string>> | undefined): Pick<EtcdView, "leader"> {
  const leader = status?.LEADER;
  return leader && !/^0*$/.test(leader) ? { leader } : {};
}

/** @throws what is no answer of a node, such as the reason of a signal */
function messageOf(error: unknown): string {
  if (error instanceof TalosError) return error.message;
  throw error;
}
