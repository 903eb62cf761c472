import { CallError, TalosError } from "../errors";
import { isControlPlane, type TalosNode } from "../node";
import type { Talosctl } from "../talosctl";

/** How long a node has to leave etcd and to be wiped. */
const TIMEOUT_MINUTES = 5;

/** How a node of a cluster that ends is reset. */
export interface NodeReset {
  readonly node: TalosNode;
  /** Whether it leaves etcd first. The last control plane has nobody to leave it to. */
  readonly isGraceful: boolean;
}

/** The order: workers, then the control planes from the last to the first, so that etcd has a quorum for each that leaves. */
export function resetOrder(nodes: readonly TalosNode[]): readonly NodeReset[] {
  const workers = nodes.filter((node) => !isControlPlane(node));
  const controlPlanes = nodes.filter(isControlPlane).toReversed();
  const last = controlPlanes.at(-1);
  return [...workers, ...controlPlanes].map((node) => ({ node, isGraceful: node !== last }));
}

/**
 * Wipes all nodes of a cluster that is about to be destroyed, one by one, and powers them off.
 * @throws TalosError if a node cannot; those after it are left alone
 */
export async function resetCluster(
  talosctl: Pick<Talosctl, "run">,
  nodes: readonly TalosNode[],
  say: (line: string) => void,
): Promise<void> {
  for (const { node, isGraceful } of resetOrder(nodes)) {
    const args = ["reset", `--graceful=${isGraceful}`, "--timeout", `${TIMEOUT_MINUTES}m`];
    try {
      await talosctl.run(node, args, { timeoutMs: (TIMEOUT_MINUTES + 1) * 60_000 });
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      throw new TalosError(
        `${error.message}\nfix that, then run the command again; without --reset where ${node.name} was wiped by a run before: its disks and those of the others go with their VMs`,
      );
    }
    say(`${node.name}: ${isGraceful && isControlPlane(node) ? "left etcd and wiped" : "wiped"}`);
  }
}
