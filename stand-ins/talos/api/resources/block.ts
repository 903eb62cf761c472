import { encode } from "../../protocol/definitions";
import { DISK_BYTES } from "../status";
import type { ResourceType } from "./resource-type";

/** The disk without its other partitions. */
const EPHEMERAL_BYTES = DISK_BYTES - 4 * 1024 ** 3;
const VOLUME_READY = 6;
const DISK = { id: "sda", path: "/dev/sda", model: "QEMU HARDDISK" };

export const disks: ResourceType = {
  namespace: "runtime",
  displayType: "Disk",
  columns: {
    Size: "{.pretty_size}",
    "Read Only": "{.readonly}",
    Transport: "{.transport}",
    Rotational: "{.rotational}",
    WWID: "{.wwid}",
    Model: "{.model}",
    Serial: "{.serial}",
  },
  list: () => {
    const { id, path, model } = DISK;
    const yaml = {
      dev_path: path,
      size: DISK_BYTES,
      pretty_size: prettySize(DISK_BYTES),
      model,
      readonly: false,
      transport: "virtio",
    };
    const spec = {
      devPath: path,
      size: String(DISK_BYTES),
      prettySize: yaml.pretty_size,
      model,
      transport: yaml.transport,
    };
    return [{ id, spec: encode("specs.DiskSpec", spec), yaml }];
  },
};

export const systemDisks: ResourceType = {
  namespace: "runtime",
  displayType: "SystemDisk",
  columns: { Disk: "{.diskID}" },
  list: ({ state }) => {
    if (!state.installed) return [];
    const spec = encode("specs.SystemDiskSpec", { diskId: DISK.id, devPath: DISK.path });
    return [{ id: "system-disk", spec, yaml: { diskID: DISK.id, devPath: DISK.path } }];
  },
};

export const volumeStatuses: ResourceType = {
  namespace: "runtime",
  displayType: "VolumeStatus",
  columns: { Type: "{.type}", Phase: "{.phase}", Location: "{.location}", Size: "{.prettySize}" },
  list: ({ state }) =>
    state.installed
      ? [
          { id: "EPHEMERAL", location: `${DISK.path}4`, size: EPHEMERAL_BYTES },
          { id: "STATE", location: `${DISK.path}3`, size: 100 * 1024 ** 2 },
        ].map(({ id, ...volume }) => ({
          id,
          spec: encode("specs.VolumeStatusSpec", { phase: VOLUME_READY, ...volume }),
          yaml: { phase: "ready", type: "partition", ...volume, prettySize: prettySize(volume.size) },
        }))
      : [],
};

/** `69 GB`, as Talos writes it. */
function prettySize(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), 4);
  const value = bytes / 1000 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}
