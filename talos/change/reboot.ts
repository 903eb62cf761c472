import type { Cluster } from "../cluster";
import type { TalosNode } from "../node";
import { readMachineConfig } from "../read/machine-config";
import type { Roll } from "./roll";

/** Whether a node has a config on its disk that is only in effect after a reboot. @throws CallError */
export async function hasStagedConfig(
  { talosctl }: Pick<Cluster, "talosctl">,
  node: TalosNode,
): Promise<boolean> {
  const { active, persistent } = await readMachineConfig(talosctl, node);
  return persistent !== undefined && persistent !== active;
}

export interface RebootProps {
  readonly nodes: readonly TalosNode[];
  /** Also nodes on which nothing waits for a reboot. */
  readonly always: boolean;
  readonly timeoutSeconds: number;
}

/** Restarts nodes, so that what is staged on them takes effect. */
export function reboot(
  cluster: Pick<Cluster, "talosctl">,
  { nodes, always, timeoutSeconds }: RebootProps,
): Roll {
  return {
    nodes,
    isDone: async (node) => !always && !(await hasStagedConfig(cluster, node)),
    change: async (node) => {
      // The roll has drained the node.
      const args = ["reboot", "--drain=false", "--progress", "plain", "--timeout", `${timeoutSeconds}s`];
      await cluster.talosctl.run(node, args, { timeoutMs: (timeoutSeconds + 30) * 1000 });
    },
    problemAfter: async (node) =>
      (await hasStagedConfig(cluster, node))
        ? "it has restarted, but its staged config is still not in effect"
        : undefined,
  };
}
