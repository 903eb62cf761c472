import type { Postcondition } from "cdktf";
import type { TalosVmProps } from "./talos-vm-props";

/**
 * Something of a VM that no plan changes. A plan keeps the old value of what it ignores, so the postcondition can compare it
 * with the configured one.
 */
export interface Stays {
  readonly ignoreChanges: string;
  readonly postcondition: Postcondition;
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
  const actual = `self.${attribute}`;
  const configured = rootInterface(props);
  const bus = `replace(${actual}, "/[0-9]+$/", "")`;
  return {
    ignoreChanges: attribute,
    postcondition: {
      condition: `\${${actual} == "${configured}"}`,
      errorMessage:
        `the first disk of "${vmName}" is \${${actual}}, not ${configured}, and no plan moves the disk that a VM starts from. ` +
        `nothing was changed. set disk_interface: \${${bus}}`,
    },
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
    const actual = `self.${attribute}`;
    return [
      {
        ignoreChanges: attribute,
        postcondition: {
          condition: `\${lower(${actual}) == lower("${macAddress}")}`,
          errorMessage:
            `net${index} of "${vmName}" has the MAC address \${${actual}}, not ${macAddress}, and another one unplugs the NIC ` +
            `of a running VM. nothing was changed. set mac_addr: "\${${actual}}", or name the node in ALLOW_REPLACE`,
        },
      },
    ];
  });
}
