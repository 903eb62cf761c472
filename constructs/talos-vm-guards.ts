import { type Postcondition, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
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

/** What they say: locals, since OpenTofu would parse such a text some ten times for each VM. */
const TEXTS = {
  first_disk_moved:
    'the first disk of "%[1]s" is %[2]s, not %[3]s, and no plan moves the disk that a VM starts from. ' +
    "nothing was changed. set disk_interface: %[4]s",
  mac_address_changed:
    'net%[1]d of "%[2]s" has the MAC address %[3]s, not %[4]s, and another one unplugs the NIC ' +
    'of a running VM. nothing was changed. set mac_addr: "%[3]s", or name the node in ALLOW_REPLACE',
};

/** An expression for a text. */
const say = (text: keyof typeof TEXTS, ...expressions: readonly string[]) =>
  `format(local.${text}, ${expressions.join(", ")})`;

/**
 * One condition for all of it. OpenTofu decodes the whole VM for each condition, text and `self` in them, at every plan, whether the
 * condition holds or not: so there is one of each.
 */
export function postconditionsFor(vm: Construct, stays: readonly Stays[]): Postcondition {
  for (const [name, text] of Object.entries(TEXTS)) TerraformStack.of(vm).addOverride(`locals.${name}`, text);
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
    problem: say("first_disk_moved", `"${vmName}"`, actual, `"${configured}"`, bus),
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
        problem: say("mac_address_changed", `${index}`, `"${vmName}"`, actual, `"${macAddress}"`),
      },
    ];
  });
}
