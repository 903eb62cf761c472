/** What decides the group of a VM: nothing else, so that a VM that comes or goes changes few groups. */
export interface SpreadVm {
  readonly vmId: number;
  /** The host that it is made on. */
  readonly host: string;
}

/** VMs that HA keeps on different hosts. */
export interface SpreadGroup<Vm> {
  /** The same for as long as the hosts are: `1`, `2` … and `extra-1`, `extra-2` …. */
  readonly key: string;
  /** Ordered by id. */
  readonly vms: readonly Vm[];
}

/**
 * Divides VMs into groups that can be kept on different hosts: at most `capacity` VMs each, which are made on different
 * hosts, and no VM in two groups.
 *
 * Think of a table with a column for each host, in which the n-th VM of a host (by id) is in row n. A row is a group. If a
 * full row is more than `capacity`, the n-th row leaves out its n-th host, and those that were left out are groups too.
 * So a VM only changes its group with another number of VMs before it on its own host, or another number of hosts.
 *
 * @param hosts all hosts, also those that have none of the VMs
 * @param capacity the number of hosts, or one less where a host shall be left over to fail over to
 */
export function spreadGroups<Vm extends SpreadVm>(
  vms: readonly Vm[],
  hosts: readonly string[],
  capacity: number,
): SpreadGroup<Vm>[] {
  const columns = [...new Set(hosts)].sort();
  const isTooWide = new Set(vms.map(({ host }) => host)).size > capacity;
  const groups = new Map<string, Vm[]>();
  for (const [column, host] of columns.entries()) {
    const onHost = vms.filter((vm) => vm.host === host).sort((a, b) => a.vmId - b.vmId);
    for (const [row, vm] of onHost.entries()) {
      const isLeftOut = isTooWide && column === row % columns.length;
      // Any `capacity` rows in a sequence leave out different hosts.
      const key = isLeftOut ? `extra-${Math.floor(row / capacity) + 1}` : String(row + 1);
      groups.set(key, [...(groups.get(key) ?? []), vm]);
    }
  }
  return [...groups].map(([key, members]) => ({ key, vms: members.sort((a, b) => a.vmId - b.vmId) }));
}
