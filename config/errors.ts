import { formatPath, type Path } from "./path";

/** Something wrong with the configuration that a check found, before it is tied to a line. */
export interface Problem {
  readonly path: Path;
  /** The bad value and what to do, for example `10.0.0.11 is already used by "cp-1"; give each …`. */
  readonly text: string;
}

export interface Location {
  /** As the user named it. */
  readonly file: string;
  /** From 1; missing where the file as a whole is meant. */
  readonly line?: number;
}

/** A line of a `ConfigError`. */
export interface Complaint {
  /** Missing where the environment is at fault. */
  readonly at?: Location;
  readonly text: string;
}

/** The configuration cannot be used. The message has one line for each thing that is wrong. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** In the order of the files, without repetitions. */
  readonly problems: readonly string[];

  constructor(readonly complaints: readonly Complaint[]) {
    const problems = [...new Set([...complaints].sort(byPosition).map(format))];
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** Ends the reading of a file that nothing more can be said about. */
export function fail(text: string, file: string, line?: number): never {
  throw new ConfigError([{ at: { file, line }, text }]);
}

/** Ties a problem to its line: `cluster.yaml:14: nodes[2].address …`. */
export function complain(problem: Problem, locate: (path: Path) => Location): Complaint {
  return { at: locate(problem.path), text: `${formatPath(problem.path)} ${problem.text}`.trimStart() };
}

export function formatLocation({ file, line }: Location): string {
  return line === undefined ? file : `${file}:${line}`;
}

/** A value as it appears in a message: short, on one line, quoted only where that helps. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return "[…]";
  if (typeof value === "object" && value !== null) return "{…}";
  if (typeof value === "string" && /^[\w.:/,+-]{1,80}$/.test(value)) return value;
  return quote(value);
}

/** Like `show`, with quotes around every string: `"true"` is not `true`. */
export function quote(value: unknown): string {
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 79)}…` : value);
}

function format({ at, text }: Complaint): string {
  return at === undefined ? `environment: ${text}` : `${formatLocation(at)}: ${text}`;
}

function byPosition(a: Complaint, b: Complaint): number {
  const [fileA, fileB] = [a.at?.file ?? "", b.at?.file ?? ""];
  if (fileA !== fileB) return fileA < fileB ? -1 : 1;
  return (a.at?.line ?? 0) - (b.at?.line ?? 0);
}
