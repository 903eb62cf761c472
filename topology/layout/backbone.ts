import { trunkX } from "./cabling";
import { type Dot, type Endpoint, setText, type TextLine, type Wire } from "./model";
import type { Network } from "./networks";

const LABEL_TOP = 6;
const LANE_GAP = 8;
/** Closer to each other, two dots on a line look like one. */
const DOT_GAP = 14;

export interface Backbone {
  /** The y of each network's line. */
  readonly lanes: readonly number[];
  readonly texts: readonly TextLine[];
  readonly wires: readonly Wire[];
  readonly joints: readonly Dot[];
  readonly bottom: number;
}

export interface BackboneProps {
  readonly networks: readonly Network[];
  /** The boxes above the lines. A wire connects each of them to the first network, that of the nodes' addresses. */
  readonly endpoints: readonly Endpoint[];
  readonly top: number;
  /** The x where the first gutter starts, and where the lines end. */
  readonly span: readonly [gutter: number, end: number];
  /** The x of each gutter. */
  readonly gutters: readonly number[];
  /** The place of the labels, beside the wires that go down from the lines. */
  readonly labels: { readonly x: number; readonly width: number };
}

/** Draws a horizontal line for each network, with its name below. */
export function layOutBackbone(props: BackboneProps): Backbone {
  const { networks, endpoints, top, span, labels } = props;
  const trunks = props.gutters.map((gutter) => gutter + trunkX(0));
  const texts: TextLine[] = [];
  const lanes: number[] = [];
  let bottom = top;
  for (const { label, cidr } of networks) {
    const lane = lanes.length === 0 ? top : bottom + LANE_GAP;
    lanes.push(lane);
    const name = setText(label, "figure", { ...labels, top: lane + LABEL_TOP });
    const range = cidr && setText(cidr, "address", { ...labels, top: name.bottom, tone: "muted" });
    texts.push(...name.lines, ...(range ? range.lines : []));
    bottom = range ? range.bottom : name.bottom;
  }
  const lines = lanes.map(
    (y, network): Wire => ({ network, from: { x: span[0] + trunkX(network), y }, to: { x: span[1], y } }),
  );
  const connections = endpoints.map((endpoint): Wire => {
    const x = besideTrunks(endpoint.x + endpoint.width / 2, trunks);
    return {
      network: 0,
      from: { x, y: endpoint.y + endpoint.height },
      to: { x, y: top },
      dashed: endpoint.floating,
    };
  });
  const joints = connections.map(({ network, to }) => ({ network, ...to }));
  return { lanes, texts, wires: [...lines, ...connections], joints, bottom };
}

/** Moves a wire that would meet the line where another one leaves it. */
function besideTrunks(x: number, trunks: readonly number[]): number {
  const near = trunks.find((trunk) => Math.abs(trunk - x) < DOT_GAP);
  if (near === undefined) return x;
  return x < near ? near - DOT_GAP : near + DOT_GAP;
}
