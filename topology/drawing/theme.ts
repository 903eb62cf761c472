import { FONTS, type Font } from "../layout/text";

/** A colour on a light and on a dark background. */
type Colour = readonly [light: string, dark: string];

/** The contrast of each text to its background is at least 4.5, as WCAG 2.2 AA requires. */
const PALETTE = {
  page: ["#ffffff", "#0d1117"],
  panel: ["#f4f6f9", "#161b22"],
  card: ["#ffffff", "#0d1117"],
  chip: ["#eaeef2", "#21262d"],
  border: ["#d0d7de", "#30363d"],
  strong: ["#1f2328", "#f0f6fc"],
  muted: ["#59636e", "#9198a1"],
  controlplane: ["#8250df", "#bc8cff"],
  worker: ["#9a5a00", "#e3a13c"],
  good: ["#1a7f37", "#3fb950"],
  warn: ["#9a5a00", "#e3a13c"],
  bad: ["#cf222e", "#ff7b72"],
} as const satisfies Record<string, Colour>;

/** The colours of networks. With more networks than colours, the colours repeat, and the labels tell them apart. */
const NETWORKS: readonly Colour[] = [
  ["#0969da", "#58a6ff"],
  ["#1a7f37", "#3fb950"],
  ["#cf222e", "#ff7b72"],
  ["#0a7f8f", "#39c5cf"],
  ["#bf3989", "#f778ba"],
  ["#6e7781", "#b1bac4"],
];

const FAMILIES: Readonly<Record<Font["family"], string>> = {
  sans: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  mono: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
};

export const networkClass = (network: number): string => `net${network % NETWORKS.length}`;

/** Uses only classes, because not every SVG viewer supports CSS variables. */
export function styleSheet(): string {
  const fonts = Object.entries(FONTS).map(([style, { family, size, bold }]) => {
    return `.${style}{font:${bold ? 600 : 400} ${size}px ${FAMILIES[family]}}`;
  });
  return [
    ...fonts,
    "text{white-space:pre}",
    ".wire,.halo{fill:none;stroke-linecap:round}",
    ".wire{stroke-width:2.5}",
    ".halo{stroke-width:6.5;stroke-linecap:butt}",
    ".dashed{stroke-dasharray:.1 6}",
    ...colours(0),
    `@media (prefers-color-scheme:dark){${colours(1).join("")}}`,
  ].join("\n");
}

function colours(scheme: 0 | 1): string[] {
  const palette = Object.entries(PALETTE).map(([name, colour]) => `.${name}{fill:${colour[scheme]}}`);
  const networks = NETWORKS.flatMap((colour, network) => [
    `.${networkClass(network)}{fill:${colour[scheme]}}`,
    `.wire.${networkClass(network)}{fill:none;stroke:${colour[scheme]}}`,
  ]);
  return [
    ...palette,
    ...networks,
    `.outlined{stroke:${PALETTE.border[scheme]}}`,
    `.halo.page{fill:none;stroke:${PALETTE.page[scheme]}}`,
    `.halo.panel{fill:none;stroke:${PALETTE.panel[scheme]}}`,
  ];
}
