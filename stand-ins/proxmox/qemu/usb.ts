import { failure } from "../api/errors";
import { parsePropertyString } from "../api/property-string";
import type { Cluster } from "../cluster";
import type { Guest } from "../model";

/** @throws ApiError 500 where a mapping has no device on the host, or several */
export function assertUsbDevicesMapped(cluster: Cluster, { node, config }: Guest): void {
  for (const [name, value] of Object.entries(config)) {
    if (!/^usb\d+$/.test(name)) continue;
    const id = parsePropertyString(String(value), "host").options.mapping;
    if (id === undefined) continue;
    const map = cluster.state.usbMappings?.[id]?.map ?? [];
    const devices = map.filter((entry) => parsePropertyString(entry).options.node === node);
    if (devices.length === 0) throw failure(`USB device mapping not found for '${id}'`);
    if (devices.length > 1) throw failure("More than one USB mapping per host not supported");
  }
}
