import type { NodeConfig } from "../../config";
import { type Health, type LiveTopology, NOT_ASKED } from "../live";
import { type Block, setText, type TextLine, type Tone } from "./model";
import { count } from "./words";

/** Longer ones are cut here, and whole in the tooltip of the card. */
const MAX_LINES = 4;

/** All that a node can be, from good to bad, with its colour. The words tell it without the colour. */
const TONES: Readonly<Record<Health, Tone>> = {
  healthy: "good",
  warning: "warn",
  "not healthy": "bad",
  "no answer": "bad",
  "not asked": "muted",
};

export const toneOf = (health: Health): Tone => TONES[health];

/** `Nodes at 2026-11-28 20:59 UTC: 4 healthy, 1 no answer; 1 restart pending` */
export function summaryOf({ readAt, nodes }: LiveTopology, all: readonly NodeConfig[]): string {
  const states = all.map(({ name }) => nodes.get(name) ?? NOT_ASKED);
  const parts = (Object.keys(TONES) as Health[])
    .map((health) => ({ health, number: states.filter((each) => each.health === health).length }))
    .filter(({ number }) => number > 0)
    .map(({ health, number }) => `${number} ${health}`);
  const restarts = states.filter(({ isRestartPending }) => isRestartPending).length;
  const time = readAt.toISOString().slice(0, 16).replace("T", " ");
  const pending = restarts > 0 ? `; ${count(restarts, "restart")} pending` : "";
  return `Nodes at ${time} UTC: ${parts.join(", ")}${pending}`;
}

/** Remarks below each other, cut to what can be read at a glance. */
export function layOutRemarks(
  remarks: readonly string[],
  at: { readonly x: number; readonly top: number; readonly width: number },
  max: number,
): Block {
  const lines: TextLine[] = [];
  let { top } = at;
  const more = remarks.length - max;
  const shown = more > 0 ? [...remarks.slice(0, max), `and ${more} more`] : remarks;
  for (const remark of shown) {
    const block = setText(remark, "detail", { ...at, top, maxLines: MAX_LINES });
    lines.push(...block.lines);
    top = block.bottom;
  }
  return { lines, bottom: top };
}
