import type { ShownState } from "../process/tofu";

/** A node of the cluster in the state. */
export interface AppliedVm {
  readonly name: string;
  readonly role: string;
  readonly vmId: number;
  readonly address: string;
  readonly host: string;
}

/** The nodes of a cluster in the output of `tofu show`, in the order of their VM IDs. */
export function appliedVms({ values }: ShownState): readonly AppliedVm[] {
  const addresses = (values?.outputs?.node_addresses?.value ?? {}) as Readonly<Record<string, string>>;
  const controllers = (values?.outputs?.controller_nodes?.value ?? []) as readonly string[];
  return (values?.root_module?.resources ?? [])
    .filter(({ type, mode }) => mode === "managed" && type.startsWith("proxmox_") && type.endsWith("_vm"))
    .map(({ values: vm }) => {
      const name = String(vm.name);
      return {
        name,
        role: controllers.includes(name) ? "controlplane" : "worker",
        vmId: Number(vm.vm_id),
        address: addresses[name] ?? "",
        host: String(vm.node_name),
      };
    })
    .sort((a, b) => a.vmId - b.vmId);
}
