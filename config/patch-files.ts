import { dirname, isAbsolute, join } from "node:path";
import type { ClusterSource } from "./cluster-source";
import type { Diagnostic, Problem } from "./diagnostic";
import { displayValue } from "./display-value";
import { parsePatch } from "./patch-source";
import { isMapping, type Path, valueAt } from "./path";
import type { PatchReader } from "./resolve-talos";

/** Reads a file; its path is absolute, or relative to the working folder. */
export type ReadFile = (path: string) => Uint8Array;

/** The files with patches that a cluster names, read and checked. */
export interface PatchFiles {
  readonly read: PatchReader;
  /** Mistakes within the files. */
  readonly diagnostics: readonly Diagnostic[];
  /** Files that cannot be read. */
  readonly problems: readonly Problem[];
}

/** A file is named relative to the one that names it. */
export function readPatchFiles({ data, locate }: ClusterSource, readFile: ReadFile): PatchFiles {
  const documents = new Map<string, ReturnType<typeof parsePatch>["documents"]>();
  const diagnostics: Diagnostic[] = [];
  const problems: Problem[] = [];
  for (const [path, name] of namesOf(data)) {
    if (documents.has(name)) continue;
    const file = isAbsolute(name) ? name : join(dirname(locate(path).file), name);
    try {
      const patch = parsePatch(file, readFile(file));
      documents.set(name, patch.documents);
      diagnostics.push(...patch.diagnostics);
    } catch (error) {
      const code = /\b(E[A-Z]{3,})\b/.exec(String(error))?.[1];
      const text = `${displayValue(name)} cannot be read (${code ?? String(error)}); name a file, relative to this one`;
      problems.push({ path, text });
    }
  }
  return { read: (name) => documents.get(name) ?? [], diagnostics, problems };
}

/** Each name of a file, with the path where it stands. */
function namesOf(data: unknown): [path: Path, name: string][] {
  const inList = (list: string): Path[] => {
    const entries = valueAt(data, [list]);
    return Array.isArray(entries) ? entries.map((_, index): Path => [list, index, "talos"]) : [];
  };
  const owners: Path[] = [
    ["talos"],
    ["talos", "control_planes"],
    ["talos", "workers"],
    ...inList("nodes"),
    ...inList("node_pools"),
  ];
  return owners.flatMap((owner) => {
    const map = valueAt(data, owner);
    const files: unknown = isMapping(map) ? map.patches : undefined;
    if (!Array.isArray(files)) return [];
    return files.flatMap((name: unknown, index): [Path, string][] =>
      typeof name === "string" && name !== "" ? [[[...owner, "patches", index], name]] : [],
    );
  });
}
