import type { Cluster } from "../cluster";
import type { TalosNode } from "../node";
import type { NodeFacts } from "./facts";
import { type ClusterFacts, isUpToDate } from "./preflight";
import type { Roll } from "./roll";

/** What an upgrade does to a node. */
export interface PlannedUpgrade {
  readonly name: string;
  /** `v1.12.4`, with the schematic where only that differs. */
  readonly from: string;
  readonly to: string;
  /** The installer of its own schematic. */
  readonly image: string;
  readonly isUpToDate: boolean;
}

/** What an upgrade of these nodes would do. */
export function plannedUpgrades(
  nodes: readonly TalosNode[],
  { facts }: Pick<ClusterFacts, "facts">,
): readonly PlannedUpgrade[] {
  return nodes.map((node) => {
    const running = facts.get(node.name) ?? {};
    const isSameVersion = running.talosVersion === node.talosVersion;
    return {
      name: node.name,
      from: running.talosVersion === undefined ? "unknown" : shown(running, isSameVersion),
      to: shown(node, isSameVersion && !isUpToDate(node, running)),
      image: node.installerImage,
      isUpToDate: isUpToDate(node, running),
    };
  });
}

function shown({ talosVersion = "unknown", schematicId }: NodeFacts, withSchematic: boolean): string {
  return withSchematic ? `${talosVersion} (schematic ${schematicId?.slice(0, 12) ?? "none"})` : talosVersion;
}

/** Brings Talos to the release and the schematic of `cluster.yaml`, node by node. */
export function talosUpgrade(
  { talosctl }: Pick<Cluster, "talosctl">,
  nodes: readonly TalosNode[],
  timeoutSeconds: number,
): Roll {
  return {
    nodes,
    isDone: async (node, facts) => isUpToDate(node, facts),
    change: async (node) => {
      // The roll has drained the node. talosctl's own image has none of the extensions of the schematic.
      await talosctl.run(
        node,
        [
          "upgrade",
          "--image",
          node.installerImage,
          "--drain=false",
          "--progress",
          "plain",
          "--timeout",
          `${timeoutSeconds}s`,
        ],
        { timeoutMs: (timeoutSeconds + 30) * 1000 },
      );
    },
    problemAfter: async (node, { talosVersion, schematicId }) => {
      if (isUpToDate(node, { talosVersion, schematicId })) return undefined;
      return (
        `it runs Talos ${talosVersion} with schematic ${schematicId ?? "none"} and not ${node.talosVersion} with ${node.schematicId}: ` +
        "it has rolled back by itself, because the new release did not start; read talosctl dmesg of this node"
      );
    },
  };
}
