import type { ShownState } from "../process/tofu";

/** One node of the cluster, as the state has it. */
export interface AppliedVm {
  readonly name: string;
  readonly role: string;
  readonly vmId: number;
  readonly address: string;
  readonly host: string;
}

/** The nodes of a cluster in what `tofu show` says, in the order of their ids. */
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
