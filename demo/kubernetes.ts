import { setTimeout as sleep } from "node:timers/promises";
import { runGroup, tail } from "../process/process-group";
import { step } from "../process/step";
import type { KubernetesPrograms } from "../stand-ins/kubernetes";
import { kubernetesPrograms } from "../stand-ins/kubernetes/programs";
import { resolveKubernetes } from "../toolchain";
import type { AppliedVm } from "./applied-vms";

/** How long the API and the nodes may take. */
const PATIENCE_MS = 120_000;

/** Finds kube-apiserver, etcd and kubectl, or makes them. */
export function resolveKubernetesPrograms(
  signal: AbortSignal,
): Promise<KubernetesPrograms & { readonly kubectl: string }> {
  return step("Kubernetes", async ({ say, result }) => {
    const options = { report: say, signal };
    const programs = await kubernetesPrograms(options);
    const kubectl = await resolveKubernetes("kubectl", options);
    result("kube-apiserver, etcd and kubectl");
    return { ...programs, kubectl };
  });
}

/** Asks kubectl until every VM is a node that is ready. @throws with what kubectl says if it takes too long */
export function expectNodes(
  kubectl: string,
  kubeconfig: string,
  vms: readonly AppliedVm[],
  signal: AbortSignal,
): Promise<void> {
  return step("kubectl get nodes", async ({ say, result }) => {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const { output } = await runGroup(kubectl, ["--kubeconfig", kubeconfig, "get", "nodes"], { signal });
      const isReady = ({ name }: AppliedVm) => new RegExp(`^${name} +Ready `, "m").test(output);
      if (vms.every(isReady)) break;
      if (Date.now() > end) throw new Error(`not all nodes are ready:\n${tail(output)}`);
      say(tail(output, 1));
      await sleep(500, undefined, { signal });
    }
    result(`${vms.length} nodes are ready`);
  });
}
