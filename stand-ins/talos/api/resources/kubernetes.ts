import { type KubernetesPart, kubelet, STATIC_POD_TYPES, staticPods } from "../../config/kubernetes-parts";
import { encode } from "../../protocol/definitions";
import { struct } from "../../protocol/struct";
import type { Content, ResourceType } from "./resource-type";

/** The parts of the control plane on this node, each with its own type. */
const staticPod = (
  id: keyof typeof STATIC_POD_TYPES,
  displayType: string,
  message: "APIServerConfigSpec" | "ControllerManagerConfigSpec" | "SchedulerConfigSpec",
): ResourceType => ({
  namespace: "controlplane",
  displayType,
  columns: {},
  list: ({ config, condition }) =>
    condition === "RUNNING" && config
      ? staticPods(config)
          .filter((part) => part.id === id)
          .map((part) => content(part, (spec) => encode(`specs.${message}`, { enabled: true, ...spec })))
      : [],
});

export const staticPodTypes: Readonly<Record<string, ResourceType>> = {
  [STATIC_POD_TYPES["kube-apiserver"]]: staticPod("kube-apiserver", "APIServerConfig", "APIServerConfigSpec"),
  [STATIC_POD_TYPES["kube-controller-manager"]]: staticPod(
    "kube-controller-manager",
    "ControllerManagerConfig",
    "ControllerManagerConfigSpec",
  ),
  [STATIC_POD_TYPES["kube-scheduler"]]: staticPod("kube-scheduler", "SchedulerConfig", "SchedulerConfigSpec"),
};

export const kubeletSpecs: ResourceType = {
  namespace: "k8s",
  displayType: "KubeletSpec",
  columns: {},
  list: ({ config, condition }) =>
    condition === "RUNNING" && config
      ? [content(kubelet(config), ({ image }) => encode("specs.KubeletSpecSpec", { image }))]
      : [],
};

function content(
  { id, image, extraArgs }: KubernetesPart,
  encoded: (spec: { readonly image: string; readonly extraArgs: object }) => Buffer,
): Content {
  const values = Object.entries(extraArgs).map(([name, value]) => [
    name,
    { values: [value].flat().map(String) },
  ]);
  return { id, spec: encoded({ image, extraArgs: Object.fromEntries(values) }), yaml: { image, extraArgs } };
}

/** Of what Talos puts into a new cluster, this is the part that needs no controller. */
const RENEWAL = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name: "system-bootstrap-node-renewal" },
  subjects: [{ kind: "Group", name: "system:nodes", apiGroup: "rbac.authorization.k8s.io" }],
  roleRef: {
    kind: "ClusterRole",
    name: "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
    apiGroup: "rbac.authorization.k8s.io",
  },
};

export const manifests: ResourceType = {
  namespace: "controlplane",
  displayType: "Manifest",
  columns: {},
  list: ({ config, condition }) =>
    condition === "RUNNING" && config?.type === "controlplane"
      ? [
          {
            id: "01-csr-renewal-role-binding",
            spec: encode("specs.ManifestSpec", { items: [{ object: struct(RENEWAL) }] }),
            yaml: [RENEWAL],
          },
        ]
      : [],
};
