import type { Postcondition } from "cdktf";
import type { TalosVmProps } from "./talos-vm-props";

/**
 * Something of a VM that no plan changes. A plan keeps the old value of what it ignores, so that it can be compared with the
 * configured one. Both expressions are of `vm`, the VM as it is planned.
 */
export interface Stays {
  readonly ignoreChanges: string;
  /** Whether it is as configured. */
  readonly condition: string;
  /** What to say otherwise. */
  readonly problem: string;
}

/**
 * One condition for all of it. OpenTofu decodes the whole VM for each condition, text and `self` in them, at every plan, whether the
 * condition holds or not: so there is one of each.
 */
export function stayAsTheyAre(stays: readonly Stays[]): Postcondition {
  const ofVm = (expression: string) => `[for vm in [self] : ${expression}][0]`;
  const holds = stays.map(({ condition }) => condition).join(" && ");
  const problems = stays.map(({ condition, problem }) => `${condition} ? "" : ${problem}`).join(", ");
  return {
    condition: `\${${ofVm(holds)}}`,
    errorMessage: `\${join(" ", compact(${ofVm(`[${problems}]`)}))}`,
  };
}

/** What the first disk is attached to: `scsi0` or `virtio0`. */
export function rootInterface({ diskInterface = "scsi" }: TalosVmProps): string {
  return `${diskInterface}0`;
}

/**
 * Refuses a plan for a VM whose first disk is attached to something else. The provider would attach it there beside where it is,
 * and start the VM from neither.
 */
export function rootDiskStays(vmName: string, props: TalosVmProps): Stays {
  const attribute = "disk[0].interface";
  const actual = `vm.${attribute}`;
  const configured = rootInterface(props);
  const bus = `replace(${actual}, "/[0-9]+$/", "")`;
  return {
    ignoreChanges: attribute,
    condition: `${actual} == "${configured}"`,
    problem:
      `"the first disk of \\"${vmName}\\" is \${${actual}}, not ${configured}, and no plan moves the disk that a VM starts from. ` +
      `nothing was changed. set disk_interface: \${${bus}}"`,
  };
}

/**
 * Refuses a plan that would give a NIC another MAC address, unless the VM may be replaced. Proxmox unplugs the NIC of a
 * running VM for that, even where only the case differs: such a difference is no change here.
 */
export function macAddressesStay(vmName: string, props: TalosVmProps): Stays[] {
  if (props.allowReplace) return [];
  return props.networkInterfaces.flatMap(({ macAddress }, index): Stays[] => {
    if (macAddress === undefined) return [];
    const attribute = `network_device[${index}].mac_address`;
    const actual = `vm.${attribute}`;
    return [
      {
        ignoreChanges: attribute,
        condition: `lower(${actual}) == lower("${macAddress}")`,
        problem:
          `"net${index} of \\"${vmName}\\" has the MAC address \${${actual}}, not ${macAddress}, and another one unplugs the NIC ` +
          `of a running VM. nothing was changed. set mac_addr: \\"\${${actual}}\\", or name the node in ALLOW_REPLACE"`,
      },
    ];
  });
}
