import type { RunningProxmox, VirtualMachine } from "./proxmox";
import type { RunningTalos, TalosNode } from "./talos";

/**
 * Lets the stand-in nodes run on the VMs of the stand-in Proxmox: a node boots when its VM is started, is gone when the VM
 * is stopped, and has lost its disks when the VM is destroyed. A node that shuts itself down stops its VM. The VM of a node
 * is the one that cloud-init gives its address, or else the one with its name.
 * @returns ends it
 */
export function runNodesOnVms(proxmox: RunningProxmox, talos: RunningTalos): () => void {
  const runs = new Map<string, number | undefined>();
  const vmids = new Map<string, number>();
  const work = new Map<string, Promise<void>>();

  const follow = async ({ name }: TalosNode, vm: VirtualMachine | undefined): Promise<void> => {
    const { control } = talos;
    await control.setMachine(name, vm?.id);
    const before = runs.get(name);
    const isFirst = !runs.has(name);
    runs.set(name, vm?.run);
    if (!isFirst && before === vm?.run) return;
    if (before !== undefined || vm?.run === undefined) await control.setPower(name, "off");
    if (vm?.run !== undefined) await control.setPower(name, "on");
  };

  const endWatch = proxmox.watchMachines((vms) => {
    for (const node of talos.nodes) {
      const vm =
        vms.find(({ addresses }) => addresses.includes(node.address)) ??
        vms.find(({ name }) => name === node.name);
      if (vm) vmids.set(node.name, vm.vmid);
      const next = (work.get(node.name) ?? Promise.resolve()).then(() => follow(node, vm));
      // A bug of the stand-in and not a mistake of a caller, so it is printed.
      work.set(
        node.name,
        next.catch((error: Error) => void process.stderr.write(`${error.stack}\n`)),
      );
    }
  });
  const endPowerOff = talos.control.onPowerOff((name) => {
    const vmid = vmids.get(name);
    runs.set(name, undefined);
    if (vmid !== undefined) proxmox.powerOff(vmid);
  });
  return () => {
    endWatch();
    endPowerOff();
  };
}
