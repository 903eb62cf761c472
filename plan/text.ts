import type { Action } from "./changes";
import { shownLine } from "./display-attribute";
import type { ChangeGroup, PlanSummary, ShownChange } from "./summary";

const SIGNS: Readonly<Record<Action, string>> = {
  create: "+",
  update: "~",
  replace: "!",
  destroy: "-",
  forget: "x",
  import: "<",
  move: ">",
};

/** How many attributes of one resource are listed; the plan itself has them all. */
const MOST_ATTRIBUTES = 12;

export interface TextOptions {
  /** Whether what belongs to no node has a heading that says so. @default true */
  readonly byNode?: boolean;
}

/** A plan by node, for a terminal or a comment. */
export function textOf(summary: PlanSummary, { byNode = true }: TextOptions = {}): string {
  const { groups, outputs, warnings, allowed, refused } = summary;
  const lines = [
    headline(summary),
    ...groups.flatMap((group) => groupLines(group, byNode)),
    ...(outputs.length > 0 ? [`outputs: ${outputs.join(", ")}`] : []),
    ...warnings.map((warning) => `warning: ${shownLine(warning)}`),
    ...allowed.map(({ allow, message }) => `allowed by --allow ${allow}: ${message}`),
    ...refused.map(({ message }) => `refused: ${message}`),
  ];
  return lines.join("\n");
}

function headline({ counts, hasChanges }: PlanSummary): string {
  const words: readonly (readonly [Action, string])[] = [
    ["create", "to create"],
    ["import", "to import"],
    ["update", "to change in place"],
    ["move", "to move in the state"],
    ["replace", "to REPLACE"],
    ["destroy", "to DESTROY"],
    ["forget", "to forget"],
  ];
  const parts = words
    .filter(([action]) => counts[action] > 0)
    .map(([action, word]) => `${counts[action]} ${word}`);
  if (parts.length > 0) return parts.join(", ");
  return hasChanges ? "no resource changes; outputs do" : "no changes";
}

function groupLines({ node, changes }: ChangeGroup, byNode: boolean): readonly string[] {
  return [...(byNode ? [node ?? "not of one node"] : []), ...changes.flatMap(changeLines)];
}

function changeLines({ address, action, reason, attributes }: ShownChange): readonly string[] {
  const more = attributes.length - MOST_ATTRIBUTES;
  return [
    `  ${SIGNS[action]} ${action} ${address}${reason ? ` (${reason})` : ""}`,
    ...attributes
      .slice(0, MOST_ATTRIBUTES)
      .map(
        ({ path, before, after, forcesReplacement }) =>
          `      ${path}: ${before} → ${after}${forcesReplacement ? " (forces a new one)" : ""}`,
      ),
    ...(more > 0 ? [`      … and ${more} more`] : []),
  ];
}
