import type { Box, Card, Chip, Dot, Endpoint, Panel, TextLine, TopologyLayout, Wire } from "../layout/model";
import { GLYPH } from "../layout/panel";
import { FONTS } from "../layout/text";
import { element, escapeText, format } from "./svg";
import { networkClass, styleSheet } from "./theme";

const RADIUS = { panel: 14, card: 10 };
const STRIPE = 5;

/** Writes a layout as an SVG document. */
export function draw({ width, height, title, description, ...layout }: TopologyLayout): string {
  const document = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${format(width)} ${format(height)}`,
      width,
      height,
      role: "img",
      "aria-labelledby": "title description",
    },
    "\n",
    lines([
      element("title", { id: "title" }, escapeText(title)),
      element("desc", { id: "description" }, escapeText(description)),
      element("style", {}, escapeStyle(styleSheet())),
      element("rect", {
        class: "page outlined",
        x: 0.5,
        y: 0.5,
        width: width - 1,
        height: height - 1,
        rx: 16,
      }),
      ...layout.panels.map(drawPanel),
      ...layout.wires.map(drawWire),
      ...layout.panels.map(drawCards),
      ...layout.endpoints.map(drawEndpoint),
      ...layout.joints.map(drawDot),
      ...layout.texts.map(drawText),
    ]),
  );
  return `${document}\n`;
}

function drawPanel(panel: Panel): string {
  return group(
    panel,
    element("title", {}, escapeText(`Proxmox host ${panel.host}`)),
    rectangle(panel, "panel outlined", RADIUS.panel),
    drawServer(),
    ...panel.texts.map(drawText),
  );
}

/** The symbol of a host: two rack units. */
function drawServer(): string {
  const { x, y, width, height } = GLYPH;
  const unit = (height - 2) / 2;
  return [0, unit + 2]
    .map(
      (offset) =>
        element("rect", { class: "muted", x, y: y + offset, width, height: unit, rx: 2.5 }) +
        element("circle", { class: "panel", cx: x + 5, cy: y + offset + unit / 2, r: 1.6 }) +
        element("rect", {
          class: "panel",
          x: x + 10,
          y: y + offset + unit / 2 - 0.75,
          width: 6,
          height: 1.5,
        }),
    )
    .join("");
}

function drawCards({ x, y, cards }: Panel): string {
  return lines(cards.map((card) => drawCard({ ...card, x: x + card.x, y: y + card.y })));
}

function drawCard(card: Card): string {
  const { width, height, role, rules, state } = card;
  return group(
    card,
    element("title", {}, escapeText(card.title)),
    rectangle(card, "card outlined", RADIUS.card),
    element("path", { class: role, d: stripe(height) }),
    ...rules.map((y) => element("path", { class: "outlined", d: `M18 ${format(y)}H${format(width - 18)}` })),
    ...card.texts.map(drawText),
    ...card.dots.map(drawDot),
    ...(state ? [element("circle", { class: state.tone, cx: state.x, cy: state.y, r: 5 })] : []),
    ...card.chips.map(drawChip),
  );
}

/** The path of the coloured stripe along the left edge of a card, which follows the card's corners. */
function stripe(height: number): string {
  const r = RADIUS.card;
  const inset = r - Math.sqrt(r ** 2 - (r - STRIPE) ** 2);
  const [top, bottom] = [format(inset), format(height - inset)];
  return `M${STRIPE} ${top}A${r} ${r} 0 0 0 0 ${r}V${format(height - r)}A${r} ${r} 0 0 0 ${STRIPE} ${bottom}Z`;
}

function drawChip(chip: Chip): string {
  return group(chip, rectangle(chip, "chip", chip.height / 2), drawText(chip.text));
}

function drawEndpoint(endpoint: Endpoint): string {
  return group(endpoint, rectangle(endpoint, "panel outlined", RADIUS.card), ...endpoint.texts.map(drawText));
}

function drawWire({ network, from, to, over, dashed }: Wire): string {
  const d = `M${format(from.x)} ${format(from.y)}L${format(to.x)} ${format(to.y)}`;
  const wire = ["wire", networkClass(network), ...(dashed ? ["dashed"] : [])].join(" ");
  const halo = over ? element("path", { class: `halo ${over}`, d }) : "";
  return halo + element("path", { class: wire, d });
}

function drawDot({ network, x, y }: Dot): string {
  return element("circle", { class: networkClass(network), cx: x, cy: y, r: 4 });
}

function drawText({ text, style, x, top, anchor = "start", tone = "strong" }: TextLine): string {
  const { size, lineHeight } = FONTS[style];
  const attributes = {
    class: `${style} ${tone}`,
    x,
    // Capital letters are about 0.7 em high, so this centres them in their line.
    y: top + lineHeight / 2 + size * 0.35,
    "text-anchor": anchor === "start" ? undefined : anchor,
  };
  return element("text", attributes, escapeText(text));
}

function rectangle({ width, height }: Box, className: string, radius: number): string {
  return element("rect", { class: className, width, height, rx: radius });
}

function group({ x, y }: Box, ...children: readonly string[]): string {
  return element("g", { transform: `translate(${format(x)} ${format(y)})` }, "\n", lines(children));
}

function lines(parts: readonly string[]): string {
  return parts.map((part) => `${part}\n`).join("");
}

/** Escapes a style sheet, in which quotes must stay. */
function escapeStyle(css: string): string {
  return css.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
