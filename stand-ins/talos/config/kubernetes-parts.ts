import type { MachineConfig } from "./machine-config";

/** A part of Kubernetes that a node runs by its configuration. */
export interface KubernetesPart {
  readonly id: string;
  readonly image: string;
  readonly extraArgs: Readonly<Record<string, unknown>>;
}

/** The resources of the static pods: one type for each. */
export const STATIC_POD_TYPES = {
  "kube-apiserver": "APIServerConfigs.kubernetes.talos.dev",
  "kube-controller-manager": "ControllerManagerConfigs.kubernetes.talos.dev",
  "kube-scheduler": "SchedulerConfigs.kubernetes.talos.dev",
} as const;

/** Of the kubelet, where the config names no image. */
const DEFAULT_VERSION = "v1.36.0";

/** With its `v`. */
export const kubeletVersion = (config: MachineConfig | undefined): string =>
  /:(v[^:@]+)/.exec(config?.main?.machine?.kubelet?.image ?? "")?.[1] ?? DEFAULT_VERSION;

export function kubelet(config: MachineConfig): KubernetesPart {
  const { image, extraArgs = {} } = config.main?.machine?.kubelet ?? {};
  const byDefault = `ghcr.io/siderolabs/kubelet:${kubeletVersion(config)}`;
  return { id: "kubelet", image: image ?? byDefault, extraArgs: extraArgs as KubernetesPart["extraArgs"] };
}

/** What a control plane runs from files; none on a worker. */
export function staticPods(config: MachineConfig): readonly (KubernetesPart & {
  readonly id: keyof typeof STATIC_POD_TYPES;
})[] {
  if (config.type !== "controlplane") return [];
  const { apiServer, controllerManager, scheduler } = config.main?.cluster ?? {};
  const part = <Id extends keyof typeof STATIC_POD_TYPES>(id: Id, section: typeof scheduler) => ({
    id,
    image: section?.image ?? `registry.k8s.io/${id}:${kubeletVersion(config)}`,
    extraArgs: (section?.extraArgs ?? {}) as KubernetesPart["extraArgs"],
  });
  return [
    part("kube-apiserver", apiServer),
    part("kube-controller-manager", controllerManager),
    part("kube-scheduler", scheduler),
  ];
}
