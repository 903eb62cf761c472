import { compareByLocation, type Diagnostic, formatDiagnostic } from "./diagnostic";

/** The configuration has mistakes. The message has one line for each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** The lines of the message, in the order of the files, without repetitions. */
  readonly problems: readonly string[];

  constructor(readonly diagnostics: readonly Diagnostic[]) {
    const problems = [...new Set([...diagnostics].sort(compareByLocation).map(formatDiagnostic))];
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** Throws a ConfigError with one problem, for a file that cannot be read any further. */
export function fail(text: string, file: string, line?: number): never {
  throw new ConfigError([{ at: { file, line }, text }]);
}
