/** Formats a value for a message: short, on one line, with quotes only if they are needed. */
export function displayValue(value: unknown): string {
  if (Array.isArray(value)) return "[…]";
  if (typeof value === "object" && value !== null) return "{…}";
  if (typeof value === "string" && /^[\w.:/,+-]{1,80}$/.test(value)) return value;
  return quoteValue(value);
}

/** Like {@link displayValue}, with quotes around every string: `"true"` is not `true`. */
export function quoteValue(value: unknown): string {
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 79)}…` : value);
}
