import type { NodeConfig } from "../../config";
import type { LiveNode } from "../live";
import { layOutRemarks, toneOf } from "./live";
import { type Card, type Chip, type Dot, type StateDot, setText, type TextLine } from "./model";
import { type Network, networksOfNode } from "./networks";
import { textWidth } from "./text";
import { capital, coresOf, count, dataDisks, disksOf, ROLE_NAMES, size } from "./words";

const PADDING = { x: 18, y: 13 };
const DOT_INDENT = 15;
const FIGURE_GAP = 4;
const CHIP = { height: 20, padding: 8, gap: 6 };
const WIDTH = { min: 256, max: 340 };
/** The others are in the tooltip. */
const MAX_REMARKS = 4;

export interface CardProps {
  readonly node: NodeConfig;
  /** The node pool that it comes from. */
  readonly pool?: string;
  /** @default - the running cluster was not asked */
  readonly live?: LiveNode;
  readonly networks: readonly Network[];
  readonly width: number;
}

/** The width of all cards: enough for the longest address, within limits. */
export function cardWidth(nodes: readonly NodeConfig[]): number {
  const needed = nodes.map(({ address }) => textWidth(address, "address") + DOT_INDENT + 2 * PADDING.x);
  return Math.ceil(Math.min(Math.max(WIDTH.min, ...needed), WIDTH.max));
}

/** A VM with its name, role and pool, its addresses and networks, its resources, and how it is. */
export function layOutCard(props: CardProps): Card {
  const { node, pool, live, networks, width } = props;
  const inner = { x: PADDING.x, width: width - 2 * PADDING.x };
  const texts: TextLine[] = [];
  const dots: Dot[] = [];
  let top = PADDING.y;
  const add = (
    text: string,
    style: TextLine["style"],
    options: Partial<typeof inner & { tone: TextLine["tone"] }> = {},
  ) => {
    const { lines, bottom } = setText(text, style, { ...inner, ...options, top });
    texts.push(...lines);
    return bottom;
  };

  const vmId: TextLine = {
    text: `VM ${node.vmId}`,
    style: "label",
    x: width - PADDING.x,
    top,
    anchor: "end",
    tone: "muted",
  };
  texts.push(vmId);
  top = add(capital(ROLE_NAMES[node.role]), "role", { tone: node.role }) + 2;
  top = add(node.name, "name");
  if (pool !== undefined) top = add(`node pool ${pool}`, "detail", { tone: "muted" });
  top += 3;

  const beside = { x: inner.x + DOT_INDENT, width: inner.width - DOT_INDENT };
  for (const [index, nics] of networksOfNode(node, networks)) {
    const first = dots.length === 0;
    dots.push({ x: inner.x + 4, y: top + (first ? 9.5 : 8.5), network: index });
    const label = `${networks[index]?.label}${nics > 1 ? ` × ${nics}` : ""}`;
    top = first ? add(node.address, "address", beside) : add(label, "detail", { ...beside, tone: "muted" });
  }

  const rules = [top + 8];
  top += 16;
  const figures: readonly (readonly [label: string, value: string, at: number])[] = [
    ["CPU", count(coresOf(node), "core"), 0],
    ["Memory", size(node.memoryMiB), 0.355],
    ["Disk", size(node.disk.sizeGiB * 1024), 0.67],
  ];
  const bottoms = figures.map(([label, value, start], index) => {
    const end = figures[index + 1]?.[2] ?? 1;
    const at = { x: inner.x + start * inner.width, width: (end - start) * inner.width - FIGURE_GAP };
    texts.push({ text: label, style: "label", x: at.x, top, tone: "muted" });
    const { lines, bottom } = setText(value, "figure", { ...at, top: top + 16 });
    texts.push(...lines);
    return bottom;
  });
  top = Math.max(...bottoms) + 2;

  for (const disk of dataDisks(node)) top = add(`+ ${disk}`, "detail", { tone: "muted" });

  const chips = layOutChips(marks(node), inner, top + 7);
  const lastChip = chips.at(-1);
  if (lastChip) top = lastChip.y + lastChip.height;

  let state: StateDot | undefined;
  if (live !== undefined) {
    rules.push(top + 9);
    top += 17;
    const tone = toneOf(live.health);
    state = { x: inner.x + 4, y: top + 9, tone };
    top = add(healthText(live), "figure", { ...beside, tone });
    const remarks = layOutRemarks(live.remarks, { ...beside, top }, MAX_REMARKS);
    texts.push(...remarks.lines);
    top = remarks.bottom;
  }
  return {
    x: 0,
    y: 0,
    width,
    height: top + PADDING.y,
    role: node.role,
    title: describe(props),
    texts,
    dots,
    chips,
    rules,
    state,
  };
}

const healthText = ({ health, isRestartPending }: LiveNode): string =>
  isRestartPending ? `${health}, restart pending` : health;

/** Where the key of an encrypted disk is. */
const KEYS = { tpm: "encrypted by TPM", "node-id": "encrypted by node ID" } as const;

function marks(node: NodeConfig): string[] {
  const { secureBoot, tpm, encryptDisk, diskEncryption, pciDevices = [], usbDevices = [] } = node;
  return [
    ...(secureBoot ? ["Secure Boot"] : []),
    ...(tpm ? ["TPM"] : []),
    ...(diskEncryption ? [KEYS[diskEncryption]] : encryptDisk ? ["encrypted"] : []),
    ...(pciDevices.length > 0 ? [count(pciDevices.length, "PCI device")] : []),
    ...(usbDevices.length > 0 ? [count(usbDevices.length, "USB device")] : []),
  ];
}

function layOutChips(labels: readonly string[], inner: { x: number; width: number }, top: number): Chip[] {
  const chips: Chip[] = [];
  let { x } = inner;
  let y = top;
  for (const label of labels) {
    const width = Math.ceil(textWidth(label, "chip")) + 2 * CHIP.padding;
    if (x + width > inner.x + inner.width && x > inner.x) {
      x = inner.x;
      y += CHIP.height + CHIP.gap;
    }
    const text: TextLine = { text: label, style: "chip", x: width / 2, top: 1, anchor: "middle" };
    chips.push({ x, y, width, height: CHIP.height, text });
    x += width + CHIP.gap;
  }
  return chips;
}

function describe({ node, pool, live, networks }: CardProps): string {
  const disks = disksOf(node).map(({ sizeGiB, storage }) => `${size(sizeGiB * 1024)} on ${storage}`);
  return [
    `${node.name}: ${ROLE_NAMES[node.role]}, VM ${node.vmId} on ${node.host}`,
    ...(pool === undefined ? [] : [`node pool ${pool}`]),
    node.address,
    ...[...networksOfNode(node, networks).keys()].map((index) => networks[index]?.label ?? ""),
    count(coresOf(node), "core"),
    `${size(node.memoryMiB)} memory`,
    ...disks,
    ...marks(node),
    ...(live ? [healthText(live), ...live.remarks] : []),
  ].join("; ");
}
