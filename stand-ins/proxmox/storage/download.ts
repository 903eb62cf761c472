import { createHash } from "node:crypto";
import { failure, parameterError } from "../api/errors";
import { allOf, oneOf, requires } from "../api/permission";
import { type Call, type Route, route } from "../api/route";
import { MIB } from "../api/sizes";
import { volumePath } from "./volumes";

/** By making a host fetch a URL, a caller can explore the network of that host. */
const mayFetch = oneOf(
  requires("/", "Sys.Audit", "Sys.Modify"),
  requires("/nodes/{node}", "Sys.AccessNetwork"),
);
const EXTENSIONS = {
  iso: /\.(?:iso|img)$/i,
  vztmpl: /\.tar\.(?:gz|xz|zst|bz2)$/i,
  import: /\.(?<format>ova|ovf|qcow2|raw|vmdk)$/,
} as const;

const DECOMPRESSED = ["gz", "lzo", "zst", "bz2"];

/** The unpacked size of every disk image: that of Talos. */
const VIRTUAL_BYTES = 1246 * MIB;

const MIME_TYPES: Readonly<Record<string, string>> = {
  iso: "application/x-iso9660-image",
  xz: "application/x-xz",
  gz: "application/gzip",
  zst: "application/zstd",
};

export const downloadRoutes: readonly Route[] = [
  route({
    method: "POST",
    template: "/nodes/{node}/storage/{storage}/download-url",
    parameters: {
      url: { type: "string", required: true, pattern: "https?://.*" },
      content: { type: "string", required: true, enum: ["iso", "vztmpl", "import"] },
      filename: { type: "string", required: true, maxLength: 255 },
      checksum: { type: "string" },
      "checksum-algorithm": {
        type: "string",
        enum: ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"],
      },
      compression: { type: "string" },
      "verify-certificates": { type: "boolean" },
      // The provider repeats these two values of the path in the body.
      node: { type: "string" },
      storage: { type: "string" },
    },
    permission: allOf(requires("/storage/{storage}", "Datastore.AllocateTemplate"), mayFetch),
    handle: download,
  }),
  route({
    method: "GET",
    template: "/nodes/{node}/query-url-metadata",
    parameters: {
      url: { type: "string", required: true, pattern: "https?://.*" },
      "verify-certificates": { type: "boolean" },
    },
    permission: mayFetch,
    handle: ({ params }) => describeUrl(params.url),
  }),
];

interface DownloadParameters {
  readonly url: string;
  readonly content: string;
  readonly filename: string;
  readonly compression?: string;
  readonly checksum?: string;
  readonly "checksum-algorithm"?: string;
}

/** Records a file of a plausible size. Nothing is downloaded. */
function download({
  cluster,
  caller,
  path: { node, storage: id },
  params: { url, content, filename: name, compression, ...params },
}: Call<"node" | "storage", DownloadParameters>): string {
  const storage = cluster.volumes.storage(id, node);
  if (!storage.path) {
    throw failure(`can't upload to storage type '${storage.type}', not a file based storage!`);
  }
  const type = content as keyof typeof EXTENSIONS;
  if (!storage.content.includes(type)) {
    throw failure(`storage '${id}' is not configured for content-type '${content}'`);
  }
  const filename = name.replace(/^.*[/\\]/s, "").replace(/[^\w.-]/g, "_");
  const match = EXTENSIONS[type].exec(filename);
  if (!match) {
    const text = type === "import" ? "invalid filename or wrong extension" : "wrong file extension";
    throw parameterError({ filename: text });
  }
  const file = volumePath(storage, { id: `${id}:${content}/${filename}`, content: type });
  return cluster.tasks.run({ node, type: "download", id: filename, caller, seconds: 8 }, (log) => {
    if (compression && type !== "iso") throw failure(`decompression not supported for ${content}`);
    if (compression && !DECOMPRESSED.includes(compression)) throw failure("no decompression method found");
    log(`downloading ${url} to ${file}`);
    if (cluster.volumes.find(`${id}:${content}/${filename}`, node)) {
      throw failure(`refusing to override existing file '${file}'`);
    }
    if (params.checksum !== undefined) {
      assertChecksum(url, params["checksum-algorithm"] ?? "sha256", params.checksum);
    }
    const { size } = describeUrl(url);
    cluster.volumes.addFile(id, node, {
      content: type,
      name: filename,
      format: match.groups?.format ?? (type === "iso" ? "iso" : "tgz"),
      sizeBytes: compression ? VIRTUAL_BYTES : size,
      ...(type === "import" ? { virtualBytes: VIRTUAL_BYTES } : {}),
    });
    log(`download of '${url}' to '${filename}' finished`);
  });
}

/** As nothing is downloaded, the content of a file is its URL. @throws ApiError 500 */
function assertChecksum(url: string, algorithm: string, expected: string): void {
  const got = createHash(algorithm).update(url).digest("hex");
  if (got !== expected.toLowerCase())
    throw failure(`checksum mismatch: got '${got}' != expect '${expected}'`);
}

/** Describes the file at a URL. Its name is that in the URL; its size is invented, but always the same. */
function describeUrl(url: string): {
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
