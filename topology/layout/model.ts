import type { NodeRole } from "../../config";
import { FONTS, type Font, type TextStyle, textWidth, wrap } from "./text";

/* Where everything stands, in px. What is inside a box is placed relative to the box's top left corner. */

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
  /** Start, middle or end of the line, by `anchor`. */
  readonly x: number;
  readonly top: number;
  /** @default "start" */
  readonly anchor?: "start" | "middle" | "end";
  /** @default "strong" */
  readonly tone?: Tone;
}

export type Tone = "strong" | "muted" | NodeRole;

/** A coloured dot; networks are numbered as in `networksOf`. */
export interface Dot extends Point {
  readonly network: number;
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
  readonly ruleY: number;
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
  /** What it runs over and shows on both sides of it, where it crosses a wire drawn before. @default nothing */
  readonly over?: "page" | "panel";
  readonly dashed?: boolean;
}

/** An address that the nodes share: the gateway, the virtual address. */
export interface Endpoint extends Box {
  /** Moves between nodes. */
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

/** Sets a text in as many lines as it takes; `x` is that of the start. */
export function setText(
  text: string,
  style: TextStyle,
  at: { readonly x: number; readonly top: number; readonly width: number; readonly tone?: Tone },
): Block {
  const { lineHeight }: Font = FONTS[style];
  const lines = wrap(text, style, at.width).map(
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

/** The room that a line may take, at most. */
export function boxOf({ text, style, x, top, anchor = "start" }: TextLine): Box {
  const width = textWidth(text, style);
  const left = { start: x, middle: x - width / 2, end: x - width }[anchor];
  return { x: left, y: top, width, height: FONTS[style].lineHeight };
}
