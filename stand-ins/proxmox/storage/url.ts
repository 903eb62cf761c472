import { createHash } from "node:crypto";
import { MIB } from "../api/sizes";

/** What a download of Talos' disk image unpacks to, whatever the URL. */
export const VIRTUAL_BYTES = 1246 * MIB;

const MIME_TYPES: Readonly<Record<string, string>> = {
  iso: "application/x-iso9660-image",
  xz: "application/x-xz",
  gz: "application/gzip",
  zst: "application/zstd",
};

/** What a URL holds: the name is the URL's own, the size is made up and the same every time. */
export function describeUrl(url: string): {
  readonly filename: string;
  readonly size: number;
  readonly mimetype: string;
} {
  const filename = decodeURIComponent(new URL(url).pathname.split("/").at(-1) ?? "") || "download";
  const hash = createHash("sha256").update(url).digest().readUInt32BE(0);
  return {
    filename,
    size: 80 * MIB + (hash % (120 * MIB)),
    mimetype: MIME_TYPES[filename.split(".").at(-1) ?? ""] ?? "application/octet-stream",
  };
}
