import {
  KUBERNETES_VERSION,
  kubernetesStepProblem,
  kubernetesVersionProblem,
} from "../../domain/talos-versions";
import type { Cluster } from "../cluster";
import { TalosError } from "../errors";
import { isControlPlane } from "../node";
import { type ClusterFacts, restartProblems } from "./preflight";

/** With its `v`. @throws TalosError for what is no release */
export function kubernetesVersion(text: string): string {
  const { regex, advice } = KUBERNETES_VERSION;
  if (!regex.test(text)) throw new TalosError(`"${text}" ${advice}`);
  return text.startsWith("v") ? text : `v${text}`;
}

/** Why Kubernetes cannot be brought to this release now; empty if it can. */
export function kubernetesUpgradeProblems(
  cluster: ClusterFacts,
  { apiVersion, version }: { readonly apiVersion: string; readonly version: string },
): readonly string[] {
  const kubelets = [...(cluster.kubernetes ?? [])].map(
    ([name, { kubeletVersion }]) => [name, kubeletVersion] as const,
  );
  const talos = [...cluster.facts].map(([name, { talosVersion }]) => [name, talosVersion] as const);
  return [
    // No node restarts, so one member of etcd is enough.
    ...restartProblems(cluster, { allowOutage: true }),
    ...[["the Kubernetes API", apiVersion] as const, ...kubelets].flatMap(([name, running]) => {
      const step = kubernetesStepProblem(running, version);
      return step === undefined ? [] : [`${name}: Kubernetes ${version} ${step}`];
    }),
    ...talos.flatMap(([name, running]) => {
      const pair = running && kubernetesVersionProblem(running, version);
      return pair ? [`${name}: Kubernetes ${version} ${pair}, or run npm run upgrade first`] : [];
    }),
  ];
}

export interface KubernetesUpgradeProps {
  readonly version: string;
  readonly dryRun: boolean;
  readonly timeoutSeconds: number;
  /** Gets each line that talosctl writes. */
  readonly onLine: (line: string) => void;
}

/** Lets talosctl upgrade the control planes and the kubelets, one after the other. @throws CallError if it fails */
export async function upgradeKubernetes(
  { talosctl, nodes, env }: Pick<Cluster, "talosctl" | "nodes" | "env">,
  { version, dryRun, timeoutSeconds, onLine }: KubernetesUpgradeProps,
): Promise<void> {
  const [node] = nodes.filter(isControlPlane);
  if (node === undefined) throw new TalosError("there is no control plane to ask");
  // The certificate of the API is valid for 127.0.0.1, too, since each node reaches it there.
  const endpoint = env.KUBERNETES_API_ENDPOINT;
  const args = [
    ...["upgrade-k8s", "--to", version.replace(/^v/, "")],
    // Else it adds its own comments to every config.
    ...["--with-docs=false", "--with-examples=false"],
    ...(endpoint ? ["--endpoint", `https://${endpoint}`] : []),
    ...(dryRun ? ["--dry-run"] : []),
  ];
  await talosctl.run(node, args, { timeoutMs: timeoutSeconds * 1000, onLine });
}
