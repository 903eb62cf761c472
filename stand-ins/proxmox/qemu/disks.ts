import { failure } from "../api/errors";
import { DIGEST } from "../api/parameters";
import { requires } from "../api/permission";
import { type Route, route } from "../api/route";
import { formatSize, parseSize } from "../api/sizes";
import type { Cluster } from "../cluster";
import type { Guest, Volume } from "../model";
import { storageOf } from "../storage/volumes";
import { digest } from "./config-values";
import { type Drive, isCdrom, parseDrive, printDrive, volumeOf } from "./drive";
import { addUnused } from "./pending";

const mayChangeDisks = requires("/vms/{vmid}", "VM.Config.Disk");
const disk = {
  type: "string",
  required: true,
  pattern: "(ide|sata|scsi|virtio)\\d+|efidisk0|tpmstate0|unused\\d+",
} as const;

export const diskRoutes: readonly Route[] = [
  route({
    method: "PUT",
    template: "/nodes/{node}/qemu/{vmid}/resize",
    parameters: {
      disk,
      size: { type: "string", required: true, pattern: "\\+?\\d+(\\.\\d+)?[KMGT]?" },
      digest: DIGEST,
      skiplock: { type: "boolean" },
    },
    permission: mayChangeDisks,
    handle: ({ cluster, caller, path: { node, vmid }, params }) => {
      cluster.vm(node, vmid);
      return cluster.tasks.run({ node, type: "resize", id: vmid, caller, seconds: 0.5 }, () => {
        const guest = cluster.lockedVm(node, vmid);
        assertDigest(guest, params.digest);
        const { drive, volume } = attached(cluster, guest, params.disk, "you can't resize a cdrom");
        cluster.access.check(caller, `/storage/${storageOf(volume.id)}`, ["Datastore.AllocateSpace"]);
        const size = parseSize(params.size.replace("+", "")) ?? 0;
        const sizeBytes = params.size.startsWith("+") ? volume.sizeBytes + size : size;
        if (sizeBytes < volume.sizeBytes) throw failure("shrinking disks is not supported");
        volume.sizeBytes = sizeBytes;
        guest.config[params.disk] = printDrive({
          file: drive.file,
          options: { ...drive.options, size: formatSize(sizeBytes) },
        });
      });
    },
  }),
  route({
    method: "POST",
    template: "/nodes/{node}/qemu/{vmid}/move_disk",
    parameters: {
      disk,
      storage: { type: "string", required: true },
      format: { type: "string", enum: ["raw", "qcow2", "vmdk"] },
      delete: { type: "boolean" },
      digest: DIGEST,
      bwlimit: { type: "integer", minimum: 0 },
    },
    permission: mayChangeDisks,
    handle: ({ cluster, caller, path: { node, vmid }, params }) => {
      cluster.access.check(caller, `/storage/${params.storage}`, ["Datastore.AllocateSpace"]);
      const find = () => {
        const guest = cluster.lockedVm(node, vmid);
        assertDigest(guest, params.digest);
        cluster.volumes.imageStorage(params.storage, node);
        return { guest, ...attached(cluster, guest, params.disk, "you can't move a cdrom") };
      };
      const { volume } = find();
      if (storageOf(volume.id) === params.storage && (!params.format || params.format === volume.format)) {
        throw failure("you can't move to the same storage with same format");
      }
      return cluster.tasks.run({ node, type: "qmmove", id: vmid, caller, seconds: 4 }, () => {
        const { guest, drive, volume } = find();
        const copy = cluster.volumes.allocate({
          storage: params.storage,
          node,
          vmid: guest.vmid,
          sizeBytes: volume.sizeBytes,
          format: params.format,
          bootable: volume.bootable,
        });
        guest.config[params.disk] = printDrive({ file: copy.id, options: drive.options });
        if (params.delete) cluster.volumes.free(volume);
        else addUnused(guest, volume.id);
      });
    },
  }),
];

/** The volume behind a drive of the running configuration. @throws ApiError 500 */
function attached(
  cluster: Cluster,
  guest: Guest,
  name: string,
  refuseCdrom: string,
): { readonly drive: Drive; readonly volume: Volume } {
  const value = guest.config[name];
  if (value === undefined) throw failure(`disk '${name}' does not exist`);
  const drive = parseDrive(String(value));
  const id = drive && volumeOf(drive);
  if (!drive || id === undefined) throw failure(`disk '${name}' has no associated volume`);
  if (isCdrom(drive)) throw failure(refuseCdrom);
  return { drive, volume: cluster.volumes.get(id, guest.node) };
}

function assertDigest(guest: Guest, expected: string | undefined): void {
  if (expected !== undefined && expected !== digest(guest)) {
    throw failure("checksum mismatch (file change by other user?)");
  }
}
