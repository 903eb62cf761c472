/** Where a value stands in the configuration: keys and list positions from the root. */
export type Path = readonly (string | number)[];

/** `["nodes", 2, "address"]` as people write it: `nodes[2].address`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    // A key can be anything, and a message is one line.
    const key = /^[\w.-]{1,80}$/.test(step) ? step : JSON.stringify(step.slice(0, 80));
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

/** The value at `path`, or undefined where the data does not reach that far. */
export function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return typeof step === "number" ? value[step] : undefined;
    if (isMapping(value)) return Object.hasOwn(value, step) ? value[step] : undefined;
    return undefined;
  }, data);
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
