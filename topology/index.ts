import type { ClusterConfig } from "../config";
import { draw } from "./drawing";
import { layOut } from "./layout";

/**
 * The cluster as a picture: its Proxmox hosts, the VMs on them and the networks that they are in.
 *
 * @returns an SVG document, the same for the same configuration
 */
export function renderTopology(config: ClusterConfig): string {
  return draw(layOut(config));
}
