import type { MachineConfigPatch, TalosClusterNode } from "../talos-cluster-props";

/** Encryption of what Talos itself writes: STATE has its config, EPHEMERAL everything else, with etcd and the images. */
export function encryptedVolumes({ diskEncryption }: TalosClusterNode): MachineConfigPatch[] {
  if (diskEncryption === undefined) return [];
  const key = { slot: 0, ...(diskEncryption === "tpm" ? { tpm: {} } : { nodeID: {} }) };
  return [
    { name: "STATE", key },
    // Whoever replaces STATE on the disk must not get the TPM to open the rest.
    { name: "EPHEMERAL", key: diskEncryption === "tpm" ? { ...key, lockToState: true } : key },
  ].map(({ name, key }) => ({
    apiVersion: "v1alpha1",
    kind: "VolumeConfig",
    name,
    encryption: { provider: "luks2", keys: [key] },
  }));
}

export function userVolumes({ userVolumes: volumes = [] }: TalosClusterNode): MachineConfigPatch[] {
  return volumes.map(({ name, match }) => ({
    apiVersion: "v1alpha1",
    kind: "UserVolumeConfig",
    name,
    // The rest of the disk, whatever its size; Talos requires a minimum.
    provisioning: { diskSelector: { match }, grow: true, minSize: "1GiB" },
  }));
}
