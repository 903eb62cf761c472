import { ApiStatus, type KubernetesApi } from "./api";

/** A node as its kubelet registers it. */
export interface KubernetesNode {
  readonly name: string;
  /** Another one for each boot. */
  readonly bootId: string;
  /** Whether its kubelet runs and reaches the API. */
  readonly isUp: boolean;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** `Talos (v1.13.0)` */
  readonly osImage: string;
  /** `v1.36.0` */
  readonly kubeletVersion: string;
  /** What it runs from files. */
  readonly staticPods: readonly StaticPod[];
}

export interface StaticPod {
  /** `kube-apiserver` */
  readonly app: string;
  readonly image: string;
  /** The version of the resource on the node that it is made of. */
  readonly configVersion: string;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

interface NodeObject {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: { readonly taints?: readonly Taint[] };
}

const NODES = "/api/v1/nodes";
const STATIC_PODS = "/api/v1/namespaces/kube-system/pods";
/** On what the kubelet shows of its own pods: which file it is. */
const MIRROR = "kubernetes.io/config.mirror";
const CONFIG_VERSION = "talos.dev/config-version";
const CAPACITY = { cpu: "4", memory: "8Gi", "ephemeral-storage": "60Gi", pods: "110" };
/** Where Talos keeps which labels are from the machine config, to remove them when they are no longer in it. */
const OWNED_LABELS = "talos.dev/owned-labels";
/** What Kubernetes taints a node with that is not ready. */
const NOT_READY = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/** Registers a node that has booted or has another config. One that is there already stays cordoned if it is. */
export async function register(api: KubernetesApi, node: KubernetesNode): Promise<void> {
  const { name, labels, annotations } = node;
  const found = await api.find<NodeObject>(`${NODES}/${name}`);
  const owned = JSON.parse(found?.metadata.annotations?.[OWNED_LABELS] ?? "[]") as readonly string[];
  const gone = owned.filter((label) => !(label in labels)).map((label) => [label, null]);
  const metadata = {
    name,
    labels: { ...labels, ...Object.fromEntries(gone) },
    annotations: { ...annotations, [OWNED_LABELS]: JSON.stringify(Object.keys(labels).sort()) },
  };
  const own = node.taints.map(({ key }) => key);
  const others = found?.spec?.taints?.filter(({ key }) => ![...own, ...NOT_READY].includes(key)) ?? [];
  const spec = { taints: [...others, ...node.taints] };
  if (!found) await api.post(NODES, { metadata, spec });
  // The taint of a node that is not ready comes with every new node.
  await api.patch(`${NODES}/${name}`, { metadata, spec });
  await api.patch(`${NODES}/${name}/status`, { status: readyStatus(node) });
  for (const pod of node.staticPods) await mirrorPod(api, name, pod);
}

interface MirrorPod {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}

/** Shows a pod in the API that the kubelet runs from a file. A file that has changed is another pod. */
async function mirrorPod(
  api: KubernetesApi,
  nodeName: string,
  { app, image, configVersion }: StaticPod,
): Promise<void> {
  const name = `${app}-${nodeName}`;
  const annotations = {
    [MIRROR]: `${configVersion} ${image}`,
    "kubernetes.io/config.source": "file",
    [CONFIG_VERSION]: configVersion,
  };
  const path = `${STATIC_PODS}/${name}`;
  const found = await api.find<MirrorPod>(path);
  if (found?.metadata.annotations?.[MIRROR] === annotations[MIRROR]) return;
  if (found) await api.delete(path, { gracePeriodSeconds: 0 });
  await api.post(STATIC_PODS, {
    metadata: { name, labels: { "k8s-app": app, tier: "control-plane" }, annotations },
    spec: {
      containers: [{ name: app, image }],
      nodeName,
      hostNetwork: true,
      priorityClassName: "system-cluster-critical",
      tolerations: [{ operator: "Exists" }],
    },
  });
}

/** Marks a node as a controller does that no longer hears from it. One that was deleted stays so. */
export async function markUnreachable(api: KubernetesApi, name: string): Promise<void> {
  await markFound(api, name).catch((error: unknown) => {
    // It was deleted meanwhile.
    if (!(error instanceof ApiStatus) || error.code !== 404) throw error;
  });
}

async function markFound(api: KubernetesApi, name: string): Promise<void> {
  const found = await api.find<NodeObject>(`${NODES}/${name}`);
  if (!found) return;
  const others = found.spec?.taints?.filter(({ key }) => !NOT_READY.includes(key)) ?? [];
  const unreachable = ["NoSchedule", "NoExecute"].map((effect) => ({ key: NOT_READY[1], effect }));
  await api.patch(`${NODES}/${name}`, { spec: { taints: [...others, ...unreachable] } });
  const conditions = condition("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.");
  await api.patch(`${NODES}/${name}/status`, { status: { conditions } });
}

const readyStatus = ({ name, address, bootId, osImage, kubeletVersion }: KubernetesNode) => ({
  conditions: condition("True", "KubeletReady", "kubelet is posting ready status"),
  addresses: [
    { type: "InternalIP", address },
    { type: "Hostname", address: name },
  ],
  capacity: CAPACITY,
  allocatable: CAPACITY,
  nodeInfo: {
    ...{ machineID: bootId, systemUUID: bootId, bootID: bootId },
    ...{ kernelVersion: "6.18.0-talos", osImage, containerRuntimeVersion: "containerd://2.1.5" },
    ...{ kubeletVersion, kubeProxyVersion: "", operatingSystem: "linux", architecture: "amd64" },
  },
});

function condition(status: "True" | "Unknown", reason: string, message: string) {
  const now = new Date().toISOString();
  return [{ type: "Ready", status, reason, message, lastHeartbeatTime: now, lastTransitionTime: now }];
}
