import type { ClusterConfig } from "../config";
import { DEFAULT_HOSTS, DEFAULT_STORAGES, type Storage } from "../stand-ins/proxmox";

const SIZE_BYTES = 4096 * 2 ** 30;

/** The hosts and storages that a stand-in Proxmox needs for a config. */
export function proxmoxFor({ nodes, proxmox }: ClusterConfig): {
  readonly hosts: readonly string[];
  readonly storages: Readonly<Record<string, Storage>>;
} {
  const storages: Record<string, Storage> = { ...DEFAULT_STORAGES };
  const add = (name: string, storage: Pick<Storage, "type" | "content" | "path">) => {
    const shared = proxmox.sharedStorages.includes(name);
    storages[name] ??= { ...storage, shared, totalBytes: SIZE_BYTES };
  };
  add(proxmox.imageStorage, {
    type: "dir",
    content: ["iso", "import"],
    path: `/mnt/pve/${proxmox.imageStorage}`,
  });
  for (const { disk, dataDisks } of nodes) {
    for (const { storage } of [disk, ...dataDisks]) add(storage, { type: "lvmthin", content: ["images"] });
  }
  return { hosts: [...new Set([...DEFAULT_HOSTS, ...nodes.map(({ host }) => host)])], storages };
}
