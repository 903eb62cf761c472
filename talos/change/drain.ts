import { z } from "zod";
import { CallError } from "../errors";
import type { KubernetesApi } from "../kubernetes";
import { type PollOptions, waitUntilFine } from "./poll";

/** The part of the API's client that is used here. */
export type KubernetesCalls = Pick<KubernetesApi, "call" | "find">;

export interface DrainOptions extends PollOptions {
  /** That pods go which nothing starts again elsewhere. */
  readonly evictUnmanaged: boolean;
}

const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        namespace: z.string(),
        uid: z.string(),
        annotations: z.record(z.string(), z.string()).default({}),
        ownerReferences: z
          .array(z.object({ kind: z.string(), controller: z.boolean().default(false) }))
          .default([]),
      }),
      status: z.object({ phase: z.string().default("") }).default({ phase: "" }),
    }),
  ),
});

type Pod = z.infer<typeof podList>["items"][number];

/** On the image in the API of a pod that a kubelet runs from a file. */
const MIRROR = "kubernetes.io/config.mirror";

/**
 * Evicts the pods of a node, as `kubectl drain` does, and waits until they are gone. Pods of DaemonSets and static pods stay; a
 * PodDisruptionBudget is waited for.
 *
 * @throws Error that names the pods which did not go, or which nothing would start again
 */
export async function drainNode(api: KubernetesCalls, node: string, options: DrainOptions): Promise<void> {
  const before = await podsToEvict(api, node);
  const lost = before.filter(isUnmanaged);
  if (lost.length > 0 && !options.evictUnmanaged) {
    throw new Error(
      `not drained: nothing would start ${lost.map(nameOf).join(", ")} again, which has no controller; delete it, or pass --evict-unmanaged`,
    );
  }
  await waitUntilFine(async () => {
    const left = await podsToEvict(api, node);
    const problems = await Promise.all(left.map((pod) => evict(api, pod)));
    return left.length === 0 ? undefined : `not drained: ${problems.join("; ")}`;
  }, options);
}

async function podsToEvict(api: KubernetesCalls, node: string): Promise<readonly Pod[]> {
  const selector = encodeURIComponent(`spec.nodeName=${node}`);
  const { items } = podList.parse(await api.call(`/api/v1/pods?fieldSelector=${selector}`));
  return items.filter(({ metadata, status }) => {
    const isOfDaemonSet = metadata.ownerReferences.some(
      ({ kind, controller }) => controller && kind === "DaemonSet",
    );
    const hasEnded = status.phase === "Succeeded" || status.phase === "Failed";
    return !isOfDaemonSet && !hasEnded && !(MIRROR in metadata.annotations);
  });
}

/** @returns why the pod is still there */
async function evict(api: KubernetesCalls, pod: Pod): Promise<string> {
  const { name, namespace, uid } = pod.metadata;
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
  // A pod of a StatefulSet may run elsewhere by now, under the same name.
  const deleteOptions = { preconditions: { uid } };
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace }, deleteOptions };
  try {
    await api.call(path, { method: "POST", body });
    return `${nameOf(pod)} has been told to go`;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    // 429: a PodDisruptionBudget does not allow it yet. 404 and 409: it is gone, and another one may have its name.
    if (error.code === "404" || error.code === "409") return `${nameOf(pod)} is gone`;
    if (error.code === "429") return `${nameOf(pod)} may not go: ${error.said}`;
    throw error;
  }
}

const isUnmanaged = ({ metadata }: Pod): boolean =>
  !metadata.ownerReferences.some(({ controller }) => controller);

const nameOf = ({ metadata }: Pod): string => `${metadata.namespace}/${metadata.name}`;
