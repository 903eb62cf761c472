import type { AttributeChange } from "./changes";

const LONGEST = 60;

/** `7001 → 7002`. A secret is never shown. */
export function displayAttribute({ before, after, isSensitive, isUnknown }: AttributeChange): string {
  if (isSensitive) return "(a secret)";
  return `${displayValue(before)} → ${isUnknown ? "(known after the apply)" : displayValue(after)}`;
}

function displayValue(value: unknown): string {
  if (value === undefined || value === null || value === "") return "(nothing)";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
