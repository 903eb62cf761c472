import { chmodSync, closeSync, openSync, rmSync } from "node:fs";
import { basename } from "node:path";
import type { Cluster } from "../cluster";
import { TalosError } from "../errors";
import { snapshotProblem } from "../etcd/snapshot-file";
import { isControlPlane, type TalosNode } from "../node";

/** A large etcd takes a while. */
const TIMEOUT_MS = 600_000;

/** `etcd-lab-20261128T194500Z.snapshot` */
export const snapshotName = (clusterName: string, now: Date): string =>
  `etcd-${clusterName}-${now.toISOString().replaceAll(/[-:]|\.\d+/g, "")}.snapshot`;

export const takenPath = (path: string): TalosError =>
  new TalosError(`${path} exists, and a snapshot is never replaced; name another file`);

/** The cluster that a file is of by its name, where that is not this one. */
export function otherClusterIn(path: string, clusterName: string): string | undefined {
  const [, found] = /^etcd-(.+)-\d{8}T\d{6}Z\./.exec(basename(path)) ?? [];
  return found === clusterName ? undefined : found;
}

/**
 * Takes a snapshot of etcd into a file that only this user can read: all Secrets of Kubernetes are in it.
 * @param except the node that is not asked, since it may be lost
 * @returns the name of the first control plane that gave one
 * @throws TalosError if the file is there already, or nobody gives one that etcd can be restored from
 */
export async function takeSnapshot(
  { talosctl, nodes }: Pick<Cluster, "talosctl" | "nodes">,
  path: string,
  except?: string,
): Promise<string> {
  makePrivate(path);
  const failures: string[] = [];
  try {
    for (const node of nodes.filter((each) => isControlPlane(each) && each.name !== except)) {
      const failure = await takeFrom(node, talosctl, path);
      if (failure === undefined) return node.name;
      failures.push(failure);
    }
    throw new TalosError(`no control plane gave a snapshot of etcd:\n${failures.join("\n")}`);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

/** @returns why it gave none */
async function takeFrom(
  node: TalosNode,
  talosctl: Cluster["talosctl"],
  path: string,
): Promise<string | undefined> {
  try {
    await talosctl.run(node, ["etcd", "snapshot", path], { timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (error instanceof TalosError) return error.message;
    throw error;
  }
  chmodSync(path, 0o600);
  const problem = snapshotProblem(path, { skipHashCheck: false });
  return problem && `${node.name} gave no snapshot that etcd can be restored from: it ${problem.what}`;
}

/** Makes a file that has its mode before anything is in it. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw takenPath(path);
    throw new TalosError(`the snapshot cannot be written to ${path}: ${(error as Error).message}`);
  }
}
