import { ApiStatus, type KubernetesApi } from "./api";

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { readonly name: string; readonly image: string }[];
  };
  readonly status: { readonly phase: string };
}

/**
 * Does for pods what a kubelet does, without any container: one that is bound to a running node runs at once, and ends at
 * once when it is deleted. Those of a node that is off stay as they are. Goes on until the API ends the watch.
 * @param addressOf the address of a node; undefined while it is off
 */
export async function runPods(
  api: KubernetesApi,
  addressOf: (node: string) => string | undefined,
  signal: AbortSignal,
): Promise<void> {
  for await (const { type, object } of api.watch<Pod>("/api/v1/pods", signal)) {
    if (type !== "ADDED" && type !== "MODIFIED") continue;
    const address = addressOf(object.spec.nodeName ?? "");
    if (address !== undefined) await attend(api, object, address);
  }
}

async function attend(api: KubernetesApi, { metadata, spec, status }: Pod, hostIP: string): Promise<void> {
  const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
  try {
    if (metadata.deletionTimestamp !== undefined) {
      await api.delete(path, { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } });
    } else if (status.phase === "Pending") {
      await api.patch(`${path}/status`, { status: { ...runningStatus(spec), hostIP } });
    }
  } catch (error) {
    // Somebody else has deleted or replaced it meanwhile.
    if (!(error instanceof ApiStatus) || ![404, 409].includes(error.code)) throw error;
  }
}

function runningStatus({ containers }: Pod["spec"]) {
  const startedAt = new Date().toISOString();
  const types = ["Initialized", "Ready", "ContainersReady", "PodScheduled"];
  return {
    phase: "Running",
    startTime: startedAt,
    conditions: types.map((type) => ({ type, status: "True", lastTransitionTime: startedAt })),
    containerStatuses: containers.map(({ name, image }) => ({
      ...{ name, image, imageID: image, ready: true, started: true, restartCount: 0 },
      state: { running: { startedAt } },
    })),
  };
}
