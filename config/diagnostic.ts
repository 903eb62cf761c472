import { formatPath, type Path } from "./path";

/** Something wrong with the configuration, by the key that is at fault. */
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

/** Something wrong with the configuration, by the place where it is written. */
export interface Diagnostic {
  /** Missing where the environment is at fault. */
  readonly at?: Location;
  readonly text: string;
}

/** Looks up where the key of a problem is written: `cluster.yaml:14: nodes[2].address …`. */
export function locateProblem({ path, text }: Problem, locate: (path: Path) => Location): Diagnostic {
  return { at: locate(path), text: `${formatPath(path)} ${text}`.trimStart() };
}

export function formatDiagnostic({ at, text }: Diagnostic): string {
  return at === undefined ? `environment: ${text}` : `${formatLocation(at)}: ${text}`;
}

export function formatLocation({ file, line }: Location): string {
  return line === undefined ? file : `${file}:${line}`;
}

/** In the order of the files, what concerns the environment first. */
export function compareByLocation(a: Diagnostic, b: Diagnostic): number {
  const [fileA, fileB] = [a.at?.file ?? "", b.at?.file ?? ""];
  if (fileA !== fileB) return fileA < fileB ? -1 : 1;
  return (a.at?.line ?? 0) - (b.at?.line ?? 0);
}
