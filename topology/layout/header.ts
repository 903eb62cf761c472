import type { ClusterConfig } from "../../config";
import { type Endpoint, setText, type TextLine } from "./model";
import { textWidth } from "./text";
import { count, roles, totals } from "./words";

const FACT = { gapX: 28, gapY: 10, maxWidth: 330 };
const ENDPOINT = { padding: 14, gap: 16 };

export interface HeaderLayout {
  readonly texts: readonly TextLine[];
  /** The boxes in a row at the bottom. */
  readonly endpoints: readonly Endpoint[];
  readonly bottom: number;
}

/** The properties of the cluster as a whole, above the hosts. */
export function layOutHeader(
  config: ClusterConfig,
  at: { x: number; top: number; width: number },
): HeaderLayout {
  const title = setText(config.clusterName, "title", at);
  const subtitle = setText(summarize(config), "subtitle", { ...at, top: title.bottom + 2, tone: "muted" });
  const sums = setText(totals(config.nodes), "subtitle", { ...at, top: subtitle.bottom, tone: "muted" });
  const facts = layOutFacts(factsOf(config), { ...at, top: sums.bottom + 14 });
  const endpoints = layOutEndpoints(config, { ...at, top: facts.bottom + 18 });
  return {
    texts: [...title.lines, ...subtitle.lines, ...sums.lines, ...facts.texts],
    endpoints,
    bottom: Math.max(...endpoints.map(({ y, height }) => y + height)),
  };
}

function summarize({ talosVersion, nodes }: ClusterConfig): string {
  const hosts = new Set(nodes.map(({ host }) => host)).size;
  return `Talos ${talosVersion} on ${count(hosts, "Proxmox VE host")}, ${roles(nodes)}`;
}

type Fact = readonly [label: string, values: readonly string[]];

function factsOf({ network, proxmox }: ClusterConfig): Fact[] {
  return [
    ["Pods", network.podCidrs],
    ["Services", network.serviceCidrs],
    ["DNS", network.dnsServers],
    ["Time", network.ntpServers],
    ["Proxmox API", [proxmox.endpoint]],
  ];
}

/** Places facts from left to right, and starts a new row where there is no room left. */
function layOutFacts(facts: readonly Fact[], at: { x: number; top: number; width: number }) {
  const texts: TextLine[] = [];
  let { x, top } = at;
  let bottom = top;
  for (const [label, values] of facts) {
    const natural = Math.max(textWidth(label, "label"), ...values.map((value) => textWidth(value, "value")));
    const width = Math.min(natural, FACT.maxWidth, at.width);
    if (x > at.x && x + width > at.x + at.width) {
      x = at.x;
      top = bottom + FACT.gapY;
    }
    const heading = setText(label, "label", { x, top, width, tone: "muted" });
    texts.push(...heading.lines);
    let below = heading.bottom;
    for (const value of values) {
      const block = setText(value, "value", { x, top: below, width });
      texts.push(...block.lines);
      below = block.bottom;
    }
    bottom = Math.max(bottom, below);
    x += width + FACT.gapX;
  }
  return { texts, bottom };
}

function layOutEndpoints(
  { network }: ClusterConfig,
  at: { x: number; top: number; width: number },
): Endpoint[] {
  const endpoints = [
    { label: "Kubernetes API, virtual address", value: network.vip, floating: true },
    { label: "Gateway", value: network.gateway, floating: false },
  ];
  const maxWidth = (at.width - ENDPOINT.gap) / endpoints.length;
  let { x } = at;
  const boxes = endpoints.map(({ label, value, floating }): Endpoint => {
    const natural = Math.max(textWidth(label, "label"), textWidth(value, "value")) + 2 * ENDPOINT.padding;
    const width = Math.ceil(Math.min(natural, maxWidth));
    const inner = { x: ENDPOINT.padding, width: width - 2 * ENDPOINT.padding };
    const heading = setText(label, "label", { ...inner, top: 8, tone: "muted" });
    const address = setText(value, "value", { ...inner, top: heading.bottom });
    const box = {
      x,
      y: at.top,
      width,
      height: address.bottom + 9,
      floating,
      texts: [...heading.lines, ...address.lines],
    };
    x += width + ENDPOINT.gap;
    return box;
  });
  const height = Math.max(...boxes.map((box) => box.height));
  return boxes.map((box) => ({ ...box, height }));
}
