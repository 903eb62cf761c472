import type { TalosVmProps } from "./talos-vm-props";

/**
 * The attributes of a VM that the props do not name, for `ignore_changes`: what somebody set by hand stays. The provider has a default
 * for each of them, and an update would write it.
 */
export function leftToProxmox({ pciDevices, usbDevices, networkInterfaces }: TalosVmProps): string[] {
  return [
    ...(pciDevices === undefined ? ["hostpci"] : []),
    ...(usbDevices === undefined ? ["usb"] : []),
    ...networkInterfaces.flatMap(({ firewall }, index) =>
      firewall === undefined ? [`network_device[${index}].firewall`] : [],
    ),
  ];
}
