import { resolveKubernetes, type ToolchainOptions } from "../../toolchain";
import type { KubernetesPrograms } from "./control-plane";

/** Finds the programs of a Kubernetes API, or makes them. @throws ToolchainError that says what the user can do */
export async function kubernetesPrograms(options: ToolchainOptions): Promise<KubernetesPrograms> {
  const etcd = await resolveKubernetes("etcd", options);
  return { etcd, kubeApiserver: await resolveKubernetes("kube-apiserver", options) };
}
