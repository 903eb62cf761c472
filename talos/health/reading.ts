import { z } from "zod";
import type { EtcdView, KubernetesNode, NodeFacts } from "../change/facts";
import { KubernetesNodes } from "../change/kubernetes-nodes";
import { LiveCluster } from "../change/live-cluster";
import type { Cluster } from "../cluster";
import { CallError, TalosError } from "../errors";
import { forEachAtOnce } from "../for-each-at-once";
import type { TalosNode } from "../node";
import type { Certificate } from "../read/certificate";
import { type EtcdSize, readEtcdSizes } from "../read/etcd-sizes";
import { readMachineConfig } from "../read/machine-config";
import { readServices, type Service } from "../read/services";
import { readCertificates } from "./certificates";

/** All that health is judged by. */
export interface HealthReading {
  readonly nodes: readonly NodeReading[];
  /** As each control plane sees it. */
  readonly etcd: readonly EtcdView[];
  /** Of the members that answer, by node. */
  readonly etcdSizes: ReadonlyMap<string, EtcdSize>;
  readonly certificates: readonly Certificate[];
  /** Undefined if Kubernetes was not to be asked. */
  readonly kubernetes?: KubernetesReading;
}

export interface NodeReading extends NodeFacts {
  /** As `cluster.yaml` wants it. */
  readonly node: TalosNode;
  /** What it waits for until it is ready. */
  readonly waitsFor: readonly string[];
  readonly services: readonly Service[];
  /** Whether another machine config is in effect after the next boot. */
  readonly isRebootPending: boolean;
}

export interface KubernetesReading {
  /** Why its API does not answer. */
  readonly error?: string;
  readonly nodes: readonly KubernetesNode[];
}

export interface HealthOptions {
  /** Whether Kubernetes is asked too. */
  readonly kubernetes: boolean;
}

/** Asks all nodes, and changes nothing. What does not answer is a part of the reading. */
export async function readHealth(cluster: Cluster, options: HealthOptions): Promise<HealthReading> {
  const live = new LiveCluster(cluster);
  const [nodes, etcd, etcdSizes, certificates, kubernetes] = await Promise.all([
    forEachAtOnce(cluster.nodes, (node) => readNode(cluster, live, node)),
    live.etcdViews(),
    readEtcdSizes(cluster),
    readCertificates(cluster, options),
    options.kubernetes ? readKubernetes(cluster) : undefined,
  ]);
  return { nodes, etcd, etcdSizes, certificates, ...(kubernetes && { kubernetes }) };
}

const unmet = z.object({
  status: z.object({
    unmetConditions: z.array(z.object({ name: z.string(), reason: z.string() })).nullish(),
  }),
});

async function readNode({ talosctl }: Cluster, live: LiveCluster, node: TalosNode): Promise<NodeReading> {
  const nothing = { node, waitsFor: [], services: [], isRebootPending: false };
  const facts = await live.factsOf(node);
  if (facts.error !== undefined) return { ...nothing, ...facts };
  try {
    const [status] = facts.isReady
      ? []
      : await talosctl.resources(node, { type: "machinestatuses.runtime.talos.dev" }, unmet);
    const conditions = status?.spec.status.unmetConditions ?? [];
    const [services, { active, persistent }] = await Promise.all([
      readServices(talosctl, node),
      readMachineConfig(talosctl, node),
    ]);
    return {
      node,
      ...facts,
      waitsFor: conditions.map(({ name, reason }) => `${name}: ${reason}`),
      services,
      isRebootPending: persistent !== undefined && active !== persistent,
    };
  } catch (error) {
    if (error instanceof CallError) return { ...nothing, error: error.message };
    throw error;
  }
}

async function readKubernetes(cluster: Cluster): Promise<KubernetesReading> {
  try {
    const api = await cluster.kubernetes();
    const drain = { timeoutSeconds: 0, evictUnmanaged: false, signal: cluster.signal };
    return { nodes: [...(await new KubernetesNodes(api, drain).all()).values()] };
  } catch (error) {
    if (error instanceof TalosError) return { error: error.message, nodes: [] };
    throw error;
  }
}
