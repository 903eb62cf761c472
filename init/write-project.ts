import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Written {
  readonly written: readonly string[];
  /** Files that were there with another content; nobody has touched them. */
  readonly kept: readonly string[];
}

/** Writes the files that are not there yet, and never changes one that is. */
export function writeProject(folder: string, files: ReadonlyMap<string, string>): Written {
  const written: string[] = [];
  const kept: string[] = [];
  for (const [name, text] of files) {
    const path = join(folder, name);
    if (existsSync(path)) {
      if (readFileSync(path, "utf8") !== text) kept.push(name);
      continue;
    }
    mkdirSync(dirname(path), { recursive: true });
    // "wx": a file that came into being meanwhile is not overwritten either.
    writeFileSync(path, text, { flag: "wx" });
    written.push(name);
  }
  return { written, kept };
}
