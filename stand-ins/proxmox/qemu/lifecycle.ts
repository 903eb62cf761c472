import { randomInt } from "node:crypto";
import { failure } from "../api/errors";
import type { Cluster } from "../cluster";
import { type Guest, nowSeconds } from "../model";
import { drivesOf, volumeOf } from "./drive";
import { applyPending } from "./pending";
import { assertUsbDevicesMapped } from "./usb";

/**
 * Starts a VM, which applies its pending changes.
 * @throws ApiError 500 where a volume or a hardware mapping is missing
 */
export function startGuest(cluster: Cluster, guest: Guest): void {
  if (guest.status === "running") return;
  applyPending(cluster, guest);
  for (const [, drive] of drivesOf(guest.config)) {
    const volume = volumeOf(drive);
    if (volume !== undefined) cluster.volumes.get(volume, guest.node);
  }
  for (const [name, value] of Object.entries(guest.config)) {
    const id = /^hostpci\d+$/.test(name) ? /mapping=([^,]+)/.exec(String(value))?.[1] : undefined;
    if (id !== undefined) assertMappedOn(cluster, guest.node, id);
  }
  assertUsbDevicesMapped(cluster, guest);
  guest.installed ||= startsFromImage(cluster, guest);
  guest.status = "running";
  guest.started = nowSeconds();
  guest.pid = randomInt(1000, 2 ** 22);
}

/** Whether there is an operating system on one of its disks, or an ISO in its drive. */
const startsFromImage = ({ volumes }: Cluster, guest: Guest): boolean =>
  drivesOf(guest.config).some(([, drive]) => {
    const id = volumeOf(drive);
    const volume = id === undefined ? undefined : volumes.find(id, guest.node);
    return volume?.bootable === true || volume?.content === "iso";
  });

export function stopGuest(guest: Guest): void {
  guest.status = "stopped";
  delete guest.started;
  delete guest.pid;
}

function assertMappedOn(cluster: Cluster, node: string, id: string): void {
  const mapping = cluster.state.pciMappings[id];
  if (!mapping) throw failure(`PCI device mapping not found for '${id}'`);
  if (!mapping.map.some((entry) => entry.split(",").includes(`node=${node}`))) {
    throw failure(`PCI device mapping '${id}': no mapping found on node '${node}'`);
  }
}
