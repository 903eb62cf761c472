import type { Path } from "../path";
import type { ResolvedCluster } from "../resolve-cluster";
import type { MachineConfigPatchConfig } from "../talos-config";

/** All patches of a cluster, with the place in the input of each `patches`; none where Talos is not configured. */
export function patchesOf({
  config: { talos },
  nodes,
}: ResolvedCluster): readonly (readonly [Path, readonly MachineConfigPatchConfig[]])[] {
  if (talos === undefined) return [];
  const owners: readonly (readonly [Path, readonly MachineConfigPatchConfig[]])[] = [
    [["talos"], talos.patches],
    [["talos", "control_planes"], talos.controlPlanes.patches],
    [["talos", "workers"], talos.workers.patches],
    ...nodes.map(({ path, config }) => [[...path, "talos"], config.talos?.patches ?? []] as const),
  ];
  return owners.map(([owner, patches]) => [[...owner, "patches"], patches] as const);
}
