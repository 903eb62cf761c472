import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterConfig } from "../config";
import { loadFromEnv } from "../config";
import { withPrivateFolder } from "../process/private-folder";
import { loadProject } from "../state/project";
import { resolveTalosctl } from "../toolchain";
import { type AccessFiles, type ClusterAccess, clusterAccess } from "./cluster-access";
import { TalosError } from "./errors";
import { KubernetesApi } from "./kubernetes";
import { isControlPlane, type TalosNode, talosNodes } from "./node";
import { talosCredentials } from "./talosconfig";
import { Talosctl } from "./talosctl";

export interface ClusterProps {
  /** The user's environment. */
  readonly env: NodeJS.ProcessEnv;
  /** The folder of the project. */
  readonly folder: string;
  /** Files in place of what is in the state. @default - the state has it all */
  readonly files?: AccessFiles;
  readonly signal: AbortSignal;
  /** Shows what is going on, where that takes a while. */
  readonly report: (line: string) => void;
}

/** A cluster as `cluster.yaml` wants it, and its credentials. */
export interface ClusterWithAccess {
  readonly config: ClusterConfig;
  /** Control planes first. */
  readonly nodes: readonly TalosNode[];
  readonly access: ClusterAccess;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

/** A cluster that runs: what `cluster.yaml` wants, and how to ask it. */
export interface Cluster extends ClusterWithAccess {
  readonly talosctl: Talosctl;
  /** Client of its Kubernetes API. Where there is no kubeconfig yet, a control plane makes one. */
  readonly kubernetes: () => Promise<KubernetesApi>;
}

/**
 * Finds the cluster of `cluster.yaml`, and its credentials. No node is asked.
 * @throws ConfigError if the files are not right @throws TalosError if there are no credentials
 */
export async function openCluster(props: ClusterProps): Promise<ClusterWithAccess> {
  const { env, folder, files = {}, signal, report } = props;
  const { config } = loadFromEnv({ env });
  const nodes = talosNodes(config, env);
  const project = loadProject(env, folder);
  const access = await clusterAccess(files, { project, config, nodes, signal, report });
  talosCredentials(access.talosconfig);
  return { config, nodes, access, env, signal, report };
}

export interface ClientOptions {
  /** How long a node and Kubernetes have for an answer. @default - as long as a change may need */
  readonly timeoutMs?: number;
}

/**
 * Lends the means to ask a cluster. talosctl gets its credentials in a private folder that is removed at the end.
 * @throws ToolchainError if there is no talosctl, and none can be made
 */
export async function withClients<T>(
  cluster: ClusterWithAccess,
  work: (cluster: Cluster) => Promise<T>,
  { timeoutMs }: ClientOptions = {},
): Promise<T> {
  const { nodes, access, env, signal, report } = cluster;
  const { path } = await resolveTalosctl({ env, report, signal });
  return withPrivateFolder(env, async (folder) => {
    const talosconfig = join(folder, "talosconfig");
    writeFileSync(talosconfig, access.talosconfig, { mode: 0o600 });
    const talosctl = new Talosctl({ file: path, talosconfig, env, signal, timeoutMs });
    const connect = async () =>
      new KubernetesApi({
        kubeconfig: access.kubeconfig ?? (await newKubeconfig(talosctl, nodes)),
        env,
        signal,
        timeoutMs,
      });
    let kubernetes: Promise<KubernetesApi> | undefined;
    return work({
      ...cluster,
      talosctl,
      kubernetes: () => {
        kubernetes ??= connect();
        return kubernetes;
      },
    });
  });
}

/** A new kubeconfig, from the first control plane that answers. */
export async function newKubeconfig(talosctl: Talosctl, nodes: readonly TalosNode[]): Promise<string> {
  const failures: string[] = [];
  for (const node of nodes.filter(isControlPlane)) {
    try {
      return await talosctl.run(node, ["kubeconfig", "-"]);
    } catch (error) {
      if (!(error instanceof TalosError)) throw error;
      failures.push(error.message);
    }
  }
  throw new TalosError(`no control plane made a kubeconfig:\n${failures.join("\n")}`);
}
