import { failure } from "../api/errors";
import type { Cluster } from "../cluster";
import type { Guest } from "../model";
import type { TaskLog } from "../tasks";
import { drivesOf, isCdrom, isCloudInitDrive, volumeOf } from "./drive";

export interface Migration {
  readonly target: string;
  readonly withLocalDisks: boolean;
}

/** Moves a VM and its local disks to another host. @throws ApiError 500 */
export function migrateGuest(
  cluster: Cluster,
  guest: Guest,
  { target, withLocalDisks }: Migration,
  log: TaskLog,
): void {
  const problems = localResources(cluster, guest, withLocalDisks);
  for (const problem of problems) log(problem);
  if (problems.length > 0) {
    throw failure("Problem found while scanning volumes - can't migrate VM - check log");
  }
  const renamed = new Map<string, string>();
  for (const volume of cluster.volumes.ownedBy(guest.vmid)) {
    if (volume.node !== guest.node) continue;
    const moved = cluster.volumes.transfer(volume, target);
    renamed.set(volume.id, moved.id);
    log(`copying local disk image '${volume.id}'`);
  }
  for (const values of [guest.config, guest.pending]) {
    for (const [name, value] of Object.entries(values)) {
      const [file = "", ...rest] = String(value).split(",");
      const id = renamed.get(file);
      if (id !== undefined && id !== file) values[name] = [id, ...rest].join(",");
    }
  }
  guest.node = target;
  log(`migration finished successfully`);
}

/** The local resources that prevent a migration. */
function localResources(cluster: Cluster, guest: Guest, withLocalDisks: boolean): readonly string[] {
  const problems: string[] = [];
  const isRunning = guest.status === "running";
  for (const [, drive] of drivesOf(guest.config)) {
    const id = volumeOf(drive);
    const volume = id === undefined ? undefined : cluster.volumes.find(id, guest.node);
    if (!volume || volume.node === undefined) continue;
    if (isCdrom(drive) && !isCloudInitDrive(drive)) {
      problems.push(`can't migrate local disk '${volume.id}': local cdrom image`);
    } else if (isRunning && !withLocalDisks) {
      problems.push(
        `can't migrate local disk '${volume.id}': can't live migrate attached local disks without with-local-disks option`,
      );
    }
  }
  const devices = Object.keys(guest.config).filter((name) => /^(?:hostpci|usb)\d+$/.test(name));
  if (isRunning && devices.length > 0) {
    problems.push(`can't migrate running VM which uses local devices: ${devices.join(", ")}`);
  }
  return problems;
}
