import { TerraformElement } from "cdktf";
import type { Construct } from "constructs";
import { rootInterface } from "./talos-vm-guards";
import { isNamed } from "./talos-vm-left-alone";
import type { TalosVmProps } from "./talos-vm-props";

/** What an {@link AdoptedDevices} is made of. */
export interface AdoptedDevicesProps {
  /** Name of the VM. */
  readonly vmName: string;
  /** Address of its resource. */
  readonly address: string;
  /** What it should have. */
  readonly vm: TalosVmProps;
}

/**
 * A warning at every plan where the disks and NICs of an adopted VM differ from those of the props. A plan leaves them alone,
 * so without it nobody would know that a key has no effect.
 */
export class AdoptedDevices extends TerraformElement {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: AdoptedDevicesProps,
  ) {
    super(scope, id);
  }

  override toTerraform(): object {
    const { vmName, address, vm } = this.props;
    const differences = `concat(${[...nics(address, vm), ...disks(address, vm)].join(", ")})`;
    const assert = {
      condition: `\${length(${differences}) == 0}`,
      error_message:
        `disks or NICs of "${vmName}" are not as in the files: \${join(", ", ${differences})}. they are left as they are ` +
        "while adopt.vms is set. make the files match before you remove it",
    };
    return { check: { [`devices_of_${vmName}`]: { assert: [assert] } } };
  }
}

/** Expressions for lists of texts, empty if nothing differs. */
function nics(address: string, { networkInterfaces }: TalosVmProps): string[] {
  const actual = `${address}.network_device`;
  const wanted = networkInterfaces.flatMap((nic, index) => [
    ...(isNamed(nic, "bridge")
      ? [differs(`${actual}[${index}].bridge`, nic.bridge, `net${index} bridge`)]
      : []),
    ...(isNamed(nic, "vlan") ? [differs(`${actual}[${index}].vlan_id`, nic.vlan, `net${index} VLAN`)] : []),
    ...(isNamed(nic, "mtu") ? [differs(`${actual}[${index}].mtu`, nic.mtu, `net${index} MTU`)] : []),
    ...(isNamed(nic, "queues")
      ? [differs(`${actual}[${index}].queues`, nic.queues, `net${index} queues`)]
      : []),
  ]);
  const more = `[for index, nic in ${actual} : "net\${index} is not in them" if index >= ${networkInterfaces.length}]`;
  const missing = `[for index in range(length(${actual}), ${networkInterfaces.length}) : "net\${index} is missing"]`;
  return [...wanted, more, `length(${actual}) < ${networkInterfaces.length} ? ${missing} : []`];
}

function disks(address: string, vm: TalosVmProps): string[] {
  const actual = `${address}.disk`;
  const slots = vm.disks.map(({ slot }, index) => (index === 0 ? rootInterface(vm) : `scsi${slot ?? index}`));
  const wanted = vm.disks.flatMap((disk, index) => {
    const own = `one([for disk in ${actual} : disk if disk.interface == "${slots[index]}"])`;
    return [
      ...(isNamed(disk, "sizeGiB") ? [differs(`${own}.size`, disk.sizeGiB, `${slots[index]} size`)] : []),
      ...(isNamed(disk, "storage")
        ? [differs(`${own}.datastore_id`, disk.storage, `${slots[index]} storage`)]
        : []),
    ];
  });
  const more = `[for disk in ${actual} : "\${disk.interface} is not in them" if !contains(${JSON.stringify(slots)}, disk.interface)]`;
  return [...wanted, more];
}

function differs(actual: string, wanted: string | number | undefined, what: string): string {
  const value = `try(${actual}, "missing")`;
  return `${value} == ${JSON.stringify(wanted)} ? [] : ["${what} is \${${value}}, not ${wanted}"]`;
}
