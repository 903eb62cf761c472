import type { BootMode } from "./talos";

/** The settings of a node that decide whether its VM can run on another host. */
export interface MovableNode {
  readonly disk: { readonly storage: string };
  readonly dataDisks?: readonly { readonly storage: string }[];
  readonly pciDevices?: readonly { readonly mapping: string }[];
  readonly usbDevices?: readonly { readonly mapping: string }[];
  readonly ejectIso?: boolean;
}

/** The settings of the cluster that decide it. */
export interface HaStorages {
  readonly bootMode?: BootMode;
  readonly imageStorage: string;
  readonly sharedStorages?: readonly string[];
}

/**
 * The reasons why a VM cannot leave its host, in words that follow "HA leaves out NAMES: "; empty if it can move. EFI disk, TPM and
 * cloud-init drive are on the storage of the first disk.
 */
export function obstaclesToMove(node: MovableNode, cluster: HaStorages): string[] {
  const { bootMode = "disk-image", imageStorage, sharedStorages = [] } = cluster;
  const isLocal = (storage: string) => !sharedStorages.includes(storage);
  const obstacles: string[] = [];
  const disks = [node.disk, ...(node.dataDisks ?? [])].map(({ storage }) => storage);
  const local = [...new Set(disks.filter(isLocal))];
  if (local.length > 0) {
    obstacles.push(
      `disks on ${local.join(", ")}, which no other host has; if all hosts share it, add it to proxmox_shared_storages`,
    );
  }
  if (bootMode === "iso" && !node.ejectIso && isLocal(imageStorage)) {
    obstacles.push(
      `the installer ISO on ${imageStorage}, which no other host has; once Talos is installed, take it out with eject_iso: true, ` +
        "or use a proxmox_iso_storage that is shared",
    );
  }
  const devices = [...(node.pciDevices ?? []), ...(node.usbDevices ?? [])].map(({ mapping }) => mapping);
  if (devices.length > 0) {
    obstacles.push(
      `devices of its host (${devices.join(", ")}), and Proxmox does not migrate VMs with such devices`,
    );
  }
  return obstacles;
}
