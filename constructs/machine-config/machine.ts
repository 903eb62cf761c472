import { installerImage } from "../../domain/installer";
import { parseTaint } from "../../domain/kubernetes";
import type {
  MachineConfigPatch,
  TalosClusterNode,
  TalosClusterProps,
  TalosRoleOptions,
} from "../talos-cluster-props";

/** Where Talos is installed, and from what. A node that was installed already keeps what it has. */
export function install(
  talosVersion: string,
  { installer, installDisk }: TalosClusterNode,
): MachineConfigPatch {
  const image = installerImage(installer, talosVersion);
  const disk =
    typeof installDisk === "object"
      ? { diskSelector: { size: `== ${installDisk.sizeGiB}GiB` } }
      : { disk: installDisk ?? "/dev/sda" };
  return { machine: { install: { image, ...disk } } };
}

/** The kernel: its modules and parameters. */
export function kernel(
  { sysctls = {} }: TalosClusterProps,
  { kernelModules = [] }: TalosClusterNode,
): MachineConfigPatch[] {
  const machine = {
    ...(kernelModules.length > 0 && { kernel: { modules: kernelModules.map((name) => ({ name })) } }),
    ...(Object.keys(sysctls).length > 0 && { sysctls }),
  };
  return Object.keys(machine).length > 0 ? [{ machine }] : [];
}

/** Labels and taints: those of the node win over those of its role. */
export function nodeMetadata(role: TalosRoleOptions, node: TalosClusterNode): MachineConfigPatch[] {
  const nodeLabels = { ...role.labels, ...node.labels };
  const taints = [...(role.taints ?? []), ...(node.taints ?? [])].map(parseTaint);
  const nodeTaints = Object.fromEntries(taints.map(({ key, value }) => [key, value]));
  const machine = {
    ...(Object.keys(nodeLabels).length > 0 && { nodeLabels }),
    ...(taints.length > 0 && { nodeTaints }),
  };
  return Object.keys(machine).length > 0 ? [{ machine }] : [];
}
