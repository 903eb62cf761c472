import type { Problem } from "../diagnostic";
import type { ResolvedCluster } from "../resolve-cluster";

/** A mapping of a USB device has one device on each host, which one VM can have. */
export function* checkUsbDevices({ nodes }: ResolvedCluster): Iterable<Problem> {
  const taken = new Map<string, string>();
  for (const { path, label, config } of nodes) {
    for (const [index, { mapping }] of (config.usbDevices ?? []).entries()) {
      const device = `${mapping} on ${config.host}`;
      const other = taken.get(device);
      if (other !== undefined && config.host !== "") {
        const text = `${mapping} is already used by ${other} on the same host; a mapping has one device there`;
        yield { path: [...path, "usb", index, "mapping"], text };
      }
      taken.set(device, label);
    }
  }
}
