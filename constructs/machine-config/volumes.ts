import type { MachineConfigPatch, TalosClusterNode } from "../talos-cluster-props";

/** Encryption of what Talos itself writes: STATE has its config, EPHEMERAL everything else, with etcd and the images. */
export function encryptedVolumes({ diskEncryption }: TalosClusterNode): MachineConfigPatch[] {
  if (diskEncryption === undefined) return [];
  const key = diskEncryption === "tpm" ? { tpm: {} } : { nodeID: {} };
  return ["STATE", "EPHEMERAL"].map((name) => ({
    apiVersion: "v1alpha1",
    kind: "VolumeConfig",
    name,
    encryption: { provider: "luks2", keys: [{ slot: 0, ...key }] },
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
