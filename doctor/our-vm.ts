import type { AdoptConfig, NodeConfig } from "../config";
import { OWNERSHIP_TAG } from "../domain/proxmox-names";
import type { Guest } from "./proxmox-readings";

/** Whether a guest is the VM of a node, by the rules of the guard of a plan. */
export function isOurs(
  guest: Guest,
  { vmId, name, renamedFrom }: Pick<NodeConfig, "vmId" | "name" | "renamedFrom">,
  adopt: AdoptConfig | undefined,
): boolean {
  if (guest.vmid !== vmId || guest.type !== "qemu") return false;
  if (guest.name !== name && (renamedFrom === undefined || guest.name !== renamedFrom)) return false;
  return adopt?.vms !== undefined || guest.tags.split(/[;,\s]+/).includes(OWNERSHIP_TAG);
}
