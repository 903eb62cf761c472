import { isAnchorHolder } from "./cluster-source";
import type { Problem } from "./diagnostic";
import { isMapping, type Path } from "./path";
import { clusterSchema } from "./schema/cluster";
import { knownKeys } from "./schema/known-keys";
import { closestWord } from "./spelling";
import { unknownKey } from "./zod-issues";

/** Words of their own, although they are one letter away from a key. */
const OTHER_WORDS: ReadonlySet<string> = new Set(["notes", "stage"]);

export interface UnknownKeys {
  readonly mistakes: readonly Problem[];
  /** The keys that were probably meant. */
  readonly meant: readonly Path[];
  /** Keys that the program does not use. */
  readonly ignored: readonly Path[];
}

/**
 * Finds unknown keys at the top level and in nodes, where the schema accepts any key. A key that is a misspelt known key is a
 * mistake. Any other key is taken for one of the template and ignored. (In sections that only this program has, such as
 * `state` or `data_disks`, the schema refuses every unknown key.)
 */
export function findUnknownKeys(data: Readonly<Record<string, unknown>>): UnknownKeys {
  const mistakes: Problem[] = [];
  const meant: Path[] = [];
  const ignored: Path[] = [];
  const judge = (parent: Path, map: Readonly<Record<string, unknown>>) => {
    const known = new Set(knownKeys(clusterSchema, parent));
    for (const key of Object.keys(map)) {
      if (known.has(key) || isAnchorHolder(key)) continue;
      const closest = OTHER_WORDS.has(key) ? undefined : closestWord(key, known);
      if (closest === undefined) {
        ignored.push([...parent, key]);
      } else {
        mistakes.push(unknownKey(parent, key));
        meant.push([...parent, closest]);
      }
    }
  };
  judge([], data);
  const nodes = Array.isArray(data.nodes) ? data.nodes : [];
  for (const [index, node] of nodes.entries()) {
    if (isMapping(node)) judge(["nodes", index], node);
  }
  return { mistakes, meant, ignored };
}
