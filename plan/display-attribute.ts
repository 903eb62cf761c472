import type { AttributeChange } from "./changes";

const LONGEST = 60;

/** The two values of an attribute, as people read them. A secret is never shown. */
export function displayAttribute({ before, after, isSensitive, isUnknown }: AttributeChange) {
  if (isSensitive) return { before: "(a secret)", after: "(another secret)" };
  return { before: displayValue(before), after: isUnknown ? "(known after the apply)" : displayValue(after) };
}

function displayValue(value: unknown): string {
  if (value === undefined || value === null || value === "") return "(nothing)";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
