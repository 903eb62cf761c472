import { z } from "zod";
import { CallError } from "../errors";
import { type DrainOptions, drainNode, type KubernetesCalls } from "./drain";
import type { KubernetesNode } from "./facts";
import type { RollKubernetes } from "./roll";
import { type RunLease, type RunLeaseOptions, withRunLease } from "./run-lease";

/** On a Node that we have cordoned. */
const CORDONED_BY_US = "cdktf-proxmox-talos/cordoned";

const nodeObject = z.object({
  metadata: z.object({ name: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.object({ unschedulable: z.boolean().default(false) }).default({ unschedulable: false }),
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
    nodeInfo: z.object({ kubeletVersion: z.string(), bootID: z.string().default("") }),
  }),
});

/** The Nodes of Kubernetes, as a roll needs them. */
export class KubernetesNodes implements RollKubernetes {
  private lease: RunLease | undefined;

  constructor(
    private readonly api: KubernetesCalls,
    private readonly options: DrainOptions,
  ) {}

  /** Does work on nodes, while no other run of such a command does. @throws LeaseHeldError if another one does already */
  alone<T>(options: RunLeaseOptions, work: () => Promise<T>): Promise<T> {
    return withRunLease(this.api, options, (lease) => {
      this.lease = lease;
      return work();
    });
  }

  async mayGoOn(): Promise<void> {
    await this.lease?.requireHeld();
  }

  /** @throws CallError if the API does not answer */
  async all(): Promise<ReadonlyMap<string, KubernetesNode>> {
    const { items } = z.object({ items: z.array(z.unknown()) }).parse(await this.api.call("/api/v1/nodes"));
    return new Map(items.map(readNode).map((node) => [node.name, node]));
  }

  async nodeOf(name: string): Promise<KubernetesNode | undefined> {
    const found = await this.api.find(pathOf(name));
    return found === undefined ? undefined : readNode(found);
  }

  async cordon(name: string): Promise<void> {
    await this.patch(name, true);
  }

  /** @throws Error that names the pods which did not go */
  async drain(name: string): Promise<void> {
    await drainNode(this.api, name, this.options);
  }

  async uncordon(name: string): Promise<void> {
    await this.patch(name, null);
  }

  /** @returns whether there was one */
  async remove(name: string): Promise<boolean> {
    try {
      await this.api.call(pathOf(name), { method: "DELETE" });
      return true;
    } catch (error) {
      if (error instanceof CallError && error.code === "404") return false;
      throw error;
    }
  }

  private async patch(name: string, cordoned: true | null): Promise<void> {
    const annotations = { [CORDONED_BY_US]: cordoned && "true" };
    const body = { metadata: { annotations }, spec: { unschedulable: cordoned } };
    await this.api.call(pathOf(name), { method: "PATCH", body });
  }
}

const pathOf = (name: string) => `/api/v1/nodes/${encodeURIComponent(name)}`;

function readNode(object: unknown): KubernetesNode {
  const { metadata, spec, status } = nodeObject.parse(object);
  const { kubeletVersion, bootID } = status.nodeInfo;
  return {
    name: metadata.name,
    isReady: status.conditions.some(({ type, status: is }) => type === "Ready" && is === "True"),
    isCordoned: spec.unschedulable,
    isOurs: spec.unschedulable && CORDONED_BY_US in metadata.annotations,
    kubeletVersion,
    ...(bootID && { bootId: bootID }),
  };
}
