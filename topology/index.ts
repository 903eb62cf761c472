import type { ClusterConfig } from "../config";
import { draw } from "./drawing";
import { layOut } from "./layout";

/**
 * Draws a cluster: its Proxmox hosts, the VMs on them and their networks.
 *
 * @returns an SVG document, which is always the same for the same configuration
 */
export function renderTopology(config: ClusterConfig): string {
  return draw(layOut(config));
}
