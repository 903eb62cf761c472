import { createHash } from "node:crypto";
import { failure } from "../api/errors";
import { requires } from "../api/permission";
import type { Cluster } from "../cluster";
import type { GuestFirewall } from "../model";

export const mayRead = requires("/vms/{vmid}", "VM.Audit");
export const mayWrite = requires("/vms/{vmid}", "VM.Config.Network");

export const LOG_LEVELS = [
  "emerg",
  "alert",
  "crit",
  "err",
  "warning",
  "notice",
  "info",
  "debug",
  "nolog",
] as const;

/** The firewall of a VM. The calls name a host, but do not care whether it is the one that the VM is on. */
export function firewallOf({ state }: Cluster, vmid: string): GuestFirewall {
  const guest = state.guests[vmid];
  if (guest?.type !== "qemu") throw failure(`Configuration file 'qemu-server/${vmid}.conf' does not exist`);
  guest.firewall ??= { options: {}, rules: [] };
  return guest.firewall;
}

export const digestOf = (value: unknown): string =>
  createHash("sha1").update(JSON.stringify(value)).digest("hex");

/** @throws ApiError 500 */
export function assertUnchanged(value: unknown, digest: string | undefined): void {
  if (digest !== undefined && digest !== digestOf(value)) {
    throw failure("detected modified configuration - file changed by other user? Try again.");
  }
}
