import { DISK_INTERFACES, FIRST_DEVICE } from "../../domain/disk";
import type { Problem } from "../diagnostic";
import { displayValue } from "../display-value";
import type { Path } from "../path";
import type { ResolvedCluster } from "../resolve-cluster";

/** The device that Talos installs to is the first disk, which the VM starts from. */
export function* checkInstallDisk({ nodes, isSound }: ResolvedCluster): Iterable<Problem> {
  for (const { path, input, config } of nodes) {
    const sources: Path[] = [
      [...path, "disk_interface"],
      ["proxmox_vm_advanced", "disk_interface"],
    ];
    const device = FIRST_DEVICE[config.diskInterface];
    // Names below /dev/disk/ are made by udev from what only the running node knows.
    if (input.disk === device || input.disk.startsWith("/dev/disk/") || !isSound(...sources)) continue;
    const at = [...path, "disk"];
    if (!input.disk.startsWith("/dev/")) {
      const text = `${displayValue(input.disk)} is no device, and Talos sees no serial number of the first disk; write ${device}`;
      yield { path: at, text };
      continue;
    }
    const other = DISK_INTERFACES.find((each) => FIRST_DEVICE[each] === input.disk);
    const way = other === undefined ? "" : `, or set disk_interface: ${other} if the VM is like that`;
    const text = `${displayValue(input.disk)} is not the first disk, which is ${device} with disk_interface ${config.diskInterface}; write that${way}`;
    yield { path: at, text };
  }
}
