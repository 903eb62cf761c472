import type { AttributeChange } from "./changes";

const LONGEST = 60;

/** The two values of an attribute, as people read them. A secret is never shown. */
export function displayAttribute({ before, after, isSensitive, isUnknown }: AttributeChange) {
  if (isSensitive) return { before: "(a secret)", after: "(another secret)" };
  return { before: displayValue(before), after: isUnknown ? "(known after the apply)" : displayValue(after) };
}

function displayValue(value: unknown): string {
  if (value === undefined || value === null || value === "") return "(nothing)";
  const line = shownLine(typeof value === "string" ? value : JSON.stringify(value));
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

/**
 * Text that others have written, such as the description of a VM in Proxmox, on one line of a terminal: nothing in it hides a line
 * of the plan, or turns its order round.
 */
export const shownLine = (text: string): string =>
  text.replaceAll(/\s+/g, " ").replaceAll(/[\p{Cc}\p{Cf}]/gu, "\ufffd");
