import type { DiskSetting, NetworkInterfaceSetting, VmSetting } from "../domain/vm-settings";
import type { Path } from "./path";
import type { NodeSizes } from "./resolve-sizes";

/*
 * Where the files can name each setting of a VM. A setting that they name nowhere has a default, which is for new VMs only.
 */

/** Whether the files have a value at a path. */
export type IsNamed = (path: Path) => boolean;

const advanced = (key: string): Path => ["proxmox_vm_advanced", key];

/** Which of a node's settings are for a new VM only. */
export class NamedSettings {
  constructor(
    private readonly isNamed: IsNamed,
    private readonly node: Path,
    private readonly sizes: NodeSizes,
  ) {}

  onlyForNewVm(): VmSetting[] {
    const { node, sizes } = this;
    return this.unnamed<VmSetting>({
      cores: sizes.cores.sources,
      sockets: sizes.sockets.sources,
      memoryMiB: sizes.memory.sources,
      cpuType: [advanced("cpu_type")],
      numa: [advanced("numa")],
      balloonMiB: [advanced("balloon")],
      bios: [advanced("bios")],
      machine: [advanced("machine")],
      scsiHardware: [advanced("scsi_hw")],
      osType: [advanced("ostype")],
      tpm: [[...node, "tpm"]],
      agent: [[...node, "qemu_agent"], advanced("qemu_agent")],
      pciDevices: [[...node, "pci"]],
      tags: [[...node, "tags"], advanced("tags")],
      protection: [[...node, "protection"]],
    });
  }

  onlyForNewRoot(): DiskSetting[] {
    return this.unnamed<DiskSetting>({ sizeGiB: this.sizes.disk_size.sources, ...this.ofEveryDisk([]) });
  }

  onlyForNewDataDisk(index: number): DiskSetting[] {
    return this.unnamed<DiskSetting>(this.ofEveryDisk([...this.node, "data_disks", index]));
  }

  /** @param index 0 for the first one, which has its keys at the node */
  onlyForNewNetworkInterface(index: number): NetworkInterfaceSetting[] {
    const own = (key: string): Path[] => (index === 0 ? [] : [[...this.node, "networks", index - 1, key]]);
    return this.unnamed<NetworkInterfaceSetting>({
      bridge: [...own("bridge"), advanced("network_bridge")],
      queues: [...own("queues"), advanced("net_queues")],
    });
  }

  /** @param own path of the disk, if it has one of its own */
  private ofEveryDisk(own: Path): Partial<Record<DiskSetting, readonly Path[]>> {
    const either = (key: string, shared: Path): Path[] => [
      ...(own.length > 0 ? [[...own, key]] : []),
      shared,
    ];
    return {
      storage: [...either("storage", [...this.node, "disk_storage"]), ["proxmox_disk_storage"]],
      discard: either("discard", advanced("disk_discard")),
      ssd: either("ssd", advanced("disk_ssd")),
      backup: either("backup", advanced("disk_backup")),
      replicate: either("replicate", advanced("disk_replicate")),
    };
  }

  private unnamed<Setting extends string>(paths: Partial<Record<Setting, readonly Path[]>>): Setting[] {
    return (Object.keys(paths) as Setting[]).filter(
      (setting) => !(paths[setting] ?? []).some((path) => this.isNamed(path)),
    );
  }
}
