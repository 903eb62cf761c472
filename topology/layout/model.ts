import type { NodeRole } from "../../config";
import { FONTS, type Font, type TextStyle, textWidth, wrap } from "./text";

/* The places and sizes of everything, in px. The content of a box is relative to the top left corner of the box. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface TextLine {
  readonly text: string;
  readonly style: TextStyle;
  /** The x of the start, middle or end of the line, depending on `anchor`. */
  readonly x: number;
  readonly top: number;
  /** @default "start" */
  readonly anchor?: "start" | "middle" | "end";
  /** @default "strong" */
  readonly tone?: Tone;
}

/** `good`, `warn` and `bad` are for what a running cluster says. */
export type Tone = "strong" | "muted" | "good" | "warn" | "bad" | NodeRole;

/** A dot in the colour of a network. Networks are numbered as in `networksOf`. */
export interface Dot extends Point {
  readonly network: number;
}

/** A dot that tells how a node is. */
export interface StateDot extends Point {
  readonly tone: Tone;
}

export interface Chip extends Box {
  readonly text: TextLine;
}

export interface Card extends Box {
  readonly role: NodeRole;
  /** Everything about the node in a sentence, for tooltips and screen readers. */
  readonly title: string;
  readonly texts: readonly TextLine[];
  readonly dots: readonly Dot[];
  readonly chips: readonly Chip[];
  /** The y of the lines between its parts. */
  readonly rules: readonly number[];
  /** @default - the running cluster was not asked */
  readonly state?: StateDot;
}

export interface Panel extends Box {
  readonly host: string;
  readonly texts: readonly TextLine[];
  readonly cards: readonly Card[];
}

/** A straight piece of a network. */
export interface Wire {
  readonly network: number;
  readonly from: Point;
  readonly to: Point;
  /** The background around the wire, which separates it from wires that it crosses. @default - none */
  readonly over?: "page" | "panel";
  /** @default false */
  readonly dashed?: boolean;
}

/** An address that the nodes have in common: the gateway or the virtual address. */
export interface Endpoint extends Box {
  /** Whether it moves between nodes. */
  readonly floating: boolean;
  readonly texts: readonly TextLine[];
}

export interface TopologyLayout {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly description: string;
  readonly texts: readonly TextLine[];
  readonly endpoints: readonly Endpoint[];
  readonly panels: readonly Panel[];
  readonly wires: readonly Wire[];
  readonly joints: readonly Dot[];
}

export interface Block {
  readonly lines: readonly TextLine[];
  readonly bottom: number;
}

/** Breaks a text into as many lines as it needs, from `x` and `top` on. The last of `maxLines` ends in an ellipsis then. */
export function setText(
  text: string,
  style: TextStyle,
  at: {
    readonly x: number;
    readonly top: number;
    readonly width: number;
    readonly tone?: Tone;
    readonly maxLines?: number;
  },
): Block {
  const { lineHeight }: Font = FONTS[style];
  const lines = cut(wrap(text, style, at.width), style, at).map(
    (line, index): TextLine => ({
      text: line,
      style,
      x: at.x,
      top: at.top + index * lineHeight,
      tone: at.tone,
    }),
  );
  return { lines, bottom: at.top + lines.length * lineHeight };
}

function cut(
  lines: string[],
  style: TextStyle,
  { width, maxLines = lines.length }: { readonly width: number; readonly maxLines?: number },
): string[] {
  if (lines.length <= maxLines) return lines;
  let last = [...(lines[maxLines - 1] ?? "")];
  while (textWidth(`${last.join("")}…`, style) > width) last = last.slice(0, -1);
  return [...lines.slice(0, maxLines - 1), `${last.join("")}…`];
}

/** The largest box that a line of text can take. */
export function boxOf({ text, style, x, top, anchor = "start" }: TextLine): Box {
  const width = textWidth(text, style);
  const left = { start: x, middle: x - width / 2, end: x - width }[anchor];
  return { x: left, y: top, width, height: FONTS[style].lineHeight };
}
