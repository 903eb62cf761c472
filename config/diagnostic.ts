import { formatPath, type Path } from "./path";

/** A mistake in the configuration, with the path of its key. */
export interface Problem {
  readonly path: Path;
  /** The bad value and what to do, for example `10.0.0.11 is already used by "cp-1"; give each …`. */
  readonly text: string;
}

/** A place in a file. */
export interface Location {
  /** Path as the user gave it. */
  readonly file: string;
  /**
   * From 1.
   *
   * @default - it concerns the whole file
   */
  readonly line?: number;
}

/** A mistake in the configuration, with its file and line. */
export interface Diagnostic {
  /**
   * Where it stands.
   *
   * @default - a mistake in the environment
   */
  readonly at?: Location;
  /** The path of the key, the bad value, and what to do. */
  readonly text: string;
}

/** Finds the file and line of a problem: `cluster.yaml:14: nodes[2].address …`. */
export function locateProblem({ path, text }: Problem, locate: (path: Path) => Location): Diagnostic {
  return { at: locate(path), text: `${formatPath(path)} ${text}`.trimStart() };
}

export function formatDiagnostic({ at, text }: Diagnostic): string {
  return at === undefined ? `environment: ${text}` : `${formatLocation(at)}: ${text}`;
}

export function formatLocation({ file, line }: Location): string {
  return line === undefined ? file : `${file}:${line}`;
}

/** Orders by file and line. Mistakes in the environment come first. */
export function compareByLocation(a: Diagnostic, b: Diagnostic): number {
  const [fileA, fileB] = [a.at?.file ?? "", b.at?.file ?? ""];
  if (fileA !== fileB) return fileA < fileB ? -1 : 1;
  return (a.at?.line ?? 0) - (b.at?.line ?? 0);
}
