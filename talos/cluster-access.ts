import { readFileSync } from "node:fs";
import type { ClusterConfig } from "../config";
import { resolveTalosctl } from "../toolchain";
import { TalosError } from "./errors";
import { newTalosconfig } from "./new-talosconfig";
import { isControlPlane, type TalosNode } from "./node";
import { bundleText, secretsIn } from "./secrets-bundle";
import type { StateCopyProps } from "./state-copy";
import { readStateOutputs } from "./state-outputs";

/** Files that are used in place of what is in the state. */
export interface AccessFiles {
  readonly talosconfig?: string;
  readonly kubeconfig?: string;
}

/** The credentials of a cluster, with all rights. They are never written to a file that others can read. */
export interface ClusterAccess {
  /** Text of the talosconfig. */
  readonly talosconfig: string;
  /**
   * Text of the kubeconfig; undefined if only a talosconfig was named, or where the secrets are out of the state. A control plane makes
   * one then.
   */
  readonly kubeconfig?: string;
}

export interface ClusterAccessProps extends StateCopyProps {
  readonly config: Pick<ClusterConfig, "clusterName" | "talos">;
  readonly nodes: readonly TalosNode[];
}

/**
 * Finds the credentials of a cluster: in the named files, else in its state. Where the secrets are out of the state, it makes them.
 * @throws TalosError if there are none
 */
export async function clusterAccess(files: AccessFiles, props: ClusterAccessProps): Promise<ClusterAccess> {
  const kubeconfig = files.kubeconfig === undefined ? undefined : readNamed("--kubeconfig", files.kubeconfig);
  if (files.talosconfig !== undefined) {
    return { talosconfig: readNamed("--talosconfig", files.talosconfig), kubeconfig };
  }
  if (props.config.talos?.secrets === "out-of-state") {
    return { talosconfig: await madeTalosconfig(props), kubeconfig };
  }
  const outputs = await readStateOutputs(props);
  const textOf = (name: string): string | undefined => {
    const value = outputs[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const talosconfig = textOf("talosconfig");
  if (talosconfig === undefined) {
    throw new TalosError(
      "the state has no talosconfig: the VMs were made without Talos. set talos in cluster.yaml and run npm run deploy, or name the file: --talosconfig FILE",
    );
  }
  return { talosconfig, kubeconfig: kubeconfig ?? textOf("kubeconfig") };
}

async function madeTalosconfig({ config, nodes, project, signal, report }: ClusterAccessProps) {
  const { env } = project;
  const secrets = bundleText(secretsIn(env));
  const { path: talosctl } = await resolveTalosctl({ env, report, signal });
  const endpoints = nodes.filter(isControlPlane).map(({ address }) => address);
  return newTalosconfig({ clusterName: config.clusterName, secrets, endpoints, talosctl, env, signal });
}

function readNamed(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new TalosError(`${option} ${path} cannot be read: ${(error as Error).message}`);
  }
}
