import { diskSize, urlEncoded, volumeId, volumeOrDevice, volumeOrPath } from "../api/named-formats";
import type { PartSpec, PropertyFormat } from "../api/value-check";

/* The property strings of drives, as Proxmox VE describes them. */

type Parts = Readonly<Record<string, PartSpec>>;

const boolean = { type: "boolean" } as const;
const integer = { type: "integer" } as const;
const oneOf = (...values: readonly string[]): PartSpec => ({ type: "string", enum: values });

const FILE: Parts = {
  file: { type: "string", format: volumeOrDevice, required: true, defaultKey: true },
  volume: { alias: "file" },
  size: { type: "string", format: diskSize },
  "import-from": { type: "string", format: volumeOrPath },
};

/** How fast a drive may read and write, and for how long it may be faster. */
const THROTTLE: Parts = Object.fromEntries(
  ["", "_rd", "_wr"].flatMap((direction): readonly (readonly [string, PartSpec])[] => [
    [`mbps${direction}`, { type: "number" }],
    [`mbps${direction}_max`, { type: "number" }],
    [`iops${direction}`, integer],
    [`iops${direction}_max`, integer],
    [`iops${direction}_max_length`, { type: "integer", minimum: 1 }],
    [`bps${direction}`, integer],
    [`bps${direction}_max_length`, { type: "integer", minimum: 1 }],
    ...(direction === ""
      ? []
      : ([
          [`iops${direction}_length`, { alias: `iops${direction}_max_length` }],
          [`bps${direction}_length`, { alias: `bps${direction}_max_length` }],
        ] as const)),
  ]),
);

const COMMON: Parts = {
  ...FILE,
  format: oneOf("raw", "qcow", "qed", "qcow2", "vmdk", "cloop"),
  media: oneOf("cdrom", "disk"),
  snapshot: boolean,
  cache: oneOf("none", "writethrough", "writeback", "unsafe", "directsync"),
  backup: boolean,
  replicate: boolean,
  rerror: oneOf("ignore", "report", "stop"),
  werror: oneOf("enospc", "ignore", "report", "stop"),
  aio: oneOf("native", "threads", "io_uring"),
  discard: oneOf("ignore", "on"),
  detect_zeroes: boolean,
  serial: { type: "string", format: urlEncoded, maxLength: 60 },
  shared: boolean,
  ...THROTTLE,
};

const SSD: Parts = { ssd: boolean, wwn: { type: "string", pattern: "0x[0-9a-fA-F]{16}" } };
const IOTHREAD: Parts = { iothread: boolean, ro: boolean };

/** By the kind of the drive: `scsi` for `scsi0`. */
export const DRIVE_FORMATS = {
  ide: { parts: { ...COMMON, ...SSD, model: { type: "string", format: urlEncoded, maxLength: 120 } } },
  sata: { parts: { ...COMMON, ...SSD } },
  scsi: {
    parts: {
      ...COMMON,
      ...SSD,
      ...IOTHREAD,
      scsiblock: boolean,
      queues: { type: "integer", minimum: 2 },
      product: { type: "string", pattern: "[A-Za-z0-9\\-_\\s]{0,16}" },
      vendor: { type: "string", pattern: "[A-Za-z0-9\\-_\\s]{0,8}" },
    },
  },
  virtio: { parts: { ...COMMON, ...IOTHREAD } },
  efidisk: {
    parts: {
      ...FILE,
      format: oneOf("raw", "qcow", "qed", "qcow2", "vmdk", "cloop"),
      efitype: oneOf("2m", "4m"),
      "pre-enrolled-keys": boolean,
      "ms-cert": oneOf("2011", "2023", "2023w", "2023k"),
    },
  },
  tpmstate: {
    parts: { ...FILE, format: oneOf("raw", "qcow2", "vmdk"), version: oneOf("v1.2", "v2.0") },
  },
  unused: {
    parts: {
      file: { type: "string", format: volumeId, required: true, defaultKey: true },
      volume: { alias: "file" },
    },
  },
} as const satisfies Readonly<Record<string, PropertyFormat>>;
