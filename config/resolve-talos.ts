import type { NodeConfig } from "./cluster-config";
import type { ClusterInput } from "./schema/cluster";
import type { NodeInput } from "./schema/node";
import type { NodeTalosInput, TalosInput } from "./schema/talos";
import type { MachineConfigPatchConfig, NodeTalosConfig, TalosConfig } from "./talos-config";

/** The documents in a file with patches. */
export type PatchReader = (file: string) => readonly MachineConfigPatchConfig[];

export function resolveTalos(talos: TalosInput | undefined, read: PatchReader): TalosConfig | undefined {
  if (talos === undefined) return undefined;
  const { kubernetes_version: kubernetes, cilium } = talos;
  const role = ({ labels, taints, patches }: TalosInput["workers"]) => ({
    labels,
    taints,
    patches: patches.flatMap(read),
  });
  return {
    kubernetesVersion: kubernetes.startsWith("v") ? kubernetes : `v${kubernetes}`,
    configContract: talos.config_contract,
    endpoint: talos.endpoint,
    announceVip: talos.vip,
    certSans: talos.cert_sans,
    cni: talos.cni,
    cilium: cilium && { version: cilium.version, cliImage: cilium.cli_image, values: cilium.values },
    kubeProxy: talos.kube_proxy,
    scheduleOnControlPlanes: talos.schedule_on_control_planes,
    nodeSubnets: talos.node_subnets,
    sysctls: talos.sysctls,
    registryMirrors: talos.registry_mirrors,
    applyMode: talos.apply_mode,
    secrets: talos.secrets,
    plaintextSecrets: talos.plaintext_secrets,
    controlPlanes: role(talos.control_planes),
    workers: role(talos.workers),
    patches: talos.patches.flatMap(read),
  };
}

export function resolveNodeTalos(
  talos: NodeTalosInput | undefined,
  read: PatchReader,
): NodeTalosConfig | undefined {
  if (talos === undefined) return undefined;
  const { disk_encryption_key: _, ...rest } = talos;
  return { ...rest, patches: talos.patches.flatMap(read) };
}

/** The key that the node's disks are encrypted with, as far as the program configures Talos. */
export function diskEncryption({ talos }: ClusterInput, node: NodeInput): NodeConfig["diskEncryption"] {
  if (talos === undefined || !node.encrypt_disk) return undefined;
  const key = node.talos?.disk_encryption_key ?? talos.disk_encryption_key;
  if (key !== "auto") return key;
  // The TPM attests what was booted. Without Secure Boot, it would attest to anything.
  return node.secureboot && node.tpm !== false ? "tpm" : "node-id";
}
