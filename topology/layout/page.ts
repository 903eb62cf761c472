import type { ClusterConfig } from "../../config";
import type { LiveTopology } from "../live";
import { layOutBackbone } from "./backbone";
import { cable, gutterWidth, type PlacedHost } from "./cabling";
import { apiAddressesOf } from "./endpoints";
import { layOutHeader } from "./header";
import { summaryOf } from "./live";
import type { Panel, TopologyLayout } from "./model";
import type { Network } from "./networks";
import { byHost, type HostLayout } from "./panel";
import { roles, versions } from "./words";

const MARGIN = 28;
const PANEL_GAP = 22;
const BACKBONE = { above: 26, below: 24 };
/** The header needs this width, even if the hosts need less. */
const MIN_WIDTH = 620;

export interface PageProps {
  readonly config: ClusterConfig;
  readonly networks: readonly Network[];
  readonly hosts: readonly HostLayout[];
  /** Number of hosts in a row. */
  readonly columns: number;
  readonly live?: LiveTopology;
}

/** The width of a page with `columns` panels side by side. */
export function pageWidth(columns: number, panelWidth: number, networks: readonly Network[]): number {
  const inside = columns * (gutterWidth(networks) + panelWidth) + (columns - 1) * PANEL_GAP;
  return Math.max(inside + 2 * MARGIN, MIN_WIDTH);
}

/** The header at the top, then the networks, then rows of hosts with wires to the networks. */
export function layOutPage({ config, networks, hosts, columns, live }: PageProps): TopologyLayout {
  const width = pageWidth(columns, Math.max(...hosts.map((host) => host.width)), networks);
  const content = { x: MARGIN, top: MARGIN, width: width - 2 * MARGIN };
  const gutter = gutterWidth(networks);
  const step = (content.width + PANEL_GAP) / columns;
  const panelWidth = step - PANEL_GAP - gutter;

  const header = layOutHeader(config, content, live);
  const backbone = layOutBackbone({
    networks,
    endpoints: header.endpoints,
    top: header.bottom + BACKBONE.above,
    span: [MARGIN, width - MARGIN],
    gutters: Array.from({ length: columns }, (_, column) => MARGIN + column * step),
    labels: { x: MARGIN + gutter, width: panelWidth },
  });

  const placed: PlacedHost[] = [];
  let y = backbone.bottom + BACKBONE.below;
  for (let start = 0; start < hosts.length; start += columns) {
    const row = hosts.slice(start, start + columns);
    const height = Math.max(...row.map((host) => host.height));
    for (const [column, host] of row.entries()) {
      placed.push({ ...host, x: MARGIN + gutter + column * step, y, width: panelWidth, height, column });
    }
    y += height + PANEL_GAP;
  }

  const cabling = cable(placed, networks, backbone.lanes);
  return {
    width,
    height: y - PANEL_GAP + MARGIN,
    title: `Topology of the cluster ${config.clusterName}`,
    description: describe(config, networks, live),
    texts: [...header.texts, ...backbone.texts],
    endpoints: header.endpoints,
    panels: placed.map(({ buses, column, ...panel }): Panel => panel),
    wires: [...backbone.wires, ...cabling.wires],
    joints: [...backbone.joints, ...cabling.joints],
  };
}

function describe(config: ClusterConfig, networks: readonly Network[], live?: LiveTopology): string {
  const { clusterName, nodes, nodePools, network } = config;
  const hosts = [...byHost(nodes)].map(([host, members]) => {
    const vms = members.map(({ name, address }) => `${name} (${address})`);
    return `${host} runs ${vms.join(", ")}`;
  });
  const [api] = apiAddressesOf(config);
  const pools = nodePools.map(({ name, nodes: members }) => `${name} (${members.join(", ")})`);
  return [
    `The Talos cluster ${clusterName} has ${roles(nodes)}.`,
    `It runs ${versions(config)}.`,
    `Its Kubernetes API is at the ${api.kind} ${api.value}, its gateway is ${network.gateway}.`,
    `${hosts.join("; ")}.`,
    ...(pools.length > 0 ? [`Node pools: ${pools.join("; ")}.`] : []),
    `Networks: ${networks.map(({ label }) => label).join("; ")}.`,
    ...(live ? [`${summaryOf(live, nodes)}.`, ...live.remarks.map((remark) => `${remark}.`)] : []),
  ].join(" ");
}
