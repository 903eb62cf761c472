import type { BootMode } from "./talos";

/** What Proxmox calls a Talos image, by what a VM does with it. */
const FORMATS = {
  "disk-image": { extension: "qcow2", contentType: "import" },
  iso: { extension: "iso", contentType: "iso" },
} as const;

export interface ImageFileProps {
  readonly format: BootMode;
  /** Talos release with its `v`. */
  readonly talosVersion: string;
  readonly schematicId: string;
  /** @default false */
  readonly secureBoot?: boolean;
  /** First part of the name of the file. @default imagePrefix() */
  readonly prefix?: string;
  /** @default "https://factory.talos.dev" */
  readonly factoryUrl?: string;
}

/** A Talos image as a file in a storage of Proxmox. */
export interface ImageFile {
  /** Where the image factory has it. */
  readonly url: string;
  readonly fileName: string;
  readonly contentType: "import" | "iso";
}

/** First part of the names of a cluster's images: of several clusters in one Proxmox, each has files of its own. */
export const imagePrefix = (clusterFolder?: string): string =>
  clusterFolder ? `talos-${clusterFolder}` : "talos";

/** The same for everything that downloads an image: who comes second finds the file. */
export function imageFile({
  format,
  talosVersion,
  schematicId,
  secureBoot = false,
  prefix = imagePrefix(),
  factoryUrl = "https://factory.talos.dev",
}: ImageFileProps): ImageFile {
  const { extension, contentType } = FORMATS[format];
  const variant = `nocloud-amd64${secureBoot ? "-secureboot" : ""}.${extension}`;
  return {
    url: `${factoryUrl}/image/${schematicId}/${talosVersion}/${variant}`,
    fileName: [prefix, talosVersion, schematicId.slice(0, 12), variant].join("-"),
    contentType,
  };
}
