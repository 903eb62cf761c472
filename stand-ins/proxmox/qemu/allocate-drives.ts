import type { Caller } from "../access/access-control";
import { failure, parameterError } from "../api/errors";
import { formatSize, GIB, MIB } from "../api/sizes";
import type { Cluster } from "../cluster";
import type { ConfigValue, GuestConfig, Storage, Volume } from "../model";
import { checkVolumeAccess } from "../storage/volume-access";
import { storageOf } from "../storage/volumes";
import { type Drive, drivesOf, isCdrom, isCloudInitDrive, newDisk, parseDrive, printDrive } from "./drive";

type Settings = Readonly<Record<string, ConfigValue>>;

/** The VM that drives belong to, and who changes it. */
export interface DriveOwner {
  readonly cluster: Cluster;
  readonly caller: Caller;
  readonly node: string;
  readonly vmid: number;
}

/**
 * Checks drives as Proxmox VE does before it starts a worker.
 * @throws ApiError 400, 403, 500
 */
export function checkDrives({ cluster, caller, node, vmid }: DriveOwner, settings: Settings): void {
  const { access, volumes } = cluster;
  for (const [key, drive] of drivesOf(settings)) {
    const fresh = newDisk(drive);
    const source = drive.options["import-from"];
    if (source !== undefined && fresh?.sizeGiB !== 0) {
      const text = "'import-from' requires special syntax - use <storage ID>:0,import-from=<source>";
      throw parameterError({ [key]: text });
    }
    if (drive.file === "none" || drive.file.endsWith(":cloudinit")) continue;
    if (drive.file === "cdrom") {
      access.check(caller, "/", ["Sys.Console"]);
    } else if (fresh) {
      access.check(caller, `/storage/${fresh.storage}`, ["Datastore.AllocateSpace"]);
      volumes.imageStorage(fresh.storage, node);
    } else {
      checkVolumeAccess(access, caller, drive.file, vmid);
      volumes.storage(storageOf(drive.file), node);
      const isIso = /:iso\//.test(drive.file);
      if (isIso && !isCdrom(drive)) {
        throw parameterError({ [key]: "explicit 'media=cdrom' is required for iso images" });
      }
      if (/:(?:import|vztmpl|backup|snippets)\//.test(drive.file)) {
        throw parameterError({ [key]: "content type needs to be 'images' or 'iso'" });
      }
    }
    if (source !== undefined) checkImportSource({ cluster, caller, node, vmid }, key, source);
  }
}

function checkImportSource({ cluster, caller, node, vmid }: DriveOwner, key: string, source: string): void {
  if (!source.includes(":")) throw failure("Only root can pass arbitrary filesystem paths.");
  cluster.volumes.storage(storageOf(source), node);
  const type = /:(iso|import|vztmpl|backup|snippets)\//.exec(source)?.[1] ?? "images";
  if (type !== "images" && type !== "import") {
    throw parameterError({
      [key]: `${source} has wrong type '${type}' - needs to be 'images' or 'import'`,
    });
  }
  checkVolumeAccess(cluster.access, caller, source, vmid);
}

/**
 * Allocates the new volumes of drives, all or none.
 * @param existing the VM's configuration, which may have at most one cloud-init drive
 * @returns the drives as they are written to the configuration
 * @throws ApiError 500
 */
export function allocateDrives(owner: DriveOwner, settings: Settings, existing: Settings): GuestConfig {
  const allocated: Volume[] = [];
  const result: GuestConfig = {};
  try {
    for (const [key, drive] of drivesOf(settings)) {
      if (isCloudInitDrive(drive)) assertOnlyCloudInit(key, { ...existing, ...result });
      const ready = allocateDrive(owner, key, drive, allocated, { ...existing, ...settings });
      result[key] = printDrive(ready);
    }
  } catch (error) {
    for (const volume of allocated) owner.cluster.volumes.free(volume);
    throw error;
  }
  return result;
}

function allocateDrive(
  { cluster: { volumes }, node, vmid }: DriveOwner,
  key: string,
  drive: Drive,
  allocated: Volume[],
  config: Settings,
): Drive {
  // `format` and `import-from` are instructions for the allocation, and are not written to the configuration.
  const { format, size: _size, "import-from": source, ...options } = drive.options;
  if (drive.file === "none" || drive.file === "cdrom") return { file: drive.file, options };

  if (drive.file.endsWith(":cloudinit")) {
    const storage = storageOf(drive.file);
    const isFile = volumes.storage(storage, node).path !== undefined;
    const volume = volumes.allocate({
      storage,
      node,
      vmid,
      sizeBytes: 4 * MIB,
      format: format ?? (isFile ? "qcow2" : "raw"),
      name: `vm-${vmid}-cloudinit`,
    });
    allocated.push(volume);
    return { file: volume.id, options: { ...options, media: "cdrom" } };
  }

  const fresh = newDisk(drive);
  if (!fresh) {
    const volume = volumes.find(drive.file, node);
    if (!volume) throw failure(`volume '${drive.file}' does not exist`);
    return { file: volume.id, options: { ...options, size: formatSize(volume.sizeBytes) } };
  }
  const storage = volumes.imageStorage(fresh.storage, node);
  const sizeBytes =
    source === undefined ? sizeOf(key, storage, fresh.sizeGiB, config) : importedBytes(volumes, source, node);
  const bootable = source !== undefined;
  const volume = volumes.allocate({ storage: fresh.storage, node, vmid, sizeBytes, format, bootable });
  allocated.push(volume);
  return { file: volume.id, options: { ...options, size: formatSize(sizeBytes) } };
}

function importedBytes(volumes: Cluster["volumes"], source: string, node: string): number {
  const volume = volumes.find(source, node);
  if (!volume) throw failure(`cannot import from '${source}' - volume '${source}' does not exist`);
  return volume.virtualBytes ?? volume.sizeBytes;
}

/** The disks for firmware variables and the TPM have a fixed size, whatever size is requested. */
function sizeOf(key: string, storage: Storage, sizeGiB: number, config: Settings): number {
  if (key === "tpmstate0") return 4 * MIB;
  if (key !== "efidisk0") return sizeGiB * GIB;
  // LVM allocates whole extents and Ceph whole MiB; a file has exactly the size of the firmware variables.
  if (storage.type === "lvmthin") return 4 * MIB;
  if (storage.type === "rbd" || storage.type === "zfspool") return MIB;
  return parseDrive(String(config.efidisk0))?.options.efitype === "4m" ? 528 * 1024 : 128 * 1024;
}

function assertOnlyCloudInit(key: string, config: Settings): void {
  const other = drivesOf(config).find(([each, drive]) => each !== key && isCloudInitDrive(drive));
  if (other) throw failure(`${key} - cloud-init drive is already attached at '${other[0]}'`);
}
