import { failure, parameterError } from "../api/errors";
import { VMID } from "../api/parameters";
import { allOf, anyCaller, oneOf, requires, requiresAny } from "../api/permission";
import { type Call, type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import type { Storage, Volume } from "../model";
import { describeUrl, VIRTUAL_BYTES } from "./url";
import { checkVolumeAccess } from "./volume-access";
import { storageOf, volumePath } from "./volumes";

/** Whoever makes the host fetch a URL can look around in its network. */
const mayFetch = oneOf(
  requires("/", "Sys.Audit", "Sys.Modify"),
  requires("/nodes/{node}", "Sys.AccessNetwork"),
);
const mayRead = requiresAny("/storage/{storage}", "Datastore.Audit", "Datastore.AllocateSpace");

const EXTENSIONS = {
  iso: /\.(?:iso|img)$/i,
  vztmpl: /\.tar\.(?:gz|xz|zst|bz2)$/i,
  import: /\.(?<format>ova|ovf|qcow2|raw|vmdk)$/,
} as const;

export const storageRoutes: readonly Route[] = [
  route({
    method: "GET",
    template: "/storage",
    parameters: { type: { type: "string" } },
    permission: anyCaller,
    handle: ({ cluster, caller, params }) =>
      Object.entries(cluster.state.storages)
        .filter(([id]) => cluster.access.allows(caller, `/storage/${id}`, "Datastore.Audit"))
        .filter(([, storage]) => params.type === undefined || storage.type === params.type)
        .map(([id, storage]) => storageConfig(id, storage)),
  }),
  route({
    method: "GET",
    template: "/storage/{storage}",
    permission: requires("/storage/{storage}", "Datastore.Allocate"),
    handle: ({ cluster, path }) => {
      const storage = cluster.state.storages[path.storage];
      if (!storage) throw failure(`storage '${path.storage}' does not exist`);
      return storageConfig(path.storage, storage);
    },
  }),
  route({
    method: "GET",
    template: "/nodes/{node}/storage",
    parameters: {
      content: { type: "string" },
      enabled: { type: "boolean" },
      format: { type: "boolean" },
      storage: { type: "string" },
      target: { type: "string" },
    },
    permission: anyCaller,
    handle: ({ cluster, caller, path, params }) => {
      const wanted = params.content?.split(",");
      return Object.entries(cluster.state.storages)
        .filter(([id]) => params.storage === undefined || params.storage === id)
        .filter(([, { nodes }]) => !nodes || nodes.includes(path.node))
        .filter(([, { content }]) => !wanted || content.some((type) => wanted.includes(type)))
        .filter(([id]) => mayList(cluster, caller, id))
        .map(([id, storage]) => ({ storage: id, ...status(cluster, id, storage, path.node) }));
    },
  }),
  route({
    method: "GET",
    template: "/nodes/{node}/storage/{storage}/status",
    permission: mayRead,
    handle: ({ cluster, path }) =>
      status(cluster, path.storage, cluster.volumes.storage(path.storage, path.node), path.node),
  }),
  route({
    method: "GET",
    template: "/nodes/{node}/storage/{storage}/content",
    parameters: { content: { type: "string" }, vmid: VMID },
    permission: mayRead,
    handle: ({ cluster, path, params }) => {
      cluster.volumes.storage(path.storage, path.node);
      return cluster.volumes
        .list(path.storage, path.node)
        .filter((volume) => params.content === undefined || volume.content === params.content)
        .filter((volume) => params.vmid === undefined || volume.vmid === params.vmid)
        .map(listing);
    },
  }),
  route({
    method: "GET",
    template: "/nodes/{node}/storage/{storage}/content/{volume}",
    permission: anyCaller,
    handle: (call) => {
      const { cluster, caller, path } = call;
      const id = volumeId(path.storage, path.volume);
      const storage = cluster.volumes.storage(storageOf(id), path.node);
      checkVolumeAccess(cluster.access, caller, id);
      const volume = cluster.volumes.find(id, path.node);
      if (!volume) throw missing(storage, id);
      const { format, sizeBytes } = volume;
      return { path: volumePath(storage, volume), format, size: sizeBytes, used: sizeBytes };
    },
  }),
  route({
    method: "DELETE",
    template: "/nodes/{node}/storage/{storage}/content/{volume}",
    parameters: { delay: { type: "integer", minimum: 1, maximum: 30 } },
    permission: anyCaller,
    handle: ({ cluster, caller, path }) => {
      const id = volumeId(path.storage, path.volume);
      const storageId = storageOf(id);
      cluster.volumes.storage(storageId, path.node);
      cluster.access.check(caller, `/storage/${storageId}`, ["Datastore.Allocate"]);
      return cluster.tasks.run(
        { node: path.node, type: "imgdel", id: storageId, caller, seconds: 0.5 },
        (log) => {
          const volume = cluster.volumes.find(id, path.node);
          if (volume) cluster.volumes.free(volume);
          else log(`disk image '${id}' does not exist`);
          log(`Removed volume '${id}'`);
        },
      );
    },
  }),
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
      compression: { type: "string", enum: ["gz", "lzo", "zst", "bz2"] },
      "verify-certificates": { type: "boolean" },
      // The provider repeats these two of the path in the body.
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
}

/** Nothing is fetched: the file is a record of a plausible size. */
function download({
  cluster,
  caller,
  path: { node, storage: id },
  params: { url, content, filename, compression },
}: Call<"node" | "storage", DownloadParameters>): string {
  const storage = cluster.volumes.storage(id, node);
  if (!storage.path) {
    throw failure(`can't upload to storage type '${storage.type}', not a file based storage!`);
  }
  const type = content as keyof typeof EXTENSIONS;
  if (!storage.content.includes(type)) {
    throw failure(`storage '${id}' is not configured for content-type '${content}'`);
  }
  const match = EXTENSIONS[type].exec(filename);
  if (!match) {
    const text = type === "import" ? "invalid filename or wrong extension" : "wrong file extension";
    throw parameterError({ filename: text });
  }
  return cluster.tasks.run({ node, type: "download", id: filename, caller, seconds: 8 }, (log) => {
    if (compression && type !== "iso") throw failure(`decompression not supported for ${content}`);
    log(`downloading ${url} to ${storage.path}/${content}/${filename}`);
    if (cluster.volumes.find(`${id}:${content}/${filename}`, node)) {
      throw failure(`refusing to override existing file '${storage.path}/${content}/${filename}'`);
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

const mayList = (cluster: Cluster, caller: Call<never, unknown>["caller"], id: string): boolean =>
  cluster.access.allows(caller, `/storage/${id}`, "Datastore.Audit") ||
  cluster.access.allows(caller, `/storage/${id}`, "Datastore.AllocateSpace");

/** The volume of a path may be given without its storage: `iso/talos.iso`. */
const volumeId = (storage: string, volume: string): string =>
  volume.includes(":") ? volume : `${storage}:${volume}`;

function storageConfig(id: string, storage: Storage) {
  return {
    storage: id,
    type: storage.type,
    content: storage.content.join(","),
    ...(storage.path ? { path: storage.path } : {}),
    ...(storage.shared ? { shared: 1 } : {}),
    ...(storage.nodes ? { nodes: storage.nodes.join(",") } : {}),
  };
}

function status(cluster: Cluster, id: string, storage: Storage, node: string) {
  const used = cluster.volumes.usedBytes(id, node);
  return {
    type: storage.type,
    content: storage.content.join(","),
    active: 1,
    enabled: 1,
    shared: storage.shared ? 1 : 0,
    total: storage.totalBytes,
    used,
    avail: Math.max(0, storage.totalBytes - used),
    used_fraction: used / storage.totalBytes,
  };
}

const listing = (volume: Volume) => ({
  volid: volume.id,
  content: volume.content,
  format: volume.format,
  size: volume.sizeBytes,
  ctime: volume.created,
  ...(volume.vmid === undefined ? {} : { vmid: volume.vmid }),
});

/** Each kind of storage says it in its own words. */
function missing(storage: Storage, id: string): Error {
  const name = id.slice(id.indexOf(":") + 1);
  if (storage.path) return failure(`volume_size_info on '${id}' failed - no format`);
  if (storage.type === "rbd") {
    return failure(`rbd error: rbd: error opening image ${name}: (2) No such file or directory`);
  }
  return failure(`no such logical volume ${storageOf(id)}/${name}`);
}
