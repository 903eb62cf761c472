import type { ClusterConfig } from "../../config";
import type { LiveTopology } from "../live";
import { layOutEndpoints } from "./endpoints";
import { layOutRemarks, summaryOf } from "./live";
import { type Block, type Endpoint, setText, type TextLine } from "./model";
import { textWidth } from "./text";
import { count, roles, totals, versions } from "./words";

const FACT = { gapX: 28, gapY: 10, maxWidth: 330 };
/** More would push the hosts off the page; `npm run health` lists all. */
const MAX_REMARKS = 6;

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
  live?: LiveTopology,
): HeaderLayout {
  const title = setText(config.clusterName, "title", at);
  const subtitle = setText(summarize(config), "subtitle", { ...at, top: title.bottom + 2, tone: "muted" });
  const sums = setText(totals(config.nodes), "subtitle", { ...at, top: subtitle.bottom, tone: "muted" });
  const state = layOutState(config, { ...at, top: sums.bottom }, live);
  const facts = layOutFacts(factsOf(config), { ...at, top: state.bottom + 14 });
  const endpoints = layOutEndpoints(config, { ...at, top: facts.bottom + 18 });
  return {
    texts: [...title.lines, ...subtitle.lines, ...sums.lines, ...state.lines, ...facts.texts],
    endpoints,
    bottom: Math.max(...endpoints.map(({ y, height }) => y + height)),
  };
}

/** What the running cluster says as a whole; nothing where it was not asked. */
function layOutState(
  { nodes }: ClusterConfig,
  at: { x: number; top: number; width: number },
  live?: LiveTopology,
): Block {
  if (live === undefined) return { lines: [], bottom: at.top };
  const summary = setText(summaryOf(live, nodes), "figure", { ...at, top: at.top + 10 });
  const remarks = layOutRemarks(live.remarks, { ...at, top: summary.bottom + 2 }, MAX_REMARKS);
  return { lines: [...summary.lines, ...remarks.lines], bottom: remarks.bottom };
}

function summarize(config: ClusterConfig): string {
  const hosts = new Set(config.nodes.map(({ host }) => host)).size;
  return `${versions(config)} on ${count(hosts, "Proxmox VE host")}, ${roles(config.nodes)}`;
}

type Fact = readonly [label: string, values: readonly string[]];

function factsOf({ network, proxmox, talos, nodePools }: ClusterConfig): Fact[] {
  const pools = nodePools.map(({ name, nodes }) => `${name}: ${count(nodes.length, "node")}`);
  return [
    ...(talos ? [["Config contract", [talos.configContract]] satisfies Fact] : []),
    ...(pools.length > 0 ? [["Node pools", pools] satisfies Fact] : []),
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
