import type { ClusterConfig } from "../config";
import { draw } from "./drawing";
import { layOut } from "./layout";
import type { LiveTopology } from "./live";

export type { Health, LiveNode, LiveTopology } from "./live";

/**
 * Draws a cluster: its Proxmox hosts, the VMs on them, their networks and the endpoint of its Kubernetes API.
 *
 * @param live what the running cluster says @default - only what is configured is drawn
 * @returns an SVG document, which is always the same for the same arguments
 */
export function renderTopology(config: ClusterConfig, live?: LiveTopology): string {
  return draw(layOut(config, live));
}
