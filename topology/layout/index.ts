import type { ClusterConfig, NodeConfig } from "../../config";
import { type LiveTopology, NOT_ASKED } from "../live";
import { cardWidth, layOutCard } from "./card";
import type { Card, TopologyLayout } from "./model";
import { type Network, networksOf } from "./networks";
import { layOutPage, pageWidth } from "./page";
import { byHost, layOutHost, panelWidth } from "./panel";

/** In a README, the text of a wider page would be too small to read. */
const MAX_WIDTH = 1200;

/** Lays out a cluster in the number of columns that makes the best page. */
export function layOut(config: ClusterConfig, live?: LiveTopology): TopologyLayout {
  const networks = networksOf(config);
  const hosts = byHost(controlPlanesFirst(config.nodes));
  const width = cardWidth(config.nodes);
  const cardOf = cardsOf(config, networks, width, live);
  const fits = (columns: number, cards: number) =>
    pageWidth(columns, panelWidth(cards, width), networks) <= MAX_WIDTH;

  const pages: TopologyLayout[] = [];
  const mostCards = Math.max(...[...hosts.values()].map((nodes) => nodes.length));
  for (let cards = 1; cards <= mostCards && (cards === 1 || fits(1, cards)); cards++) {
    const panels = [...hosts].map(([host, nodes]) =>
      layOutHost({ host, nodes, networks, cardOf, cardWidth: width, columns: cards }),
    );
    let columns = 1;
    while (columns < hosts.size && fits(columns + 1, cards)) columns++;
    pages.push(layOutPage({ config, networks, hosts: panels, columns, live }));
  }
  return pages.reduce((best, page) => (cost(page) < cost(best) ? page : best));
}

/** Lays out each node's card once: it is the same on every page. */
function cardsOf(
  { nodes, nodePools }: ClusterConfig,
  networks: readonly Network[],
  width: number,
  live?: LiveTopology,
): (node: NodeConfig) => Card {
  const poolOf = new Map(nodePools.flatMap((pool) => pool.nodes.map((name) => [name, pool.name])));
  const cards = new Map(
    nodes.map((node) => {
      const { name } = node;
      const state = live && (live.nodes.get(name) ?? NOT_ASKED);
      return [node, layOutCard({ node, pool: poolOf.get(name), live: state, networks, width })];
    }),
  );
  return (node) => cards.get(node) as Card;
}

/** Height counts twice, because a page that has to be scrolled cannot be seen at a glance. */
function cost({ width, height }: TopologyLayout): number {
  return 2 * height + width;
}

function controlPlanesFirst(nodes: readonly NodeConfig[]): NodeConfig[] {
  const of = (role: NodeConfig["role"]) => nodes.filter((node) => node.role === role);
  return [...of("controlplane"), ...of("worker")];
}
