import { stringify } from "yaml";
import type { CiliumOptions } from "../talos-cluster-props";

const NAME = "cilium-install";
const NAMESPACE = "kube-system";
const DEFAULT_CLI_IMAGE = "quay.io/cilium/cilium-cli:v0.18.7";

/** Talos' proxy to the API servers, on every node, so that neither kube-proxy nor a CNI is needed to reach them. */
const KUBE_PRISM = { host: "localhost", port: "7445" };

/** Talos loads no kernel modules for pods, so SYS_MODULE is not among them. */
const AGENT_CAPABILITIES =
  "CHOWN,KILL,NET_ADMIN,NET_RAW,IPC_LOCK,SYS_ADMIN,SYS_RESOURCE,DAC_OVERRIDE,FOWNER,SETGID,SETUID".split(",");
const CLEANUP_CAPABILITIES = ["NET_ADMIN", "SYS_ADMIN", "SYS_RESOURCE"];

/**
 * A manifest that Talos adds to the cluster when it is created: a job that installs Cilium, with its Helm values in a secret.
 *
 * @see https://docs.siderolabs.com/kubernetes-guides/cni/deploying-cilium
 */
export function ciliumManifest(
  options: CiliumOptions,
  kubeProxy: boolean,
): { name: string; contents: string } {
  const metadata = { name: NAME, namespace: NAMESPACE };
  const documents = [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: NAME },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ kind: "ServiceAccount", ...metadata }],
    },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata,
      stringData: { "values.yaml": stringify(merge(talosValues(kubeProxy), options.values ?? {})) },
    },
    { apiVersion: "batch/v1", kind: "Job", metadata, spec: jobSpec(options) },
  ];
  return { name: NAME, contents: documents.map((each) => stringify(each)).join("---\n") };
}

function talosValues(kubeProxy: boolean): Record<string, unknown> {
  return {
    ipam: { mode: "kubernetes" },
    kubeProxyReplacement: !kubeProxy,
    ...(!kubeProxy && { k8sServiceHost: KUBE_PRISM.host, k8sServicePort: Number(KUBE_PRISM.port) }),
    securityContext: {
      capabilities: { ciliumAgent: AGENT_CAPABILITIES, cleanCiliumState: CLEANUP_CAPABILITIES },
    },
    cgroup: { autoMount: { enabled: false }, hostRoot: "/sys/fs/cgroup" },
  };
}

function jobSpec({ version, cliImage = DEFAULT_CLI_IMAGE }: CiliumOptions): object {
  return {
    backoffLimit: 10,
    template: {
      metadata: { labels: { app: NAME } },
      spec: {
        restartPolicy: "OnFailure",
        serviceAccountName: NAME,
        hostNetwork: true,
        // No node is ready before it has a CNI.
        tolerations: [{ operator: "Exists" }],
        containers: [
          {
            name: NAME,
            image: cliImage,
            env: [
              { name: "KUBERNETES_SERVICE_HOST", value: KUBE_PRISM.host },
              { name: "KUBERNETES_SERVICE_PORT", value: KUBE_PRISM.port },
            ],
            command: ["cilium", "install", `--version=${version}`, "--values=/values/values.yaml"],
            volumeMounts: [{ name: "values", mountPath: "/values", readOnly: true }],
          },
        ],
        volumes: [{ name: "values", secret: { secretName: NAME } }],
      },
    },
  };
}

/** As Helm merges values: maps by key, everything else is replaced. */
function merge(
  base: Record<string, unknown>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    merged[key] = isMap(before) && isMap(value) ? merge(before, value) : value;
  }
  return merged;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
