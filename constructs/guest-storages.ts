import type { GuestStorage } from "./vm-id-guard";

/** The storages that VMs have their disks on, each once for each host. */
export function storagesOf(
  vms: readonly { readonly host: string; readonly disks: readonly { readonly storage: string }[] }[],
): GuestStorage[] {
  const all = vms.flatMap(({ host, disks }) => disks.map(({ storage }) => ({ host, storage })));
  return [...new Map(all.map((each) => [`${each.storage} on ${each.host}`, each])).values()];
}
