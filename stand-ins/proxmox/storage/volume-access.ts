import type { AccessControl, Caller } from "../access/access-control";
import { failure } from "../api/errors";
import { storageOf } from "./volumes";

/**
 * Checks whether a caller may read a volume, or use it for the guest `vmid`.
 * @throws ApiError 403 or, for a path on the host, 500
 */
export function checkVolumeAccess(access: AccessControl, caller: Caller, id: string, vmid?: number): void {
  if (!id.includes(":")) throw failure("Only root can pass arbitrary filesystem paths.");
  const path = `/storage/${storageOf(id)}`;
  if (access.allows(caller, path, "Datastore.Allocate")) return;
  const owner = /:(?:\d+\/)?(?:vm|base)-(\d+)-/.exec(id)?.[1];
  if (owner === undefined) {
    access.checkAny(caller, path, ["Datastore.AllocateSpace", "Datastore.Audit"]);
  } else if (Number(owner) !== vmid) {
    access.check(caller, path, ["Datastore.Audit"]);
    access.check(caller, `/vms/${owner}`, ["VM.Config.Disk"]);
  }
}
