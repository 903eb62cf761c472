import { Token } from "cdktf";
import type { TalosDisk } from "./talos-vm-props";

/**
 * The volume of a data disk, as Proxmox makes a new one: of its size. If it were left out, a disk would take the volume of the one
 * that was at its place in the list before, and two disks would be on one volume. The provider sends it for a new disk only, and
 * does not compare it.
 */
export function newVolume({ sizeGiB }: TalosDisk): string {
  return Token.isUnresolved(sizeGiB) ? Token.asString(sizeGiB) : String(sizeGiB);
}
