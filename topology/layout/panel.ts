import type { NodeConfig } from "../../config";
import { type Card, type Panel, setText } from "./model";
import { type Network, networksOfNode } from "./networks";
import { roles, totals } from "./words";

const PADDING = 16;
const CARD_GAP = 14;
const ROW_GAP = 6;
/** The symbol before a host's name. */
export const GLYPH = { x: PADDING, y: PADDING + 1, width: 20, height: 20 };
const HEADING_INDENT = GLYPH.width + 10;
const BUS = { first: 10, spacing: 9, drop: 12 };
const PORT = { first: 24, spacing: 16 };

/** A network above a row of cards, and where its wires meet the cards. */
export interface Bus {
  readonly network: number;
  readonly y: number;
  readonly ports: readonly { readonly x: number; readonly cardTop: number }[];
}

/** A host before it is placed on the page. */
export interface HostLayout extends Panel {
  readonly buses: readonly Bus[];
}

export interface HostProps {
  readonly host: string;
  /** In drawing order. */
  readonly nodes: readonly NodeConfig[];
  readonly networks: readonly Network[];
  readonly cardOf: (node: NodeConfig) => Card;
  readonly cardWidth: number;
  /** Number of cards in a row. */
  readonly columns: number;
}

export const panelWidth = (columns: number, cardWidth: number): number =>
  2 * PADDING + columns * cardWidth + (columns - 1) * CARD_GAP;

/** A Proxmox host with rows of VMs. Above each row are the networks of its VMs. */
export function layOutHost({ host, nodes, networks, cardOf, cardWidth, columns }: HostProps): HostLayout {
  const width = panelWidth(columns, cardWidth);
  const heading = { x: PADDING + HEADING_INDENT, width: width - 2 * PADDING - HEADING_INDENT };
  const name = setText(host, "host", { ...heading, top: PADDING });
  const summary = setText(`${roles(nodes)}: ${totals(nodes)}`, "detail", {
    ...heading,
    top: name.bottom + 1,
    tone: "muted",
  });

  const cards: Card[] = [];
  const buses: Bus[] = [];
  let top = summary.bottom + 2;
  for (let start = 0; start < nodes.length; start += columns) {
    const members = nodes.slice(start, start + columns);
    const used = [...networks.keys()].filter((index) =>
      members.some((node) => networksOfNode(node, networks).has(index)),
    );
    const lanes = used.map((network, lane) => ({ network, y: top + BUS.first + lane * BUS.spacing }));
    const cardTop = top + BUS.first + (lanes.length - 1) * BUS.spacing + BUS.drop;

    const row = members.map((node, column) => ({
      ...cardOf(node),
      x: PADDING + column * (cardWidth + CARD_GAP),
      y: cardTop,
    }));
    const height = Math.max(...row.map((card) => card.height));
    cards.push(...row.map((card) => ({ ...card, height })));
    for (const { network, y } of lanes) {
      const ports = members.flatMap((node, column) => {
        const own = [...networksOfNode(node, networks).keys()];
        const port = own.indexOf(network);
        if (port < 0) return [];
        const spacing = Math.min(PORT.spacing, (cardWidth - 2 * PORT.first) / own.length);
        return [{ x: PADDING + column * (cardWidth + CARD_GAP) + PORT.first + port * spacing, cardTop }];
      });
      buses.push({ network, y, ports });
    }
    top = cardTop + height + ROW_GAP;
  }
  const height = top - ROW_GAP + PADDING;
  return { x: 0, y: 0, width, height, host, texts: [...name.lines, ...summary.lines], cards, buses };
}

/** The nodes of each host. The hosts are in the order of their first nodes. */
export function byHost(nodes: readonly NodeConfig[]): ReadonlyMap<string, readonly NodeConfig[]> {
  const hosts = new Map<string, NodeConfig[]>();
  for (const node of nodes) hosts.set(node.host, [...(hosts.get(node.host) ?? []), node]);
  return hosts;
}
