/** The position of a value in the configuration: keys and list indexes from the root. */
export type Path = readonly (string | number)[];

/** Formats `["nodes", 2, "address"]` as `nodes[2].address`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    // A key can be any text, but a message must be one line.
    const key = /^[\w.-]{1,80}$/.test(step) ? step : JSON.stringify(step.slice(0, 80));
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

/** Whether `path` is `start`, or leads to something within it. */
export function startsWith(path: Path, start: Path): boolean {
  return start.every((step, index) => path[index] === step);
}

/** The value at `path`; undefined if there is none. */
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
