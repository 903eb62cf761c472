import { failure, parameterError } from "../api/errors";
import { VMID } from "../api/parameters";
import { anyCaller, requires, requiresAny } from "../api/permission";
import { type Call, type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import type { Storage, Volume } from "../model";
import { checkVolumeAccess } from "./volume-access";
import { storageOf, volumePath } from "./volumes";

const mayRead = requiresAny("/storage/{storage}", "Datastore.Audit", "Datastore.AllocateSpace");

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
      if (params.storage !== undefined && !cluster.state.storages[params.storage]) {
        throw parameterError({ storage: "No such storage." });
      }
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
];

const mayList = (cluster: Cluster, caller: Call<never, unknown>["caller"], id: string): boolean =>
  cluster.access.allows(caller, `/storage/${id}`, "Datastore.Audit") ||
  cluster.access.allows(caller, `/storage/${id}`, "Datastore.AllocateSpace");

/** The volume in a path may be given without its storage: `iso/talos.iso`. */
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

/** The error for a missing volume, which differs by the type of the storage. */
function missing(storage: Storage, id: string): Error {
  const name = id.slice(id.indexOf(":") + 1);
  if (storage.path) return failure(`volume_size_info on '${id}' failed - no format`);
  if (storage.type === "rbd") {
    return failure(`rbd error: rbd: error opening image ${name}: (2) No such file or directory`);
  }
  return failure(`no such logical volume ${storageOf(id)}/${name}`);
}
