import { readFileSync } from "node:fs";
import { TalosError } from "./errors";
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
  /** Text of the kubeconfig; undefined where only a talosconfig was named. A control plane makes one then. */
  readonly kubeconfig?: string;
}

/**
 * Finds the credentials of a cluster: in the named files, else in its state.
 * @throws TalosError where there are none
 */
export async function clusterAccess(files: AccessFiles, props: StateCopyProps): Promise<ClusterAccess> {
  const kubeconfig = files.kubeconfig === undefined ? undefined : readNamed("--kubeconfig", files.kubeconfig);
  if (files.talosconfig !== undefined) {
    return { talosconfig: readNamed("--talosconfig", files.talosconfig), kubeconfig };
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

function readNamed(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new TalosError(`${option} ${path} cannot be read: ${(error as Error).message}`);
  }
}
