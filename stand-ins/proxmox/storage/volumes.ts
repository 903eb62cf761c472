import { failure, parameterError } from "../api/errors";
import {
  type ClusterState,
  type ContentType,
  nowSeconds,
  type Storage,
  type Volume,
  volumeKey,
} from "../model";

export interface AllocateOptions {
  readonly storage: string;
  readonly node: string;
  readonly vmid: number;
  readonly sizeBytes: number;
  /** @default "raw" */
  readonly format?: string;
  /** @default - the first free vm-<id>-disk-<n> */
  readonly name?: string;
  /** Whether it is the copy of an image with an operating system. @default false */
  readonly bootable?: boolean;
}

/** The volumes on all storages: disks of guests and files. */
export class Volumes {
  constructor(private readonly state: ClusterState) {}

  /** @throws ApiError 500 where the host has no such storage */
  storage(id: string, node: string): Storage {
    const storage = this.state.storages[id];
    if (!storage) throw failure(`storage '${id}' does not exist`);
    if (storage.nodes && !storage.nodes.includes(node)) {
      throw failure(`storage '${id}' is not available on node '${node}'`);
    }
    return storage;
  }

  /** @throws ApiError 400 for a storage that does not accept disks */
  imageStorage(id: string, node: string): Storage {
    const storage = this.storage(id, node);
    if (!storage.content.includes("images")) {
      throw parameterError({ storage: `storage '${id}' does not support vm images` });
    }
    return storage;
  }

  find(id: string, node: string): Volume | undefined {
    return this.state.volumes[volumeKey(id)] ?? this.state.volumes[volumeKey(id, node)];
  }

  /** @throws ApiError 500 */
  get(id: string, node: string): Volume {
    const volume = this.find(id, node);
    if (!volume) throw failure(`volume '${id}' does not exist`);
    return volume;
  }

  list(storage: string, node: string): readonly Volume[] {
    return Object.values(this.state.volumes)
      .filter(({ id }) => storageOf(id) === storage)
      .filter((volume) => volume.node === undefined || volume.node === node)
      .sort((a, b) => a.id.localeCompare(b.id));
  }

  /** All disks of a guest, wherever they are. */
  ownedBy(vmid: number): readonly Volume[] {
    return Object.values(this.state.volumes).filter((volume) => volume.vmid === vmid);
  }

  usedBytes(storage: string, node: string): number {
    return this.list(storage, node).reduce((sum, volume) => sum + volume.sizeBytes, 0);
  }

  /** @throws ApiError 500 for a format that the storage does not support */
  allocate({ storage: id, node, vmid, sizeBytes, format, name, bootable }: AllocateOptions): Volume {
    const storage = this.storage(id, node);
    const isFile = storage.path !== undefined;
    const chosen = format ?? "raw";
    if (!isFile && chosen !== "raw") throw failure(`unsupported format '${chosen}'`);
    if (!["raw", "qcow2", "vmdk"].includes(chosen)) throw failure(`unsupported format '${chosen}'`);
    const volumeName = (base: string) => (isFile ? `${id}:${vmid}/${base}.${chosen}` : `${id}:${base}`);
    if (name) {
      const volumeId = volumeName(name);
      if (this.find(volumeId, node)) throw failure(`disk image '${volumeId}' already exists`);
      return this.add(storage, volumeId, node, { content: "images", format: chosen, sizeBytes, vmid });
    }
    const taken = new Set(
      this.list(id, node).map((volume) => /vm-(\d+-disk-\d+)(?:\.\w+)?$/.exec(volume.id)?.[1]),
    );
    let index = 0;
    while (taken.has(`${vmid}-disk-${index}`)) index += 1;
    const volumeId = volumeName(`vm-${vmid}-disk-${index}`);
    return this.add(storage, volumeId, node, {
      content: "images",
      format: chosen,
      sizeBytes,
      vmid,
      ...(bootable ? { bootable } : {}),
    });
  }

  /** Adds a file, such as an ISO image. */
  addFile(
    storageId: string,
    node: string,
    file: { content: ContentType; name: string; format: string; sizeBytes: number; virtualBytes?: number },
  ): Volume {
    const { name, ...rest } = file;
    return this.add(this.storage(storageId, node), `${storageId}:${file.content}/${name}`, node, rest);
  }

  free({ id, node }: Volume): void {
    delete this.state.volumes[volumeKey(id, node)];
  }

  /** Moves a volume from the host of a guest to another host, under a free name there. */
  transfer(volume: Volume, target: string): Volume {
    const moved = this.find(volume.id, target)
      ? this.allocate({
          storage: storageOf(volume.id),
          node: target,
          vmid: volume.vmid ?? 0,
          sizeBytes: volume.sizeBytes,
          format: volume.format,
          bootable: volume.bootable,
        })
      : { ...volume, node: target };
    this.state.volumes[volumeKey(moved.id, target)] = moved;
    this.free(volume);
    return moved;
  }

  private add(
    storage: Storage,
    id: string,
    node: string,
    volume: Omit<Volume, "id" | "node" | "created">,
  ): Volume {
    const added: Volume = {
      id,
      ...(storage.shared ? {} : { node }),
      ...volume,
      created: nowSeconds(),
    };
    this.state.volumes[volumeKey(id, added.node)] = added;
    return added;
  }
}

/** `local-lvm` of `local-lvm:vm-201-disk-0` */
export const storageOf = (volumeId: string): string => volumeId.split(":", 1)[0] ?? "";

/** The path of a volume on its host. */
export function volumePath(storage: Storage, volume: Pick<Volume, "id" | "content">): string {
  const name = volume.id.slice(volume.id.indexOf(":") + 1);
  if (!storage.path) return `/dev/${storage.type}/${storageOf(volume.id)}/${name}`;
  if (volume.content === "images") return `${storage.path}/images/${name}`;
  if (volume.content === "import") return `${storage.path}/${name}`;
  return `${storage.path}/template/${name}`;
}
